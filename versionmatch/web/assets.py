"""Style, scripts and template of the page, and the policy that lets nothing else run in it."""

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
    """The style sheet."""
    return _read("report.css")


@cache
def script() -> str:
    """All scripts, one after another, in one closed scope."""
    return "(() => {\n'use strict';\n" + "\n".join(_read(name) for name in SCRIPTS) + "})();\n"


@cache
def policy() -> str:
    """The content security policy: this style, this script, embedded sound and images, and nothing from anywhere."""
    return (
        f"default-src 'none'; script-src '{_digest(script())}'; style-src '{_digest(style())}'; "
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


def fill(**parts: str) -> str:
    """The template with its parts put in; a missing part raises KeyError."""
    return Template(_read("report.html")).substitute(parts)


@cache
def _read(name: str) -> str:
    return files("versionmatch.web.page").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
