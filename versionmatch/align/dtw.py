"""Dynamic time warping: the cheapest way through two recordings at once [1]_.

A path visits pairs of frames ``(i, j)`` and goes on to ``(i + 1, j + 1)``, ``(i + 1, j)`` or ``(i, j + 1)``; it
costs 1 minus the cosine of the two frames at every pair visited, whichever step led there. Of ways that cost the
same the diagonal step is taken first, then the one that advances the query alone, then the reference alone
(looking back from the end); of ends that cost the same, the first.

Results are exact. Totals are summed so that they equal a float64 computation to 1e-6 relative, or to 1e-7 a step
where the recordings are so alike that rounding is all that is left. Memory grows like ``(n * m) ** (2 / 3)``: some
6 MB for two recordings of 12000 frames with the path, some 2 MB without.

.. [1] Sakoe, Chiba, "Dynamic programming algorithm optimization for spoken word recognition", 1978; for subsequences
   Müller, "Fundamentals of Music Processing", section 7.2.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ..errors import FeatureMismatch, InputError
from ..types import Alignment, DoubleArray, Features, FloatArray, IntArray
from . import dtw_kernels as kernels
from .path import band_window, checked_window
from .simd_kernels import FAR, PAD, ROWS

CHUNK_FRAMES = 1 << 18
"""How many frames of references are laid side by side at a time."""
_NO_WINDOW = np.empty((0, 2), np.int32)


def dtw(
    query: Features,
    reference: Features,
    *,
    band: float | None = None,
    window: IntArray | None = None,
    subsequence: bool = False,
    open_begin: bool = False,
    open_end: bool = False,
) -> Alignment:
    """The cheapest alignment of two recordings: its path, and its mean cost per step (1 minus cosine, 0 to 2).

    Parameters
    ----------
    query, reference : Features
        Comparable features of any number of rows. A silent frame (all zeros) costs 1 against everything.
    band : float, optional
        Sakoe-Chiba band: half width as a share of the longer recording, 0 to 1; see ``path.band_window``.
    window : (n_query, 2) int array, optional
        Query frame ``i`` may meet the reference frames ``window[i, 0] <= j < window[i, 1]`` only.
    subsequence : bool
        The whole query against any stretch of the reference: both of the following.
    open_begin, open_end : bool
        The reference may begin before, or go on after, what the query answers to, at no cost.

    Raises
    ------
    FeatureMismatch
        The two differ in kind, rate, settings or rows.
    InputError
        A side has no frames, or no path fits through the window, or a band meets open ends.

    Examples
    --------
    >>> scale = Features("chroma", np.eye(12)[:, [0, 2, 4, 5, 7]], frame_rate=2.0)
    >>> slow_middle = Features("chroma", np.eye(12)[:, [2, 4, 4, 5]], frame_rate=2.0)
    >>> found = dtw(slow_middle, scale, subsequence=True)
    >>> found.path.tolist(), found.cost
    ([[0, 1], [1, 2], [2, 2], [3, 3]], 0.0)
    """
    query.check_comparable(reference)
    path, total = dtw_path(
        query.values,
        reference.values,
        band=band,
        window=window,
        open_begin=open_begin or subsequence,
        open_end=open_end or subsequence,
    )
    return Alignment(path, total / path.shape[0], query.frame_rate, reference.frame_rate)


def dtw_path(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    band: float | None = None,
    window: IntArray | None = None,
    open_begin: bool = False,
    open_end: bool = False,
) -> tuple[IntArray, float]:
    """Path ``(n_steps, 2) int32`` and total cost of the cheapest alignment of two frame matrices; see ``dtw``.

    ``x (n_rows, n)`` and ``y (n_rows, m)`` hold a frame per column, of any length; the total is that of the path,
    summed in float64.
    """
    xs, ys = _both(x, y)
    n, m = xs.shape[1] - 2 * PAD, ys.shape[1] - 2 * PAD
    limits = _limits(n, m, band, window, open_begin, open_end)
    spacing, n_strips = _spacing(n, m), -(-n // ROWS)
    bases, top = np.empty(n_strips), np.empty(m + 2 * PAD, np.float32)
    rows = np.empty((-(-n_strips * ROWS // spacing), m + 2 * PAD), np.float32)
    columns = np.full((m // spacing, n_strips * ROWS), FAR, np.float32)
    base = kernels.forward(xs, ys, limits, open_begin, top, spacing, bases, rows, columns)
    _, end = kernels.last_total(top, base, m, open_end)
    path = kernels.trace(xs, ys, limits, open_begin, end, spacing, bases, rows, columns)
    return path, max(kernels.path_total(xs, ys, path), 0.0)


def dtw_total(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    band: float | None = None,
    window: IntArray | None = None,
    open_begin: bool = False,
    open_end: bool = False,
) -> float:
    """Total cost alone of the cheapest alignment of two frame matrices: faster than ``dtw_path``, same meaning."""
    xs, ys = _both(x, y)
    n, m = xs.shape[1] - 2 * PAD, ys.shape[1] - 2 * PAD
    limits = _limits(n, m, band, window, open_begin, open_end)
    if limits.size and m > 8 * n:  # the partial totals of so long a row keep fewer digits than a path's own sum
        return dtw_path(x, y, window=limits, open_begin=open_begin, open_end=open_end)[1]
    return _total(xs, ys, limits, open_begin, open_end)


def dtw_cost(query: Features, reference: Features, *, band: float | None = None, subsequence: bool = False) -> float:
    """Total cost alone of the cheapest alignment: what ``dtw`` finds, times its number of steps, but faster.

    >>> chord = Features("chroma", np.ones((12, 3)), frame_rate=2.0)
    >>> other = Features("chroma", np.eye(12)[:, :1].repeat(3, axis=1), frame_rate=2.0)
    >>> round(dtw_cost(chord, other), 4)  # three steps of 1 - 1 / sqrt(12)
    2.134
    """
    query.check_comparable(reference)
    return dtw_total(query.values, reference.values, band=band, open_begin=subsequence, open_end=subsequence)


def dtw_costs(query: Features, references: Sequence[Features]) -> DoubleArray:
    """Total cost of the query's alignment to the whole of each reference, ``(n,)``."""
    return _against_many(query, references, subsequence=False)[0]


