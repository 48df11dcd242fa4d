"""Where two recordings share something, roughly: courses through a coarse map of likeness.

Half-second chroma is stacked over 2.5 s; two moments count as alike as far as their likeness stands out from
that of either moment to the rest of the other recording (a graded form of the cross recurrence of Serrà,
Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009). Then every moment
of either side gets its best answer on the other side, under a price for each jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Features, FloatArray
from .passage_kernels import best_chain, best_course, best_local_path

COARSE_RATE = 2.0  # frames per second
MOST_CELLS = 4_000_000  # for longer recordings the coarse frames are made longer
CONTEXT = 5  # coarse frames that are compared together
KAPPA = 0.07  # share of the other recording that a moment may resemble by chance
CEILING = 0.95  # a likeness above this always counts
NARROW = 0.05  # least spread of likeness that is told apart
FAIR = 1.5  # the most that a pair of moments counts when the whole is held against chance
BEST = 3.0  # the most that it counts when one place is preferred to another
DROP = 6.0  # a local path ends once it has lost that much
CHANCE = (6.0, -4.0)  # 6 ln n - 4: what the best path of few unrelated pairs of n frames reaches; see docs/passages.md
JUMP = 8.0  # what each path of a course costs
IN_ORDER = 0.35  # what a cell gains if it lies on the best chain that keeps the order of both recordings
NEXT_SCORE = 12.0  # what a path must reach in a pair that shares something
OTHER_KEY = 0.3  # what each cell loses in another transposition than the main one
RIVAL = 0.6  # transpositions whose best path reaches that share of the very best are weighed against each other
KEY_POWER = 4  # weight of the likeness of the two pitch class profiles among them
MODULATION = 3  # semitones either way in which single passages are looked for
NEAR = 3  # paths that many frames apart are one
REDUNDANT = 0.7  # a path of which both sides are answered to that share by stronger ones says nothing new

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class CoarsePath:
    """One path on the coarse grid: ``steps (n, 2)`` frames (query, reference)."""

    steps: IntArray
    score: float
    transposition: int


@dataclass(frozen=True, eq=False, slots=True)
class Coarse:
    """Coarse chroma ``(n, 12)``, stacked ``(n, 12 * CONTEXT)``, and which frames hold sound."""

    rows: FloatArray
    active: BoolArray

    def likeness(self, other: Coarse, transposition: int) -> FloatArray:
        """Cosine of stacked moments, ``(n, m)``, the other raised by so many semitones."""
        raised: FloatArray = stacked(self.rows) @ stacked(np.roll(other.rows, transposition, axis=1)).T
        return raised


def frames_per_group(query: Features, reference: Features) -> int:
    """How many frames make one coarse frame: half a second, more where the map would grow too large."""
    half = max(1, round(query.frame_rate / COARSE_RATE))
    cells = query.n_frames * reference.n_frames
    return max(half, int(np.ceil(np.sqrt(cells / MOST_CELLS))))


def pooled(chroma: Features, factor: int) -> Coarse:
    """Chroma averaged over groups of ``factor`` frames; silent frames are empty."""
    n = chroma.n_frames // factor
    groups = chroma.values[:, : n * factor].reshape(12, n, factor)
    active = (np.abs(groups).sum(axis=0) > 0).mean(axis=1) >= 0.5
    rows = unit_rows(groups.mean(axis=2).T) * active[:, None]
    return Coarse(rows.astype(np.float32), active)


def unit_rows(rows: npt.NDArray[np.floating]) -> FloatArray:
    """Each row scaled to length one; empty rows stay empty."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: FloatArray = np.where(length > 1e-9, rows / np.maximum(length, 1e-9), 0.0).astype(np.float32)
    return scaled


def stacked(rows: FloatArray) -> FloatArray:
    """Each row together with its neighbours, ``(n, 12 * CONTEXT)``, of length one."""
    half = CONTEXT // 2
    padded = np.pad(rows, ((half, half), (0, 0)))
    return unit_rows(np.concatenate([padded[i : i + len(rows)] for i in range(CONTEXT)], axis=1))


def _upper(likeness: FloatArray, axis: int) -> FloatArray:
    rank = int((1.0 - KAPPA) * (likeness.shape[axis] - 1))
    ranked: FloatArray = np.take(np.partition(likeness, rank, axis=axis), rank, axis=axis)
    return ranked


