"""What is not said because a control did not come out as it must."""

from __future__ import annotations

from collections.abc import Iterable

from ..types import Control


def withheld(controls: Iterable[Control]) -> dict[str, str]:
    """Cue → why nothing may be concluded from it: the sentences of its controls that failed, one after another."""
    said: dict[str, str] = {}
    for control in controls:
        if not control.passed:
            sentence = control.sentence.removeprefix(f"{control.cue}: ")
            said[control.cue] = f"{said.get(control.cue, '')} {sentence}".strip()
    return said