def subsequence_costs(query: Features, references: Sequence[Features]) -> DoubleArray:
    """Total cost of the query's best place in each reference, ``(n,)``: the whole query, free in the reference.

    >>> tune = Features("chroma", np.eye(12)[:, [0, 4, 7, 4, 0, 5]], frame_rate=2.0)
    >>> subsequence_costs(tune.between(0.5, 2.0), [tune, tune.transposed(1)]).tolist()
    [0.0, 3.0]
    """
    return _against_many(query, references, subsequence=True)[0]


def subsequence_places(query: Features, references: Sequence[Features]) -> tuple[DoubleArray, IntArray]:
    """As ``subsequence_costs``, and the reference frame where each best place ends, ``(n,)`` both."""
    return _against_many(query, references, subsequence=True)


def best_transposition(query: Features, reference: Features, *, subsequence: bool = False) -> tuple[int, DoubleArray]:
    """Semitones to raise the reference by so that the alignment is cheapest, and all twelve total costs.

    Slower and surer than ``oti.optimal_transposition``, which only looks at the average chroma. Ties: the smallest.

    >>> tune = Features("chroma", np.eye(12)[:, [0, 4, 7, 4, 0, 5]], frame_rate=2.0)
    >>> best_transposition(tune.transposed(3), tune)[0]
    3
    """
    query.check_comparable(reference)
    if query.values.shape[0] != 12:
        raise FeatureMismatch(f"a transposition needs chroma of 12 rows; {query.kind} has {query.values.shape[0]}")
    x, y = _both(query.values, reference.values)
    costs = np.array([_total(x, np.roll(y, t, axis=0), _NO_WINDOW, subsequence, subsequence) for t in range(12)])
    return int(costs.argmin()), costs


def _against_many(
    query: Features, references: Sequence[Features], *, subsequence: bool
) -> tuple[DoubleArray, IntArray]:
    for reference in references:
        query.check_comparable(reference)
        if reference.n_frames == 0:
            raise InputError(f"a reference of {reference.kind} has no frames; leave it out")
    x = _padded(query.values)
    totals, ends = [np.empty(0)], [np.empty(0, np.int32)]
    for chunk in _chunks(references):
        bounds = np.cumsum([0] + [reference.n_frames for reference in chunk])
        frames = np.concatenate([reference.values for reference in chunk], axis=1)
        found = kernels.many_totals(x, frames, bounds, subsequence)
        totals.append(np.maximum(found[0], 0.0))
        ends.append(found[1])
    return np.concatenate(totals), np.concatenate(ends)


def _chunks(references: Sequence[Features]) -> Iterator[list[Features]]:
    chunk: list[Features] = []
    n_frames = 0
    for reference in references:
        if chunk and n_frames + reference.n_frames > CHUNK_FRAMES:
            yield chunk
            chunk, n_frames = [], 0
        chunk.append(reference)
        n_frames += reference.n_frames
    if chunk:
        yield chunk


def _total(x: FloatArray, y: FloatArray, limits: IntArray, open_begin: bool, open_end: bool) -> float:
    return max(float(kernels.whole_total(x, y, limits, open_begin, open_end)[0]), 0.0)


def _both(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    xs, ys = _padded(x), _padded(y)
    if xs.shape[0] != ys.shape[0]:
        raise InputError(f"the query has {xs.shape[0]} rows, the reference {ys.shape[0]}; extract both alike")
    return xs, ys


def _padded(values: npt.ArrayLike) -> FloatArray:
    """Unit columns with the kernels' margins."""
    frames = np.ascontiguousarray(values, dtype=np.float32)
    if frames.ndim != 2 or 0 in frames.shape:
        raise InputError(f"an alignment needs frames of shape (n_features ≥ 1, n_frames ≥ 1); got {frames.shape}")
    padded = np.zeros((frames.shape[0], frames.shape[1] + 2 * PAD), np.float32)
    bad = kernels.unit_frames(frames, padded)
    if bad >= 0:
        raise InputError(f"frame {bad} is not finite; extract the feature again")
    return padded


def _limits(n: int, m: int, band: float | None, window: IntArray | None, open_begin: bool, open_end: bool) -> IntArray:
    if band is not None and (window is not None or open_begin or open_end):
        raise InputError(
            "a band follows the diagonal from corner to corner; with open ends pass a window instead of it"
        )
    if band is not None:
        window = band_window(n, m, band)
    if window is None:
        return _NO_WINDOW
    return checked_window(window, n, m, open_begin=open_begin, open_end=open_end)


def _spacing(n: int, m: int) -> int:
    """Rows and columns between checkpoints: what balances their memory against the tiles computed again."""
    balanced: float = 0.3 * (4.0 * n * m) ** (1 / 3)
    return max(128, ROWS * round(balanced / ROWS))