def contrast(query: Coarse, reference: Coarse, transposition: int) -> FloatArray:
    """How far the likeness of two moments stands out, ``(n, m)`` in [-1, BEST]; 0 is what chance gives."""
    likeness = query.likeness(reference, transposition)
    usual = (_upper(likeness, 1)[:, None] + _upper(likeness, 0)[None, :]) / 2
    spread = max(float(likeness.std()), NARROW)
    raised: FloatArray = np.clip((likeness - np.minimum(usual, CEILING)) / np.float32(spread), -1.0, BEST)
    raised[~query.active, :] = -1.0
    raised[:, ~reference.active] = -1.0
    return raised


def coarse_paths(query: Coarse, reference: Coarse, transposition: int | None) -> tuple[CoarsePath, ...]:
    """All that the two share, path by path; empty where the best path is what chance gives."""
    n, m = len(query.rows), len(reference.rows)
    wanted = CHANCE[0] * float(np.log(min(n, m))) + CHANCE[1]
    layers = _layers(query, reference, transposition, wanted)
    if not layers:
        return ()
    score = np.stack(list(layers.values()))
    shifts = tuple(layers)
    led = _in_order(score)
    forward = _courses(best_course(led, JUMP), score, shifts)
    flipped = best_course(np.ascontiguousarray(led.transpose(0, 2, 1)), JUMP)[:, [0, 1, 3, 2]]
    backward = _courses(flipped, score, shifts)
    paths = forward + [part for path in backward for part in _fresh(path, forward)]
    return _telling([p for p in paths if p.score >= min(NEXT_SCORE, wanted)], n, m)


def _layers(query: Coarse, reference: Coarse, transposition: int | None, wanted: float) -> dict[int, FloatArray]:
    """Transposition → contrast, for the main one and those near it that hold anything; {} where all is chance."""
    nearby = range(-MODULATION, MODULATION + 1)
    asked = range(12) if transposition is None else sorted({(transposition + step) % 12 for step in nearby})
    maps = {shift: contrast(query, reference, shift) for shift in asked}
    reached = {shift: best_local_path(np.minimum(score, np.float32(FAIR)), DROP)[0] for shift, score in maps.items()}
    if max(reached.values()) < wanted:
        return {}
    main = _main_transposition(query, reference, maps, reached)
    layers = {main: maps[main]}
    for shift in sorted((main + step) % 12 for step in nearby if step):
        if reached.get(shift, wanted) >= NEXT_SCORE:
            score = maps[shift] if shift in maps else contrast(query, reference, shift)
            layers[shift] = score - np.float32(OTHER_KEY)
    return layers


def _main_transposition(
    query: Coarse, reference: Coarse, maps: dict[int, FloatArray], reached: dict[int, float]
) -> int:
    """The transposition that holds most: its best path and its best chain, weighed by how alike the keys become."""
    profiles = query.rows.mean(axis=0), reference.rows.mean(axis=0)
    least = RIVAL * max(reached.values())
    held = {}
    for shift, path in reached.items():
        if path >= least:
            chain = best_chain(np.minimum(maps[shift], np.float32(FAIR))[None], JUMP)
            total = float(maps[shift][chain[:, 2], chain[:, 3]].sum()) - JUMP * int(chain[:, 0].max(initial=-1) + 1)
            held[shift] = (path + total) * float(profiles[0] @ np.roll(profiles[1], shift)) ** KEY_POWER
    return max(held, key=lambda shift: (held[shift], -shift))


def _in_order(score: FloatArray) -> FloatArray:
    """The scores, raised by ``IN_ORDER`` along the best chain of paths that runs forward in both recordings."""
    chain = best_chain(score, JUMP)
    raised = score.copy()
    for number in range(int(chain[:, 0].max(initial=-1)) + 1):
        own = chain[chain[:, 0] == number]
        rows = np.arange(own[0, 2], own[-1, 2] + 1)
        columns = np.round(np.interp(rows, own[:, 2], own[:, 3])).astype(np.int64)
        near = np.clip(columns[:, None] + np.arange(-2, 3), 0, score.shape[2] - 1)
        raised[own[0, 1], rows[:, None], near] = score[own[0, 1], rows[:, None], near] + np.float32(IN_ORDER)
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


def _telling(paths: list[CoarsePath], n: int, m: int) -> tuple[CoarsePath, ...]:
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
