"""What was found, in plain words: a sentence per passage, the differences, a summary.

A is the query, B the reference. The sentences say what was measured and nothing about what it means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..align.passage import roles
from ..errors import InputError
from ..features.view import Track
from ..harmonic.progression import has_harmony
from ..types import Evidence, Match, Passage, Span
from ..units import clock, signed_semitones
from .agreement import chord_agreement, melody_agreement, tempo_range
from .phrases import (
    INTERVALS,
    SAME_TEMPO,
    clock_range,
    lasting,
    listed,
    percent,
    pitch_words,
    place,
    relation_words,
    tempo_words,
)

WORTH_TELLING_S = 5.0  # shorter parts without counterpart are left out
MUCH_MELODY_S = 3.0  # with less than that to compare, nothing is said about the melody or the chords
STEADY = 0.04  # tempo relations that vary less are called steady

_ROLES = {
    "moved": "At another place in the order than its neighbours.",
    "query repeats": "A repeats here what it has in common with B elsewhere, too.",
    "reference repeats": "B repeats here what it has in common with A elsewhere, too.",
}
_RELATIONS = {
    "same recording": "A and B appear to be one and the same recording",
    "altered recording": "A and B appear to be one recording in two states (speed, pitch, edit or mix)",
    "version": "A and B appear to be versions of one work",
    "related passage": "A and B share a passage, and differ otherwise",
    "unrelated": "A and B have no more in common than unrelated recordings usually have",
    "undecided": "What was found allows no statement on how A and B are related",
}


def describe_passage(passage: Passage, query: Track, reference: Track, passages: Sequence[Passage] = ()) -> str:
    """What a passage is, in a sentence: when, how long, how high, how fast, which chords, in which part.

    ``passages`` are all that were found; with them a repeated or moved passage is named as one.
    """
    span = passage.span
    where = (
        f"A {clock_range(span.query_start_s, span.query_end_s)} corresponds to B "
        f"{clock_range(span.reference_start_s, span.reference_end_s)} ({lasting(span.query_duration_s)}; "
        f"{place(span.query_start_s, span.query_end_s, query.recording.duration_s)} of A, "
        f"{place(span.reference_start_s, span.reference_end_s, reference.recording.duration_s)} of B)"
    )
    parts = [f"{where}: {relation_words(passage.transposition, passage.tempo_ratio)}"]
    if _holds(query, "chords") and _holds(reference, "chords"):
        found = chord_agreement(query["chords"], reference["chords"], [passage])
        if found.seconds >= MUCH_MELODY_S:
            named = f", above all {listed(found.common[:3])}" if found.common and found.share >= 0.3 else ""
            parts.append(f"the chords agree in {percent(found.share)} of the time{named}")
    told = "; ".join(parts) + "."
    index = next((i for i, p in enumerate(passages) if p.span == span), None)
    role = roles(passages)[index] if index is not None else "main"
    return f"{told} {_ROLES[role]}" if role in _ROLES else told


def differences(
    query: Track,
    reference: Track,
    passages: Sequence[Passage],
    evidence: Sequence[Evidence] = (),
    *,
    offsets_s: tuple[float, float] = (0.0, 0.0),
) -> tuple[str, ...]:
    """What sets the two apart, a sentence each: length, key, tempo, missing parts, order, harmony, melody.

    Where the tracks are excerpts, ``offsets_s`` are their starts in the whole recordings; all times told are
    those of the whole. A cue that found nothing to compare in its ``evidence`` is told last.
    """
    silent = [f"{e.cue.capitalize()}: {e.notes[0]}." for e in evidence if e.raw == 0 and not e.spans and e.notes]
    told = [_length_sentence(query, reference)]
    moved = [_shifted(p, offsets_s) for p in passages]
    if not passages:
        told.append("No passage was found that stands out from what unrelated recordings share by chance.")
    told += _key_sentences(query, reference, moved)
    if passages:
        told += _tempo_sentences(query, reference, moved)
        told += _missing_sentences(query, reference, passages, offsets_s)
        told += _order_sentences(moved)
        told += _element_sentences(query, reference, passages)
    return tuple(sentence for sentence in (*told, *silent) if sentence)


def _shifted(passage: Passage, offsets_s: tuple[float, float]) -> Passage:
    s, (q, r) = passage.span, offsets_s
    span = Span(s.query_start_s + q, s.query_end_s + q, s.reference_start_s + r, s.reference_end_s + r)
    return replace(passage, span=span, path_s=passage.path_s + np.array(offsets_s))


def coverage(passages: Sequence[Passage], duration_s: float, side: str) -> float:
    """Share of the ``"query"`` or the ``"reference"`` that lies in any passage, 0 to 1.

    Raises InputError on another side.
    """
    if not duration_s > 0:
        return 0.0
    held = sum(end - start for start, end in _union(passages, side))
    return min(1.0, held / duration_s)


def gaps(passages: Sequence[Passage], duration_s: float, side: str) -> tuple[tuple[float, float], ...]:
    """The stretches ``(start_s, end_s)`` of one side that lie in no passage, in order."""
    found, at = [], 0.0
    for start, end in _union(passages, side):
        if start > at:
            found.append((at, start))
        at = max(at, end)
    if duration_s > at:
        found.append((at, duration_s))
    return tuple(found)


def summary_sentence(match: Match) -> str:
    """The whole comparison in one sentence."""
    told = _RELATIONS[match.relation]
    if not match.passages:
        return told + "; no shared passage was found."
    n = len(match.passages)
    return (
        f"{told}: {n} shared passage{'s' if n > 1 else ''} cover{'s' if n == 1 else ''} "
        f"{percent(match.coverage_query)} of A and {percent(match.coverage_reference)} of B; "
        f"{relation_words(match.transposition, match.tempo_ratio)}."
    )


def _length_sentence(query: Track, reference: Track) -> str:
    a, b = query.recording.duration_s, reference.recording.duration_s
    if abs(a - b) < 0.5:
        return ""
    longer = "longer" if a > b else "shorter"
    return f"A lasts {clock(round(a))}, B {clock(round(b))}: A is {lasting(abs(a - b))} {longer}."


def _key_sentences(query: Track, reference: Track, passages: Sequence[Passage]) -> list[str]:
    told = []
    keys = [t["key"].labels[0] if _holds(t, "key") and len(t["key"]) else "" for t in (query, reference)]
    named = f"A is heard in {keys[0]}, B in {keys[1]}" if all(keys) and keys[0] != keys[1] else ""
    main = _main_transposition(passages) if passages else 0
    if main:
        told.append(f"{named + ': in' if named else 'In'} what they share, {pitch_words(main)}.")
    elif named:
        told.append(named + ("; yet what they share is at the same pitch." if passages else "."))
    for p in passages:
        apart = signed_semitones(p.transposition - main)
        if apart:
            way = "higher" if apart > 0 else "lower"
            told.append(
                f"A {clock_range(p.span.query_start_s, p.span.query_end_s)} lies {INTERVALS[abs(apart)]} {way} "
                "against B than the other passages do."
            )
    return told


def _main_transposition(passages: Sequence[Passage]) -> int:
    lengths: dict[int, float] = {}
    for p in passages:
        lengths[p.transposition] = lengths.get(p.transposition, 0.0) + p.span.query_duration_s
    return max(lengths, key=lambda t: (lengths[t], -abs(t)))


def _tempo_sentences(query: Track, reference: Track, passages: Sequence[Passage]) -> list[str]:
    weights = [p.span.query_duration_s for p in passages]
    ratio = float(np.exp(np.average(np.log([p.tempo_ratio for p in passages]), weights=weights)))
    told = []
    if abs(ratio - 1) > SAME_TEMPO:
        told.append(f"In what they share, {tempo_words(ratio)}{_beat_words(query, reference, ratio)}.")
    span = tempo_range(passages)
    if span is not None and span[1] / span[0] - 1 > STEADY:
        told.append(f"The tempo relation varies: A's speed lies between {span[0]:.2f} and {span[1]:.2f} times B's.")
    return told


def _beat_words(query: Track, reference: Track, ratio: float) -> str:
    """Both tempi in beats per minute, where the two estimates agree with the time map."""
    if not (_holds(query, "beats") and _holds(reference, "beats")):
        return ""
    a, b = (float(t["beats"].facts.get("tempo_bpm", 0.0)) for t in (query, reference))
    if a <= 0 or b <= 0 or abs(a / b / ratio - 1) > 0.05:
        return ""
    return f" (about {a:.0f} against {b:.0f} beats per minute)"


def _missing_sentences(
    query: Track, reference: Track, passages: Sequence[Passage], offsets_s: tuple[float, float]
) -> list[str]:
    told = []
    rows = (("A", "B", "query", query, offsets_s[0]), ("B", "A", "reference", reference, offsets_s[1]))
    for mine, other, side, track, offset in rows:
        every = gaps(passages, track.recording.duration_s, side)
        parts = [(a + offset, b + offset) for a, b in every if b - a >= WORTH_TELLING_S]
        if parts:
            total = lasting(sum(end - start for start, end in parts))
            verb = "these parts" if len(parts) > 1 else "this part"
            told.append(
                f"No counterpart was found in {other} for {verb} of {mine}: "
                f"{listed([clock_range(*g) for g in parts])} ({total} in all)."
            )
    return told


def _order_sentences(passages: Sequence[Passage]) -> list[str]:
    told = []
    found = roles(passages)
    for p, role in zip(passages, found, strict=True):
        where = (
            f"A {clock_range(p.span.query_start_s, p.span.query_end_s)} (B "
            f"{clock_range(p.span.reference_start_s, p.span.reference_end_s)})"
        )
        if role == "moved":
            told.append(f"The order differs: {where} stands at another place among the shared passages.")
        elif role == "query repeats":
            told.append(f"A repeats: {where} answers a part of B that another passage of A answers, too.")
        elif role == "reference repeats":
            told.append(f"B repeats: {where} answers a part of A that another passage of B answers, too.")
    main = [p for p, role in zip(passages, found, strict=True) if role == "main"]
    for first, second in pairwise(main):
        a = (first.span.query_end_s, second.span.query_start_s)
        b = (first.span.reference_end_s, second.span.reference_start_s)
        if b[1] - b[0] >= WORTH_TELLING_S > 2 * abs(a[1] - a[0]):
            told.append(f"At {clock(round(a[0]))} A goes straight on, where B has {clock_range(*b)} in between.")
        elif a[1] - a[0] >= WORTH_TELLING_S > 2 * abs(b[1] - b[0]):
            told.append(f"At {clock(round(b[0]))} B goes straight on, where A has {clock_range(*a)} in between.")
    return told


def _element_sentences(query: Track, reference: Track, passages: Sequence[Passage]) -> list[str]:
    told = []
    if all(_holds(side, "chords") and has_harmony(side) for side in (query, reference)):
        chords = chord_agreement(query["chords"], reference["chords"], passages)
        if chords.seconds >= MUCH_MELODY_S:
            told.append(f"Within the shared passages the chords differ in {percent(1 - chords.share)} of the time.")
    if _holds(query, "melody") and _holds(reference, "melody"):
        melody = melody_agreement(query["melody"], reference["melody"], passages)
        if melody.seconds >= MUCH_MELODY_S:
            told.append(
                f"Where both have a melody ({lasting(melody.seconds)} of the shared passages), its pitch differs "
                f"in {percent(1 - melody.share)} of the time, octaves aside."
            )
    return told


def _holds(track: Track, kind: str) -> bool:
    """Whether a feature is there already; nothing is extracted for a sentence."""
    return any(known == kind for known in track)


def _union(passages: Sequence[Passage], side: str) -> list[tuple[float, float]]:
    if side not in ("query", "reference"):
        raise InputError(f"{side!r} is no side of a comparison; there are: query, reference")
    joined: list[tuple[float, float]] = []
    for start, end in sorted((getattr(p.span, f"{side}_start_s"), getattr(p.span, f"{side}_end_s")) for p in passages):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
