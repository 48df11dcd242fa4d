"""Shared passages: what two recordings have in common, stretch by stretch, with a time map for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..errors import FeatureMismatch, InputError
from ..types import DoubleArray, Features, Passage, Span
from ..units import signed_semitones
from .passage_lines import trimmed
from .passage_maps import ChromaMap, HeardMap, unit_rows
from .passage_path import Fine, Stretch, copies, fuller, onset_rows, refined, separated
from .passage_search import COARSE_RATE, coarse_paths, frames_per_group, keys_asked, pooled, telling


def shared_passages(
    query: Features,
    reference: Features,
    *,
    transposition: int | None = None,
    min_length_s: float = 6.0,
    max_n: int = 12,
    onsets: tuple[Features, Features] | None = None,
    moments: tuple[Features, Features] | None = None,
) -> tuple[Passage, ...]:
    """The stretches that two recordings share, in the query's order, each with its own time map.

    Local paths through a coarse map of likeness are found one after another, best first; each is refined
    to a smooth map and trimmed to where the two really agree. So cuts, jumps, repeats and exchanged
    sections become passages of their own, and what has no counterpart stays outside all of them.

    Parameters
    ----------
    query, reference : Features
        Chroma of shape ``(12, n_frames)``, usually 10 frames per second; zero frames are silence.
    transposition : int, optional
        Semitones that raise the reference to the query where that is known; else all twelve are tried.
        Single passages may lie up to three semitones from the main one (a modulation).
    min_length_s : float
        Shorter passages are not told.
    max_n : int
        At most that many passages, the strongest.
    onsets : (Features, Features), optional
        Onset strength ``(1, n_frames)`` of query and reference, which places the time map more finely.
    moments : (Features, Features), optional
        What an embedding model hears from moment to moment, ``(12 * dim, n_frames)``, of query and reference (the
        feature ``moments``). With it passages of ten seconds are found that chroma alone does not tell from chance.

    Returns
    -------
    tuple of Passage
        Empty where nothing stands out from chance. ``elements`` is ``("harmony",)``.

    Raises
    ------
    FeatureMismatch
        The two are not chroma of one kind and rate, or the moments not of one model.
    InputError
        A setting is out of range.

    Examples
    --------
    >>> tune = np.random.default_rng(440).random((12, 40)).repeat(10, axis=1) ** 4
    >>> song = Features("chroma", tune, frame_rate=10.0)
    >>> [whole] = shared_passages(song.transposed(2), song)
    >>> whole.transposition, round(whole.tempo_ratio, 2), round(whole.span.query_duration_s)
    (2, 1.0, 40)
    """
    _check(query, reference, min_length_s, max_n)
    if moments is not None:
        _check_moments(*moments)
    factor = frames_per_group(query, reference)
    coarse = pooled(query, factor), pooled(reference, factor)
    if min(len(c.rows) for c in coarse) < 2:
        return ()
    fine = _fine(query, onsets[0] if onsets else None), _fine(reference, onsets[1] if onsets else None)
    pair = ChromaMap(*coarse) if moments is None else HeardMap.of(*coarse, moments, keys_asked(transposition))
    found = separated(_stretches(pair, transposition, fine, min_length_s), min_length_s=min_length_s)
    durations_s = query.n_frames / query.frame_rate, reference.n_frames / reference.frame_rate
    if isinstance(pair, HeardMap) and copies(found, durations_s):
        by_chroma = _stretches(ChromaMap(*coarse), transposition, fine, min_length_s)
        found = fuller(found, separated(by_chroma, min_length_s=min_length_s))
    passages = [_passage(s) for s in found]
    strongest = sorted(passages, key=_strength, reverse=True)[:max_n]
    return tuple(sorted(strongest, key=lambda p: (p.span.query_start_s, p.span.reference_start_s)))


def _stretches(
    pair: ChromaMap | HeardMap, transposition: int | None, fine: tuple[Fine, Fine], min_length_s: float
) -> list[Stretch]:
    """What is found in one map, each path refined."""
    found: list[Stretch] = []
    rough = [trimmed(path, pair) for path in coarse_paths(pair, transposition)]
    for path in telling(rough, len(pair.query.rows), len(pair.reference.rows)):
        coarse_s = np.column_stack(
            [side.times_s[path.steps[:, k]] for k, side in enumerate((pair.query, pair.reference))]
        )
        raised = replace(fine[1], rows=np.roll(fine[1].rows, path.transposition, axis=1))
        heard = partial(pair.along, transposition=path.transposition) if isinstance(pair, HeardMap) else None
        found += refined(
            coarse_s, fine[0], raised, transposition=path.transposition, min_length_s=min_length_s, heard=heard
        )
    return found


def _check(query: Features, reference: Features, min_length_s: float, max_n: int) -> None:
    query.check_comparable(reference)
    if query.values.shape[0] != 12:
        raise FeatureMismatch(
            f"shared passages are found in chroma of 12 rows; {query.kind} has {query.values.shape[0]}"
        )
    if query.frame_rate < COARSE_RATE:
        raise InputError(f"{query.kind} must have at least {COARSE_RATE:g} frames per second; got {query.frame_rate:g}")
    if not min_length_s > 0 or max_n < 1:
        raise InputError(f"min_length_s must be above 0 and max_n at least 1; got {min_length_s} and {max_n}")


def _check_moments(query: Features, reference: Features) -> None:
    query.check_comparable(reference)
    rows = query.values.shape[0]
    if rows == 0 or rows % 12 or not query.n_frames or not reference.n_frames:
        raise FeatureMismatch(
            f"moments have 12 rows for each feature and one frame or more; {query.kind} has {rows} rows, "
            f"{query.n_frames} and {reference.n_frames} frames; extract them with 'moments'"
        )


def _fine(chroma: Features, onsets: Features | None) -> Fine:
    """Onsets are heard only where they come clearly more often than chroma."""
    rows = unit_rows(chroma.values.T)
    if onsets is None or onsets.n_frames == 0 or onsets.frame_rate < 2 * chroma.frame_rate:
        return Fine(rows, chroma.frame_rate)
    return Fine(rows, chroma.frame_rate, onset_rows(onsets), onsets.frame_rate)


def _passage(stretch: Stretch) -> Passage:
    path = stretch.path_s
    (q0, r0), (q1, r1) = path[0], path[-1]
    return Passage(
        span=Span(float(q0), float(q1), float(r0), float(r1)),
        path_s=path,
        elements=("harmony",),
        similarity=stretch.similarity,
        transposition=signed_semitones(stretch.transposition),
        tempo_ratio=stretch.tempo_ratio,
    )


def reference_time(passages: Sequence[Passage], query_s: float) -> float | None:
    """Where in the reference a moment of the query is answered; None where it has no counterpart.

    Where several passages hold the moment, the one with the most likeness in all (similarity × length) speaks.

    >>> whole = Passage(Span(0, 9, 1, 10), np.array([[0.0, 1.0], [9.0, 10.0]]), ("harmony",), 1.0, 0, 1.0)
    >>> reference_time([whole], 4.5), reference_time([whole], 12.0)
    (5.5, None)
    """
    held = [p for p in passages if p.span.query_start_s <= query_s <= p.span.query_end_s]
    if not held:
        return None
    best = max(held, key=_strength)
    return float(np.interp(query_s, best.path_s[:, 0], best.path_s[:, 1]))


def time_map(passages: Sequence[Passage], query_duration_s: float, *, step_s: float = 0.1) -> DoubleArray:
    """Query times every ``step_s`` from 0 on and their reference times, ``(n, 2)`` s; nan: no counterpart."""
    times = np.arange(int(query_duration_s / step_s + 1e-6) + 1) * step_s
    answers = np.full(times.size, np.nan)
    for p in sorted(passages, key=_strength):
        held = (times >= p.span.query_start_s) & (times <= p.span.query_end_s)
        answers[held] = np.interp(times[held], p.path_s[:, 0], p.path_s[:, 1])
    return np.column_stack([times, answers])


def roles(passages: Sequence[Passage]) -> tuple[str, ...]:
    """For each passage: ``"main"``, ``"moved"``, ``"query repeats"`` or ``"reference repeats"``.

    The main ones run forward in both recordings and hold the most likeness in all. ``"query repeats"``: this
    part of the reference is answered by another passage as well, at another place of the query;
    ``"reference repeats"``: the same with the sides exchanged. ``"moved"``: at another place in the order.
    """
    chain = _chain(passages)
    found = []
    for i, p in enumerate(passages):
        others = [o for k, o in enumerate(passages) if k != i and (k in chain or _strength(o) > _strength(p))]
        if i in chain:
            found.append("main")
        elif sum(_overlap(_reference(p), _reference(o)) for o in others) > 0.5 * p.span.reference_duration_s:
            found.append("query repeats")
        elif sum(_overlap(_query(p), _query(o)) for o in others) > 0.5 * p.span.query_duration_s:
            found.append("reference repeats")
        else:
            found.append("moved")
    return tuple(found)


def _strength(passage: Passage) -> float:
    return passage.similarity * passage.span.query_duration_s


def _query(passage: Passage) -> tuple[float, float]:
    return passage.span.query_start_s, passage.span.query_end_s


def _reference(passage: Passage) -> tuple[float, float]:
    return passage.span.reference_start_s, passage.span.reference_end_s


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def _chain(passages: Sequence[Passage]) -> frozenset[int]:
    """Indices of the passages that follow each other in both recordings and are strongest together."""
    order = sorted(range(len(passages)), key=lambda i: passages[i].span.query_start_s)
    totals: dict[int, float] = {}
    before: dict[int, int | None] = {}
    for place, i in enumerate(order):
        ahead = [k for k in order[:place] if _follows(passages[k], passages[i])]
        last = max(ahead, key=lambda k: totals[k], default=None)
        totals[i] = _strength(passages[i]) + (totals[last] if last is not None else 0.0)
        before[i] = last
    chain, at = set(), max(totals, key=lambda k: totals[k], default=None)
    while at is not None:
        chain.add(at)
        at = before[at]
    return frozenset(chain)


def _follows(first: Passage, second: Passage) -> bool:
    """The second comes after the first in both, but for an overlap of at most a quarter of either."""
    grace = 0.25 * min(first.span.query_duration_s, second.span.query_duration_s)
    return (
        second.span.query_start_s >= first.span.query_end_s - grace
        and second.span.reference_start_s >= first.span.reference_end_s - grace
    )
