"""Where two recordings share something, roughly: courses through a coarse map of likeness.

Whether there is anything is told by the best path, or, where a model has heard both, by the best straight line beside
that of other keys. Then every moment of either side gets its best answer on the other, under a price for each jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from ..types import DoubleArray, Features, FloatArray
from .passage_kernels import best_chain, best_course, best_local_path
from .passage_maps import ChromaMap, Coarse, HeardMap, Map, unit_rows

COARSE_RATE = 2.0  # frames per second
MOST_CELLS = 4_000_000  # for longer recordings the coarse frames are made longer
FLAT = 0.95  # evenness of chroma, 1 where all pitch classes are equally strong, above which it is noise; over AROUND_S
AROUND_S = 3.5
FAIR = 1.5  # the most that a pair of moments counts when the whole is held against chance
DROP = 6.0  # a local path ends once it has lost that much
CHANCE = (6.0, -4.0)  # 6 ln n - 4: what the best path of few unrelated pairs of n frames reaches; see docs/passages.md
MODULATED = 0.15  # of the main key's best line, that one in a key near it must reach to be looked for
RIVAL = 0.6  # transpositions whose best path reaches that share of the very best are weighed against each other
KEY_POWER = 4  # weight of the likeness of the two pitch class profiles among them
MODULATION = 3  # semitones either way in which single passages are looked for
NEAR = 3  # paths that many frames apart are one
REDUNDANT = 0.7  # a path of which both sides are answered to that share by stronger ones says nothing new


IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Prices:
    """What each path of a course costs and must reach; what a cell gains on the best chain that keeps the order of both
    recordings, and loses in another transposition than the main one.
    """

    jump: float
    least: float
    in_order: float
    other_key: float


CHROMA_PRICES = Prices(jump=8.0, least=12.0, in_order=0.35, other_key=0.3)
HEARD_PRICES = Prices(jump=16.0, least=24.0, in_order=0.35, other_key=0.8)


@dataclass(frozen=True, eq=False, slots=True)
class CoarsePath:
    """One path on the coarse grid: ``steps (n, 2)`` frames (query, reference)."""

    steps: IntArray
    score: float
    transposition: int


def frames_per_group(query: Features, reference: Features) -> int:
    """How many frames make one coarse frame: half a second, more where the map would grow too large."""
    half = max(1, round(query.frame_rate / COARSE_RATE))
    cells = query.n_frames * reference.n_frames
    return max(half, int(np.ceil(np.sqrt(cells / MOST_CELLS))))


def pooled(chroma: Features, factor: int) -> Coarse:
    """Chroma averaged over groups of ``factor`` frames; silence and noise, in which no pitch stands out, are empty."""
    n = chroma.n_frames // factor
    groups = chroma.values[:, : n * factor].reshape(12, n, factor)
    times_s: DoubleArray = (np.arange(n, dtype=np.float64) * factor + (factor - 1) / 2) / chroma.frame_rate
    active = (np.abs(groups).sum(axis=0) > 0).mean(axis=1) >= 0.5
    rows = unit_rows(groups.mean(axis=2).T)
    around = max(1, round(AROUND_S * chroma.frame_rate / factor))
    active &= uniform_filter1d(rows.sum(axis=1) / np.sqrt(12), around, mode="nearest") < FLAT
    rows *= active[:, None]
    return Coarse(rows.astype(np.float32), active, times_s)


def coarse_paths(pair: ChromaMap | HeardMap, transposition: int | None) -> tuple[CoarsePath, ...]:
    """All that the two share, path by path; empty where the best of them is what chance gives."""
    n, m = len(pair.query.rows), len(pair.reference.rows)
    if isinstance(pair, HeardMap):
        layers, prices = _heard_layers(pair, transposition), HEARD_PRICES
    else:
        layers, prices = _chroma_layers(pair, transposition), CHROMA_PRICES
    if not layers:
        return ()
    score = np.stack(list(layers.values()))
    shifts = tuple(layers)
    led = _in_order(score, prices)
    forward = _courses(best_course(led, prices.jump), score, shifts)
    flipped = best_course(np.ascontiguousarray(led.transpose(0, 2, 1)), prices.jump)[:, [0, 1, 3, 2]]
    backward = _courses(flipped, score, shifts)
    paths = forward + [part for path in backward for part in _fresh(path, forward)]
    return telling([p for p in paths if p.score >= prices.least], n, m)


def _heard_layers(pair: HeardMap, transposition: int | None) -> dict[int, FloatArray]:
    """Transposition → score, for the main one and those near it that hold anything; {} where all is chance."""
    main = pair.main(keys_asked(transposition))
    if not pair.tells(main):
        by_chroma = _chroma_layers(ChromaMap(pair.query, pair.reference), transposition)
        if not by_chroma:
            return {}
        main = next(iter(by_chroma))  # what tells says in which key
    least = max(MODULATED * pair.reached[main], HEARD_PRICES.least)
    kept = [shift for shift in keys_asked(main) if shift == main or pair.reached[shift] >= least]
    return {s: pair.score(s) - np.float32(0.0 if s == main else HEARD_PRICES.other_key) for s in kept}


def _chroma_layers(pair: ChromaMap, transposition: int | None) -> dict[int, FloatArray]:
    """Transposition → contrast, for the main one and those near it that hold anything; {} where all is chance."""
    wanted = CHANCE[0] * float(np.log(min(len(pair.query.rows), len(pair.reference.rows)))) + CHANCE[1]
    asked = keys_asked(transposition)
    maps = {shift: pair.score(shift) for shift in asked}
    reached = {shift: best_local_path(np.minimum(score, np.float32(FAIR)), DROP)[0] for shift, score in maps.items()}
    if max(reached.values()) < wanted:
        return {}
    main = _main_transposition(pair, maps, reached)
    layers = {main: maps[main]}
    for shift in keys_asked(main):
        if shift != main and reached.get(shift, wanted) >= CHROMA_PRICES.least:
            score = maps[shift] if shift in maps else pair.score(shift)
            layers[shift] = score - np.float32(CHROMA_PRICES.other_key)
    return layers


def keys_asked(transposition: int | None) -> list[int]:
    """All twelve transpositions, or that which is given and those that a modulation may lead to, ascending."""
    if transposition is None:
        return list(range(12))
    return sorted({(transposition + step) % 12 for step in range(-MODULATION, MODULATION + 1)})


def _main_transposition(pair: Map, maps: dict[int, FloatArray], reached: dict[int, float]) -> int:
    """The transposition that holds most: its best path and its best chain, weighed by how alike the keys become."""
    profiles = pair.query.rows.mean(axis=0), pair.reference.rows.mean(axis=0)
    least = RIVAL * max(reached.values())
    held = {}
    for shift, path in reached.items():
        if path >= least:
            chain = best_chain(np.minimum(maps[shift], np.float32(FAIR))[None], CHROMA_PRICES.jump)
            n_paths = int(chain[:, 0].max(initial=-1) + 1)
            total = float(maps[shift][chain[:, 2], chain[:, 3]].sum()) - CHROMA_PRICES.jump * n_paths
            held[shift] = (path + total) * float(profiles[0] @ np.roll(profiles[1], shift)) ** KEY_POWER
    return max(held, key=lambda shift: (held[shift], -shift))


def _in_order(score: FloatArray, prices: Prices) -> FloatArray:
    """The scores, raised along the best chain of paths that runs forward in both recordings."""
    chain = best_chain(score, prices.jump)
    raised = score.copy()
    for number in range(int(chain[:, 0].max(initial=-1)) + 1):
        own = chain[chain[:, 0] == number]
        rows = np.arange(own[0, 2], own[-1, 2] + 1)
        columns = np.round(np.interp(rows, own[:, 2], own[:, 3])).astype(np.int64)
        near = np.clip(columns[:, None] + np.arange(-2, 3), 0, score.shape[2] - 1)
        raised[own[0, 1], rows[:, None], near] = score[own[0, 1], rows[:, None], near] + np.float32(prices.in_order)
    return raised


def _courses(course: IntArray, score: FloatArray, shifts: tuple[int, ...]) -> list[CoarsePath]:
    paths = []
    for number in range(int(course[:, 0].max(initial=-1)) + 1):
        own = course[course[:, 0] == number]
        total = float(score[own[:, 1], own[:, 2], own[:, 3]].sum())
        paths.append(CoarsePath(own[:, 2:], total, shifts[int(own[0, 1])]))
    return paths


def _fresh(path: CoarsePath, known: list[CoarsePath]) -> list[CoarsePath]:
    """The parts of a path that no known path runs along; the score is shared out evenly."""
    new = np.ones(len(path.steps), dtype=np.bool_)
    for other in known:
        if other.transposition != path.transposition:
            continue
        q, r = other.steps[:, 0], other.steps[:, 1]
        at = np.interp(path.steps[:, 0], q, r, left=-np.inf, right=-np.inf)
        new &= np.abs(at - path.steps[:, 1]) > NEAR
    edges = np.flatnonzero(np.diff(np.concatenate([[False], new, [False]]).astype(np.int8)))
    each = path.score / len(path.steps)
    return [CoarsePath(path.steps[a:b], each * (b - a), path.transposition) for a, b in edges.reshape(-1, 2)]


def telling(paths: list[CoarsePath], n: int, m: int) -> tuple[CoarsePath, ...]:
    """Without the paths of which both sides are answered by stronger ones; strongest first."""
    kept: list[CoarsePath] = []
    taken = np.zeros(n, dtype=np.bool_), np.zeros(m, dtype=np.bool_)
    for path in sorted(paths, key=lambda p: (-p.score, p.steps[0, 0], p.steps[0, 1])):
        sides = [(t, slice(path.steps[0, k], path.steps[-1, k] + 1)) for k, t in enumerate(taken)]
        if all(t[span].mean() >= REDUNDANT for t, span in sides):
            continue
        for t, span in sides:
            t[span] = True
        kept.append(path)
    return tuple(kept)
