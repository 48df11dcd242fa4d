"""Shared melodic passages: which notes answer each other, how often the tune recurs, how common and unusual it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..melodic.chance import KINDS, Chance, chances
from ..melodic.codes import codes_of, kind_of
from ..melodic.figures import N
from ..melodic.located import Line, Located, line_of, located, occurrences
from ..melodic.statistics import MelodyStatistics, load
from ..plugins import Track
from ..types import Common, IntArray, Passage, Span
from ..units import signed_semitones
from .melodic_words import Figures, sentence_of
from .tunes import Heard, bars_of, comparable, heard

FEWEST = 6
"""Notes that a shared passage has at least."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both tunes, ready to be compared, and what is known of chance."""

    query: Heard
    reference: Heard
    a: Line
    b: Line
    chance: Chance


def melodic_passages(
    query: Track,
    reference: Track,
    *,
    max_p: float = 0.05,
    min_notes: int = FEWEST,
    max_n: int = 12,
    query_range: tuple[float, float] | None = None,
    reference_range: tuple[float, float] | None = None,
    statistics: MelodyStatistics | None = None,
) -> tuple[Passage, ...]:
    r"""The passages of melody that two recordings or scores share, note by note, in the query's order.

    Notes are compared by pitch class, in any key, rare ones weighing more (``melodic.located``). Between a recording
    and anything else, a note that is struck again at once counts once on both sides, and octaves are not believed:
    a pitch tracker knows neither.

    Parameters
    ----------
    query, reference : Track
        Their ``notes`` and ``beats`` are read; ``sections`` where they are at hand.
    max_p : float
        Passages that unrelated works share more often than that are not told, 0 < max_p ≤ 1.
    min_notes : int
        At least so many notes are the same on both sides.
    max_n : int
        At most so many passages, the strongest.
    query_range, reference_range : (start_s, end_s), optional
        Only the notes that begin there are compared; all times and bars are still those of the whole.

    Returns
    -------
    tuple of Passage
        ``elements`` is ``("melody",)``. ``notes`` are indices into each track's ``notes``; ``path_s`` goes through
        their onsets and the last one's end; ``transposition`` raises the reference, -5 to 6; ``similarity`` is twice
        the matched notes over all notes of both stretches; ``times``, ``bars``, ``common`` (the rarest figure of five
        notes), ``p_value`` and ``sentence`` are set.

    Raises
    ------
    InputError
        A setting is out of range.

    Examples
    --------
    >>> from versionmatch.jobs.opening import open_track
    >>> head = "X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\n"
    >>> tunes = "c_AFe|d^FGB|_ecA_B|", "dBbd|d_BG^f|e^GA^c|=fdBc|"
    >>> one, other = (open_track((head + tune).encode()) for tune in tunes)
    >>> [found] = melodic_passages(one, other)
    >>> len(found.notes), found.transposition, found.bars
    (12, -2, ((1, 3), (2, 4)))
    """
    if not (0 < max_p <= 1 and min_notes >= 2 and max_n >= 1):
        raise InputError(
            "max_p lies above 0 and at most at 1, min_notes is 2 or more, max_n 1 or more; "
            f"got {max_p:g}, {min_notes}, {max_n}"
        )
    known = statistics or load()
    sides = _sides(heard(query).within(query_range), heard(reference).within(reference_range), known)
    n, m = len(sides.a), len(sides.b)
    if min(n, m) < min_notes:
        return ()
    least = 0.0 if max_p == 1 else sides.chance.least_score(max_p, n, m)
    found = located(sides.a, sides.b, least_score=least, least_notes=min_notes, max_n=max_n)
    passages = [_passage(one, sides, query, reference, known) for one in found]
    return tuple(sorted(passages, key=lambda p: (p.span.query_start_s, p.span.reference_start_s)))


