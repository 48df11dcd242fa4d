"""The two sides of a comparison as progressions, or why there is nothing to compare."""

from __future__ import annotations

from ...harmonic.progression import LEAST_CHANGES, Progression, has_harmony, of_track
from ...plugins import Track
from ...types import Evidence
from ...units import signed_semitones

ELEMENT = "harmony"
NEEDS = ("chords", "beats", "key")


def sides(query: Track, reference: Track) -> tuple[Progression, Progression, tuple[str, ...]]:
    """Both progressions, and a sentence for each side that has too little of one; none where all is well."""
    found = of_track(query), of_track(reference)
    told = (_lacking(name, *side) for name, side in zip("AB", zip((query, reference), found, strict=True), strict=True))
    return *found, tuple(sentence for sentence in told if sentence)


def _lacking(name: str, track: Track, progression: Progression) -> str:
    if progression.comparable:
        return ""
    if not has_harmony(track):
        return f"{name} is a single line over which no chords are written: it has no harmony to compare"
    count = progression.changes
    return f"{name} has {count} distinct chord change{'' if count == 1 else 's'}; {LEAST_CHANGES} are needed to compare"


def nothing(cue: str, unit: str, told: tuple[str, ...]) -> Evidence:
    """Evidence of nothing to compare: raw 0, and why."""
    return Evidence(cue, 0.0, unit, notes=told, element=ELEMENT)


def raised(transposition: int) -> str:
    """How B stands to A, in words."""
    shift = signed_semitones(transposition)
    if shift == 0:
        return "in the same key"
    return f"B {abs(shift)} semitone{'s' if abs(shift) > 1 else ''} {'higher' if shift < 0 else 'lower'} than A"
