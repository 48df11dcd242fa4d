"""Both sides of a melodic passage written as two staves, B in A's key, each by its own beats where they agree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..scores.beat_grid import SHORTEST_S, BeatGrid
from ..scores.musicxml_writing import Part, musicxml
from ..scores.pieces import BAR
from ..scores.quantised import UNITS, Written, quantised
from ..types import Annotation, IntArray, Match, Notes
from .plot import feature
from .tune_pair import TunePair

MOST_NOTES = 48  # on a staff
TOO_FAR = 0.5  # quarters by which matched notes are apart on average, where B's own beats are given up


@dataclass(frozen=True, slots=True)
class Staves:
    """MusicXML whose notes have the ids ``a3``, ``b7`` …, and how it came about.

    ``cut``: whether the passage is longer; ``left_out`` notes found no place; ``by_a``: B is written in A's beats.
    """

    xml: str
    cut: bool
    left_out: int
    by_a: bool


def staves(match: Match, pair: TunePair) -> Staves:
    """The passage's first ``MOST_NOTES`` notes of each side as a score of two parts.

    Rhythm is rounded to sixteenths and triplets of either side's beats. B's beats are counted as they are, by twos or
    halved, as its rhythm fits A's best, and B is moved by whole beats so that matched notes stand over each other.
    Where they are half a beat apart even so, B is written in A's beats, along the passage's path.
    """
    a_shown, b_shown = pair.a[:MOST_NOTES], pair.b[:MOST_NOTES]
    a_grid = BeatGrid.of(_beats(match, "a"))
    a = _indexed(quantised(_some(pair.notes_a, a_shown, 0), a_grid), a_shown)
    apart, b = min(
        (
            _aligned(a, _indexed(quantised(_some(pair.notes_b, b_shown, pair.raised), grid), b_shown), pair.pairs)
            for grid in _grids(_beats(match, "b"))
        ),
        key=lambda aligned: aligned[0],
    )
    by_a = apart > TOO_FAR
    if by_a:
        b = _indexed(quantised(_in_a(pair, b_shown), a_grid), b_shown)
    start = min(int(written.onset.min()) for written in (a, b) if len(written))
    bar = (start - a_grid.lead * UNITS) // BAR * BAR + a_grid.lead * UNITS
    key = feature(match.query_track, "key")
    xml = musicxml(
        [Part("A", _moved(a, -bar), "a"), Part("B", _moved(b, -bar), "b")],
        key=key.labels[0] if key is not None and len(key) else "",
    )
    cut = len(pair.a) > MOST_NOTES or len(pair.b) > MOST_NOTES
    return Staves(xml, cut, a.left_out + b.left_out, by_a)


def _beats(match: Match, side: str) -> Annotation | None:
    found = feature(match.query_track if side == "a" else match.reference_track, "beats")
    return found if isinstance(found, Annotation) else None


def _some(notes: Notes, index: IntArray, raised: int) -> Notes:
    return replace(
        notes,
        onset_s=notes.onset_s[index],
        duration_s=notes.duration_s[index],
        pitch=notes.pitch[index] + raised,
        confidence=notes.confidence[index],
    )


def _in_a(pair: TunePair, index: IntArray) -> Notes:
    """B's notes in A's key and at the times of A that answer them."""
    notes = _some(pair.notes_b, index, pair.raised)
    onset, end = (np.maximum(pair.in_a(t), 0.0) for t in (notes.onset_s, notes.onset_s + notes.duration_s))
    return replace(notes, onset_s=onset, duration_s=np.maximum(end - onset, SHORTEST_S))


def _indexed(written: Written, index: IntArray) -> Written:
    """The same, its notes named by their place among all notes of the recording."""
    return replace(written, index=index[written.index])


def _grids(beats: Annotation | None) -> list[BeatGrid]:
    """B's beats as found, by twos from the first or second one on, and halved."""
    if beats is None or len(beats) < 4:
        return [BeatGrid.of(beats)]
    halves = (beats.onset_s[1:] + beats.onset_s[:-1]) / 2
    times = (beats.onset_s, beats.onset_s[::2], beats.onset_s[1::2], np.sort(np.concatenate([beats.onset_s, halves])))
    return [BeatGrid.of(Annotation("beats", t, np.zeros(t.size), ("",) * t.size, np.ones(t.size))) for t in times]


def _aligned(a: Written, b: Written, pairs: IntArray) -> tuple[float, Written]:
    """B moved by whole beats to where A's notes answer it, and how far off its matched notes then are, in quarters."""
    at_a, at_b = (dict(zip(w.index.tolist(), w.onset.tolist(), strict=True)) for w in (a, b))
    apart = np.array([at_a[i] - at_b[j] for i, j in pairs.tolist() if i in at_a and j in at_b])
    if not apart.size:
        return np.inf, _moved(b, int(a.onset[0]) // UNITS * UNITS - int(b.onset[0]) // UNITS * UNITS)
    shift = int(np.floor(np.median(apart) / UNITS + 0.5)) * UNITS
    return float(np.abs(apart - shift).mean()) / UNITS, _moved(b, shift)


def _moved(written: Written, units: int) -> Written:
    grids = {beat + units // UNITS: parts for beat, parts in written.grids.items()}
    return replace(written, onset=written.onset + units, grids=grids)