def melodic_shares(passages: Sequence[Passage], query: Track, reference: Track) -> tuple[float, float]:
    """The share of the query's melody notes that lie in any of the passages, and of the reference's, 0 to 1 each."""
    shares = []
    for side, track in enumerate((query, reference)):
        line = heard(track)
        held = np.zeros(len(line), bool)
        for passage in passages:
            if passage.notes is not None and len(passage.notes):
                low, high = passage.notes[0, side], passage.notes[-1, side]
                held |= (line.last >= low) & (line.first <= high)
        shares.append(float(held.mean()) if held.size else 0.0)
    return shares[0], shares[1]


def _sides(query: Heard, reference: Heard, known: MelodyStatistics) -> Sides:
    one, other = comparable(query, reference)
    sure = one.sure + other.sure
    a, b = (line_of(side.tune, statistics=known) for side in (one, other))
    return Sides(one, other, a, b, chances()[KINDS[2 - sure]])


def _passage(found: Located, sides: Sides, query: Track, reference: Track, known: MelodyStatistics) -> Passage:
    pairs = found.pairs
    a, b = sides.query, sides.reference
    (a0, b0), (a1, b1) = pairs[0], pairs[-1]
    path = np.column_stack([a.onset_s[pairs[:, 0]], b.onset_s[pairs[:, 1]]])
    path = np.vstack([path, [a.end_s[a1], b.end_s[b1]]])
    span = Span(float(path[0, 0]), float(path[-1, 0]), float(path[0, 1]), float(path[-1, 1]))
    figures = _figures(pairs, sides, known)
    passage = Passage(
        span=span,
        path_s=path,
        elements=("melody",),
        similarity=2 * len(pairs) / (a1 - a0 + b1 - b0 + 2),
        transposition=signed_semitones(found.key),
        tempo_ratio=float(np.polyfit(path[:, 0] - path[0, 0], path[:, 1] - path[0, 1], 1)[0]),
        notes=np.column_stack([a.first[pairs[:, 0]], b.first[pairs[:, 1]]]),
        times=_times(pairs, sides, known),
        bars=(
            bars_of(query, span.query_start_s, span.query_end_s),
            bars_of(reference, span.reference_start_s, span.reference_end_s),
        ),
        common=figures.rarest if figures else None,
        p_value=sides.chance.p_value(found.score, len(a), len(b)),
    )
    return replace(passage, sentence=sentence_of(passage, query, reference, figures))


def _times(pairs: IntArray, sides: Sides, known: MelodyStatistics) -> tuple[int, int]:
    """How often the query's stretch of the passage recurs in the query and in the reference; at least once in each."""
    stretch = sides.query.at(np.arange(pairs[0, 0], pairs[-1, 0] + 1)).tune
    pattern = line_of(stretch, statistics=known)
    return max(1, occurrences(pattern, sides.a)), max(1, occurrences(pattern, sides.b))


def _figures(pairs: IntArray, sides: Sides, known: MelodyStatistics) -> Figures | None:
    """The rarest and the commonest figure of five notes that follow each other on both sides; None without any."""
    in_a_row = (np.diff(pairs, axis=0) == 1).all(axis=1)
    if in_a_row.size < N:
        return None
    starts = np.flatnonzero(np.convolve(in_a_row, np.ones(N), "valid") == N)
    if not starts.size:
        return None
    tune = sides.query.tune
    kind = kind_of(N, octaves=tune.octaves, timed=False)
    codes = codes_of(tune, kind)
    counts = known.tunes_with(kind, codes[pairs[starts, 0]]).astype(int)
    steps = tune.intervals

    def figure(which: int) -> Common:
        first = int(pairs[starts[which], 0])
        shown = " ".join(f"{step:+d}".replace("-", "−") for step in steps[first : first + N].tolist())
        return Common(known.id, int(counts[which]), known.n_tunes, shown, int(starts[which]), N + 1)

    few = int(counts.min()) < known.least[kind]
    return Figures(figure(int(counts.argmin())), figure(int(counts.argmax())), few)
