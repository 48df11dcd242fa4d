"""How far a long job is: one line that is written over on a terminal, JSON lines anywhere else."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

SHOWN_S = 1.0


class ProgressLine:
    """Says how things stand on standard error, at most once a second."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet, self._shown, self._terminal = quiet, 0.0, sys.stderr.isatty()

    def wanted(self, *, at_once: bool = False) -> bool:
        """Whether it is time to say something."""
        return not self._quiet and (at_once or time.monotonic() - self._shown >= SHOWN_S)

    def say(self, figures: Mapping[str, Any], words: str) -> None:
        """The words to people, the figures to programs."""
        self._shown = time.monotonic()
        if self._terminal:
            sys.stderr.write("\r\x1b[2K" + words)
        else:
            sys.stderr.write(json.dumps({"event": "progress", **figures}) + "\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Leave the terminal's line."""
        if self._terminal and self._shown:
            sys.stderr.write("\n")


def span_words(seconds: float) -> str:
    """A length of time as people say it."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"
