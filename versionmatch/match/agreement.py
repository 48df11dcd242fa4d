"""How far two recordings agree along their shared passages: in chords, in melody, in tempo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Annotation, DoubleArray, Features, Passage

STEP_S = 0.1  # the passages are read at that pace
VOICED = 0.5  # voicing confidence from which a frame counts as melody
SAME_PITCH = 0.6  # semitones within which two pitches are one
TEMPO_WINDOW_S = 8.0  # tempo is read over that long

_ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARP_OR_FLAT = {"#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Share of the time that agrees, among the ``seconds`` in which there was something to compare.

    ``common`` names what both have, the most frequent first, in the query's own key.
    """

    share: float
    seconds: float
    common: tuple[str, ...] = ()


def aligned_times(passage: Passage) -> DoubleArray:
    """The passage's time map read every ``STEP_S``, ``(n, 2)`` s."""
    times = np.arange(passage.span.query_start_s, passage.span.query_end_s, STEP_S)
    return np.column_stack([times, np.interp(times, passage.path_s[:, 0], passage.path_s[:, 1])])


def triad(label: str) -> tuple[int, bool] | None:
    """Root (0 = C) and whether the third is minor, of a chord label in Harte's way; None for no chord.

    >>> triad("C:maj"), triad("Eb:min7"), triad("G:7"), triad("N")
    ((0, False), (3, True), (7, False), None)
    """
    root, _, quality = label.partition(":")
    if not root or root[0] not in _ROOTS:
        return None
    shift = sum(_SHARP_OR_FLAT.get(sign, 0) for sign in root[1:])
    return (_ROOTS[root[0]] + shift) % 12, quality.startswith(("min", "dim", "hdim"))


def chord_name(label: str) -> str:
    """A chord label as musicians write it.

    >>> chord_name("A:min"), chord_name("G:7"), chord_name("C:maj"), chord_name("Bb:min7")
    ('Am', 'G7', 'C', 'B♭m7')
    """
    root, _, quality = label.partition("/")[0].partition(":")
    plain = root[:1] + root[1:].replace("#", "♯").replace("b", "♭")
    if quality in ("", "maj"):
        return plain
    return plain + ("m" + quality.removeprefix("min") if quality.startswith("min") else quality)


def label_at(annotation: Annotation, times_s: DoubleArray) -> list[str]:
    """The label that holds at each time; ``""`` where none does."""
    if len(annotation) == 0:
        return [""] * times_s.size
    places = np.searchsorted(annotation.onset_s, times_s + 1e-9, side="right") - 1
    ends = annotation.onset_s + annotation.duration_s
    return [
        annotation.labels[i] if i >= 0 and t <= ends[i] + 1e-9 else "" for i, t in zip(places, times_s, strict=True)
    ]


def chord_agreement(query: Annotation, reference: Annotation, passages: Sequence[Passage]) -> Agreement:
    """How long both have the same triad, the reference raised to the query's key."""
    agreed: dict[str, int] = {}
    compared = 0
    for passage in passages:
        times = aligned_times(passage)
        pairs = zip(label_at(query, times[:, 0]), label_at(reference, times[:, 1]), strict=True)
        for mine, theirs in pairs:
            a, b = triad(mine), triad(theirs)
            if a is None or b is None:
                continue
            compared += 1
            if a == ((b[0] + passage.transposition) % 12, b[1]):
                agreed[mine] = agreed.get(mine, 0) + 1
    names: dict[str, int] = {}
    for label, count in agreed.items():
        names[chord_name(label)] = names.get(chord_name(label), 0) + count
    common = tuple(sorted(names, key=lambda name: (-names[name], name)))
    return Agreement(sum(agreed.values()) / compared if compared else 0.0, compared * STEP_S, common)


def melody_agreement(query: Features, reference: Features, passages: Sequence[Passage]) -> Agreement:
    """How long the two melodies have the same pitch, octaves and tuning aside, where both have one."""
    agreed = compared = 0
    for passage in passages:
        times = aligned_times(passage)
        (a, a_voiced), (b, b_voiced) = _pitch_at(query, times[:, 0]), _pitch_at(reference, times[:, 1])
        both = a_voiced & b_voiced
        apart = (a[both] - b[both] - passage.transposition + 6.0) % 12.0 - 6.0
        near = apart[np.abs(apart) < 1.0]
        tuning = float(np.clip(np.median(near), -0.5, 0.5)) if near.size else 0.0
        agreed += int((np.abs(apart - tuning) <= SAME_PITCH).sum())
        compared += int(both.sum())
    return Agreement(agreed / compared if compared else 0.0, compared * STEP_S)


def _pitch_at(melody: Features, times_s: DoubleArray) -> tuple[DoubleArray, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    if melody.n_frames == 0:
        return np.zeros(times_s.size), np.zeros(times_s.size, dtype=np.bool_)
    frames = np.clip(np.round(times_s * melody.frame_rate).astype(np.int64), 0, melody.n_frames - 1)
    return melody.values[0, frames].astype(np.float64), melody.values[1, frames] >= VOICED


def tempo_range(passages: Sequence[Passage]) -> tuple[float, float] | None:
    """Lowest and highest tempo ratio (query over reference) within the passages, read over ``TEMPO_WINDOW_S``."""
    width = round(TEMPO_WINDOW_S / STEP_S)
    local = []
    for passage in passages:
        answers = aligned_times(passage)[:, 1]
        if answers.size > width:
            local.append((answers[width:] - answers[:-width]) / (width * STEP_S))
    if not local:
        return None
    ratios = np.concatenate(local)
    return float(np.quantile(ratios, 0.05)), float(np.quantile(ratios, 0.95))
