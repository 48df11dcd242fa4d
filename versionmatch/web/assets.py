"""Styles, scripts and templates of the pages, and the policy that lets nothing else run in them."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from .markup import Markup

SCRIPTS = ("time.js", "player.js", "figures.js", "table.js", "main.js")


@cache
def style() -> str:
    """The report's style sheet."""
    return read_all("report.css")


@cache
def script() -> str:
    """All scripts of the report, one after another, in one closed scope."""
    return closed(*SCRIPTS)


def read_all(*names: str) -> str:
    """Files of the page one after another."""
    return "\n".join(_read(name) for name in names)


def closed(*names: str) -> str:
    """Scripts one after another, in one closed scope."""
    return "(() => {\n'use strict';\n" + read_all(*names) + "})();\n"


@cache
def policy() -> str:
    """The content security policy: this style, this script, embedded sound and images, and nothing from anywhere."""
    return (
        f"default-src 'none'; script-src '{digest(script())}'; style-src '{digest(style())}'; "
        "img-src data:; media-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def json_block(data: Any) -> Markup:
    r"""JSON that can stand inside a script element whatever its texts hold.

    >>> json_block({"title": "</script>"})
    '{"title":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def fill(template: str, **parts: str) -> str:
    """A template with its parts put in; a missing part raises KeyError."""
    return Template(_read(template)).substitute(parts)


@cache
def _read(name: str) -> str:
    return files("versionmatch.web.page").joinpath(name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """As a content security policy names a style or a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
