"""What one step of an alignment costs: 1 minus the cosine of two frames.

Frames are columns. They are scaled to unit length once, so that the cost of a pair is ``1 - x @ y``:
0 for the same direction, 1 for orthogonal frames, 2 for opposite ones. A frame of zeros (silence) has no
direction; it stays zero and therefore costs 1 against everything, itself included.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import DoubleArray, FloatArray

TINY = 1e-30
"""A column shorter than this is silence."""


def unit_columns(values: npt.ArrayLike) -> FloatArray:
    """The same columns at unit length, ``(n_features, n_frames) float32``; columns of zeros stay zero.

    Raises InputError unless ``values`` is a finite matrix with at least one row and one column.

    >>> unit_columns([[3.0, 0.0], [4.0, 0.0]]).tolist()
    [[0.6000000238418579, 0.0], [0.800000011920929, 0.0]]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"an alignment needs frames of shape (n_features ≥ 1, n_frames ≥ 1); got {array.shape}")
    length = np.sqrt(np.einsum("kn,kn->n", array, array))
    if not np.isfinite(length).all():
        raise InputError(f"frame {int((~np.isfinite(length)).argmax())} is not finite; extract the feature again")
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > TINY)
    return np.ascontiguousarray(array * scale, dtype=np.float32)


def cost_matrix(query: npt.ArrayLike, reference: npt.ArrayLike) -> DoubleArray:
    """Every pair's cost, ``(n_query, n_reference) float64``: for pictures and for small inputs.

    The alignments never build it. Raises InputError when the rows differ in number.
    """
    x, y = unit_columns(query), unit_columns(reference)
    if x.shape[0] != y.shape[0]:
        raise InputError(f"the query has {x.shape[0]} rows, the reference {y.shape[0]}; extract both alike")
    costs: DoubleArray = 1.0 - x.astype(np.float64).T @ y.astype(np.float64)
    return costs
