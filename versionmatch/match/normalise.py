"""Score normalisation: similarity measured against what each side is usually given."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import DoubleArray


def normalised(similarity: npt.ArrayLike, *, left_out: npt.ArrayLike | None = None) -> DoubleArray:
    """The mean of each pair's z-score in its row and in its column; no labels are used.

    Some recordings resemble everything (hubs): their large scores mean less. The diagonal and the pairs in
    ``left_out`` count neither towards a mean nor towards a deviation; they come out as 0.

    Parameters
    ----------
    similarity : (n, n)
        Larger = more alike.
    left_out : (n, n) bool, optional
        Pairs to disregard, such as items of one recording.

    Returns
    -------
    (n, n) float64
        In standard deviations; 0 in rows and columns that are constant.

    Examples
    --------
    >>> z = normalised([[0, 9, 1, 1], [9, 0, 1, 1], [1, 1, 0, 2], [1, 1, 2, 0]])
    >>> bool(z[0, 1] == z.max())
    True
    """
    table = np.asarray(similarity, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise InputError(f"a similarity matrix is square; got shape {table.shape}")
    keep = ~np.eye(table.shape[0], dtype=bool)
    if left_out is not None:
        keep &= ~np.asarray(left_out, dtype=bool)
    both = (_z(table, keep, axis=1) + _z(table, keep, axis=0)) / 2.0
    result: DoubleArray = np.where(keep, both, 0.0)
    return result


def _z(table: DoubleArray, keep: npt.NDArray[np.bool_], axis: int) -> DoubleArray:
    count = np.maximum(keep.sum(axis=axis, keepdims=True), 1)
    mean = np.where(keep, table, 0.0).sum(axis=axis, keepdims=True) / count
    off = np.where(keep, table - mean, 0.0)
    deviation = np.sqrt((off**2).sum(axis=axis, keepdims=True) / count)
    scale = np.abs(mean) + deviation
    flat = deviation <= 1e-12 * scale
    z: DoubleArray = np.where(flat, 0.0, off / np.where(flat, 1.0, deviation))
    return z
