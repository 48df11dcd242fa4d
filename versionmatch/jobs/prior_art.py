"""Which works of a dated corpus hold a passage, where, and how unusual that is."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..index.tunes import FIGURE, TuneCorpus, Work
from ..melodic.corpus import Place, line_scores, place_in
from ..melodic.passage import shared_passage
from ..melodic.rarity import LENGTHS, Chance, p_values, q_values
from ..melodic.tune import Tune
from ..types import DoubleArray, IntArray
from ..units import signed_semitones
from .dates import is_before
from .opening import Source
from .prior_passage import Wanted, passage_of
from .prior_result import GROUPS, Counts, Figure, Hit, PriorArt, SearchParams, summary_of
from .tune_index import LEAST_WORKS, TuneIndex

LEAST_RARE = LENGTHS[0]
"""Of a passage with fewer notes it cannot be said how rare it is."""

SURE_SHORTLIST = 8
"""From so many notes on, one that is altered leaves a figure of four notes; shorter passages are aligned everywhere."""


def prior_art(
    passage: Source,
    index: TuneIndex | str | os.PathLike[str],
    *,
    span: tuple[float, float] | None = None,
    bars: tuple[int, int] | None = None,
    part: str = "",
    **settings: Any,
) -> PriorArt:
    """Which works of a corpus hold a passage of a score or a recording.

    Parameters
    ----------
    passage : path, bytes, open file, ``(samples, sr)`` or Track
        The score or the recording; ``span``, ``bars`` and ``part`` say which notes of it, as ``passage_of`` takes them.
    index : TuneIndex or path
        An index, its folder, or a folder or manifest of scores.
    settings
        Those of ``SearchParams``: ``before=1900``, ``k``, ``parts``, ``least``, ``max_q``.

    Raises
    ------
    InputError, LimitError
        The passage or the corpus cannot be read, is empty or too long.
    IntegrityError
        The index is damaged.
    """
    params = SearchParams.of(settings)
    wanted = passage_of(passage, span=span, bars=bars, part=part)
    return search(index if isinstance(index, TuneIndex) else TuneIndex.open(index), wanted, params)


def search(index: TuneIndex, passage: Tune | Wanted, params: SearchParams | None = None) -> PriorArt:
    """Look a passage up in an index.

    Every work that shares a figure of four notes with it (in any octave; of passages below eight notes, every work) is
    aligned as ``pitch_passage`` does, in any key and all its parts; of each work the best place is told. The p-value is
    (b + 1) / (n + 1) among reversed passages of the corpus (``melodic.rarity``), the q-value goes over all its works.
    """
    wanted = passage if isinstance(passage, Wanted) else Wanted(passage)
    params, corpus = params or SearchParams(), index.corpus
    near = corpus.sharing(wanted.tune)
    works = near if len(wanted.tune) >= SURE_SHORTLIST else np.arange(len(corpus.works), dtype=np.int32)
    found = _aligned(corpus, wanted.tune, works, params.parts)
    insufficient = _insufficient(corpus, wanted.tune)
    p, q = _unusual(index, wanted.tune, found, params) if not insufficient else (None, None)
    rows = [_hit(corpus, wanted.tune, at, p, q, params) for at in found]
    shown, counts = _grouped(corpus, rows, params, tested=not insufficient)
    holders = [hit for hit in rows if hit.holds and hit.group == "dated"]
    earliest = min(holders, key=lambda h: (h.year_to or h.year_from or 0, h.year_from or 0, h.work_id), default=None)
    return PriorArt(
        wanted=wanted,
        params=params,
        hits=shown,
        counts=counts,
        earliest=earliest,
        figures=_figures(corpus, wanted.tune),
        aligned=int(near.size),
        apart=len(corpus.works) - int(near.size),
        insufficient=insufficient,
        summary=summary_of(counts, earliest, params, insufficient),
        index={
            "path": index.path, "works": len(corpus.works), "refused": len(corpus.refused),
            "seed": corpus.seed, "parts_searched": params.parts,
        },
    )  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class _Found:
    """A work, the line of its best place, and that place."""

    work: int
    line: int
    place: Place
    in_order: float
    """The score of the intervals alone, which decides between places of one score."""


def _aligned(corpus: TuneCorpus, passage: Tune, works: IntArray, parts: str) -> list[_Found]:
    """The best place of each work, the best first."""
    searched = corpus.searched(parts, works)
    if not searched.lines.size:
        return []
    scores, keys = line_scores(passage, searched.classes, searched.starts, searched.lines)
    bounds = [*searched.firsts.tolist(), scores.size]
    made = []
    for first, last in pairwise(bounds):
        best = first + int(np.argmax(scores[first:last]))
        line = int(searched.lines[best])
        tune = corpus.lines.tune(line)
        place = place_in(passage, tune, int(keys[best]))
        made.append(_Found(corpus.of[line].work, line, place, shared_passage(passage, tune).score))
    return sorted(made, key=lambda f: (-f.place.score, -f.place.identical, -f.in_order, f.work))


def _insufficient(corpus: TuneCorpus, passage: Tune) -> str:
    if len(corpus.works) < LEAST_WORKS:
        return f"the corpus has {len(corpus.works)} works, and {LEAST_WORKS} are needed"
    if len(passage) < LEAST_RARE:
        return f"the passage has {len(passage)} notes, and {LEAST_RARE} are needed"
    return ""


def _unusual(
    index: TuneIndex, passage: Tune, found: list[_Found], params: SearchParams
) -> tuple[DoubleArray, DoubleArray]:
    """The p- and q-value of every work of the corpus, by its number; works that were not aligned have 1."""
    searched = index.corpus.searched(params.parts)
    chance = Chance.of(passage, searched)
    scores = np.zeros(len(index.corpus.works))
    for each in found:
        scores[each.work] = each.place.score
    heights = chance.heights(scores, searched.notes)
    upper = int(np.searchsorted(LENGTHS, len(passage)))
    around = {upper, max(0, upper - (LENGTHS[upper] != len(passage)))}
    p = np.max([p_values(heights, index.null(params.parts, which)) for which in sorted(around)], axis=0)
    p[scores <= 0] = 1.0
    return p, q_values(p)


def _group(work: Work, before: int | None) -> str:
    if work.year_from is None and work.year_to is None:
        return "undated"
    return "dated" if before is None or is_before((work.year_from, work.year_to), before) else "not before"


def _hit(
    corpus: TuneCorpus, passage: Tune, found: _Found, p: DoubleArray | None, q: DoubleArray | None, params: SearchParams
) -> Hit:
    work, place, notation = corpus.works[found.work], found.place, corpus.notation
    first = int(corpus.lines.starts[found.line]) + place.b_start
    last = int(corpus.lines.starts[found.line]) + max(place.b_end - 1, place.b_start)
    bar_from, bar_to = (int(notation.bar[i]) or None for i in (first, last))
    n = len(passage)
    enough = place.identical >= math.ceil(params.least * n - 1e-9)
    return Hit(
        rank=0,
        group=_group(work, params.before),
        work_id=work.id,
        title=work.title,
        composer=work.composer,
        date=work.date,
        year_from=work.year_from,
        year_to=work.year_to,
        holds=enough and place.b_end - place.b_start <= n / params.least + 1e-9,
        identical=place.identical,
        share=place.identical / n,
        transposition=signed_semitones(place.key),
        part=corpus.of[found.line].part,
        start_q=float(notation.onset_q[first]),
        end_q=float(notation.onset_q[last] + notation.length_q[last]),
        start_s=float(notation.onset_s[first]),
        end_s=float(notation.onset_s[last] + notation.length_s[last]),
        bar_from=bar_from,
        bar_to=bar_to,
        passage_from=place.a_start + 1,
        passage_to=place.a_end,
        score=place.score,
        p_value=float(p[found.work]) if p is not None else None,
        q_value=float(q[found.work]) if q is not None else None,
    )


def _grouped(
    corpus: TuneCorpus, rows: list[Hit], params: SearchParams, *, tested: bool
) -> tuple[tuple[Hit, ...], dict[str, Counts]]:
    """The best of each group with their ranks, and the counts of all."""
    shown: list[Hit] = []
    counts = {}
    for group in GROUPS:
        mine = [h for h in rows if h.group == group]
        sure = [h.q_value is not None and h.q_value <= params.max_q for h in mine]
        listed = [h for h, beyond in zip(mine, sure, strict=True) if h.holds or beyond]
        total = sum(_group(work, params.before) == group for work in corpus.works)
        counts[group] = Counts(total, sum(h.holds for h in mine), sum(sure) if tested else None)
        for rank, hit in enumerate(listed[: params.k or None], start=1):
            shown.append(replace(hit, rank=rank))
    return tuple(shown), counts


def _figures(corpus: TuneCorpus, passage: Tune) -> tuple[Figure, ...]:
    n = int(FIGURE.rpartition("-")[2])
    steps = passage.intervals.tolist()
    return tuple(Figure(i + 1, tuple(steps[i : i + n]), works) for i, works in enumerate(corpus.commonness(passage)))
