"""How alike vectors are in each of the twelve keys, without torch: the twin of ``similarity.by_key`` in numpy."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import FloatArray

Spectra: TypeAlias = npt.NDArray[np.complex64]
AT_ONCE = 256
"""Rows of the query that are compared at once."""


def spectra(vectors: FloatArray) -> Spectra:
    """The vectors ``(n, dim, 12)`` in the Fourier domain of the pitch classes, ``(7, n, dim)``."""
    if vectors.ndim != 3 or vectors.shape[2] != 12:
        raise InputError(f"vectors to compare key by key have shape (n, dim, 12); got {vectors.shape}")
    turned: Any = np.fft.rfft(vectors.astype(np.float32, copy=False), axis=2)
    return np.ascontiguousarray(turned.transpose(2, 0, 1), dtype=np.complex64)


def products(query: Spectra, reference: Spectra) -> FloatArray:
    """``by_key`` of vectors that are in the Fourier domain already."""
    if query.shape[2] != reference.shape[2]:
        raise InputError(f"vectors of {query.shape[2]} and of {reference.shape[2]} features cannot be compared")
    turned = reference.conj().transpose(0, 2, 1)
    found = np.empty((query.shape[1], reference.shape[1], 12), dtype=np.float32)
    for at in range(0, query.shape[1], AT_ONCE):  # so that little more is held than the result
        spectrum = query[:, at : at + AT_ONCE] @ turned  # (7, rows, m)
        found[at : at + AT_ONCE] = np.fft.irfft(spectrum, n=12, axis=0).transpose(1, 2, 0)
    return found


def by_key(query: FloatArray, reference: FloatArray) -> FloatArray:
    """The dot product with the reference raised by 0…11 semitones, ``(n, m, 12)``.

    Parameters
    ----------
    query : (n, dim, 12)
    reference : (m, dim, 12)
        Vectors of length 1, or 0 in silence.

    Returns
    -------
    (n, m, 12) float32, in [-1, 1]

    Examples
    --------
    >>> c = np.zeros((1, 2, 12), np.float32)
    >>> c[0, 0, 0] = 1
    >>> d = np.roll(c, 2, axis=2)
    >>> int(by_key(query=d, reference=c)[0, 0].argmax())
    2
    """
    return products(spectra(query), spectra(reference))
