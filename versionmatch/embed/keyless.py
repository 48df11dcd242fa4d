"""How alike vectors are that have no axis of keys: one number a pair, by the measure that their model is meant for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import FloatArray, KeylessSegments, Segments
from ..types.keyless import MEASURES

AT_ONCE = 256
"""Rows of the query that are compared at once."""


def likeness(query: npt.ArrayLike, reference: npt.ArrayLike, measure: str) -> FloatArray:
    """How alike rows are, larger = more alike.

    Parameters
    ----------
    query : (n, dim)
    reference : (m, dim)
    measure : str
        ``"cosine"``: that of the angle, in [-1, 1]; 0 of a row that is 0. ``"mean-square"``: minus the squared
        Euclidean distance over ``dim``, at most 0, which two equal rows have.

    Returns
    -------
    (n, m) float32

    Raises
    ------
    InputError
        The rows are not of one length, or there is no such measure.

    Examples
    --------
    >>> likeness([[3.0, 0.0]], [[1.0, 0.0], [0.0, 2.0]], "cosine").tolist()
    [[1.0, 0.0]]
    >>> likeness([[3.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], "mean-square").tolist()
    [[-2.0, -5.0]]
    """
    q, r = (np.asarray(rows, dtype=np.float64) for rows in (query, reference))
    if q.ndim != 2 or r.ndim != 2 or q.shape[1] != r.shape[1] or q.shape[1] == 0:
        raise InputError(f"rows of equally many numbers are compared, (n, dim) and (m, dim); got {q.shape}, {r.shape}")
    if measure not in MEASURES:
        raise InputError(f"measure = {measure!r}; it must be one of {', '.join(MEASURES)}")
    if measure == "cosine":
        q, r = unit(q), unit(r)
    found = np.empty((q.shape[0], r.shape[0]), dtype=np.float32)
    squares = np.square(r).sum(axis=1)
    for at in range(0, q.shape[0], AT_ONCE):
        rows = q[at : at + AT_ONCE]
        products = rows @ r.T
        if measure == "mean-square":
            distances = np.square(rows).sum(axis=1)[:, None] + squares - 2 * products
            products = -np.maximum(distances, 0.0) / q.shape[1]
        found[at : at + AT_ONCE] = products
    return found


def table(query: KeylessSegments, reference: KeylessSegments) -> FloatArray:
    """How alike each segment of the query is to each of the reference, ``(n, m)``; ``embed.reduce`` makes one number.

    The mean of the ten best pairs of windows is how CLEWS compares two tracks (``best_pairs(10)``), the best pair how
    CoverHunter does (``best``). FeatureMismatch where the two are of different models.
    """
    query.check_comparable(reference)
    return likeness(query.vectors, reference.vectors, query.measure)


def whole_of(vectors: npt.NDArray[np.floating], measure: str) -> FloatArray:
    """One vector ``(dim,)`` of the segments' ``(n, dim)``: their mean; by cosine that of directions, of length 1.

    A recording of one segment is that segment. Of several it is a shortcut of this package, not of the papers.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    mean = unit(rows).mean(axis=0) if measure == "cosine" else rows.mean(axis=0)
    whole: FloatArray = (unit(mean[None])[0] if measure == "cosine" else mean).astype(np.float32)
    return whole


def unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rows of length 1; 0 stays 0."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: npt.NDArray[np.float64] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return found


def keyed(segments: Segments | KeylessSegments) -> Segments:
    """Segments that can be turned from key to key, themselves; InputError where they cannot."""
    if isinstance(segments, KeylessSegments):
        raise InputError(
            f"the vectors of the model {segments.model_id!r}, ({segments.dim},) each, have no axis of keys, so they "
            "cannot be compared key by key; use a model of 'chroma-equivariant-2', such as 'versions-v2', or compare "
            "these with embed.keyless.table"
        )
    return segments
