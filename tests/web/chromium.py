"""What the tests of pages need of a browser."""

import os
import sys
import time
from pathlib import Path

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
)
AXE = "node_modules/axe-core/axe.min.js"


def until(page, expression, seconds=20.0):
    """Waits for an expression to be true; Playwright's own way of waiting is forbidden by the page's policy."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression} did not come true in {seconds:g} s"
        time.sleep(0.02)


def axe():
    places = [Path(sys.prefix) / AXE, *(p / AXE for p in Path(__file__).parents)]
    places += [Path(os.environ["AXE_CORE"])] if "AXE_CORE" in os.environ else []
    path = next((p for p in places if p.is_file()), None)
    if path is None:
        pytest.skip(
            "axe-core is not installed; npm install --no-save --prefix .venv axe-core, or set AXE_CORE to a file"
        )
    return path.read_text(encoding="utf-8")
