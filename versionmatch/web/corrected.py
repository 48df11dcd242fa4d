"""What a person put in place of the machine's, marked where it is shown."""

from __future__ import annotations

from ..types import Match
from .markup import Markup, element, join
from .plot import badge, feature

CORRECTED = "corrected-"
OF_ELEMENT = {"melody": ("melody",), "harmony": ("chords", "key"), "rhythm": ("beats",)}
"""Which corrections concern an element."""


def digest(match: Match, side: str, kind: str) -> str:
    """The sha256 of the file (of a key, of its text) that took the place of that feature; empty where none did."""
    track = match.query_track if side == "a" else match.reference_track
    settings = str(getattr(feature(track, kind), "settings", ""))
    if not settings.startswith(CORRECTED):
        return ""
    return str(match.manifest.inputs.get(f"{kind} of {side.upper()}", settings.removeprefix(CORRECTED)))


def mark(match: Match, *kinds: str, sides: str = "ab") -> Markup | None:
    """A sign for each side's corrections of these kinds, with the file's digest; None where there are none."""
    signs = []
    for kind in kinds:
        for side in sides:
            sha256 = digest(match, side, kind)
            if sha256:
                how = "given by hand" if kind == "key" else "corrected by hand"
                told = f" {kind} {how}, sha256 "
                signs.append(
                    element(
                        "span", badge(side), told, element("code", f"{sha256[:12]}…"), class_="by-hand", title=sha256
                    )
                )
    return join(signs) if signs else None
