"""What a recording is recognised by: learned vectors of its overlapping segments, and one of the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import FeatureMismatch, InputError
from .value import DoubleArray, FloatArray, Value, frozen

LENGTH_TOLERANCE = 1e-3
"""How far a vector's length may lie from 1."""


@dataclass(frozen=True, eq=False, slots=True)
class Segments(Value):
    """Vectors of a recording's segments and of the whole, by one model; the last axis are the twelve pitch classes.

    A recording ``t`` semitones higher has the same vectors rotated: ``np.roll(vectors, t, axis=-1)``. Every vector has
    length 1 over both its axes, or is 0 where the segment is silent.

    Parameters
    ----------
    vectors : (n, dim, 12) float32
        One of each segment, n ≥ 1.
    starts_s : (n,) float64
        Where each segment starts, seconds, ascending.
    length_s : float
        How long a segment is; the same for all.
    whole : (dim, 12) float32
        The vector of the whole recording.
    model_id : str
        Only vectors of one model can be compared.
    settings : str
        Digest of everything that shaped the values.
    model_digest : str
        The sha256 of the model's weights; empty where it is not known.
    """

    vectors: FloatArray
    starts_s: DoubleArray
    length_s: float
    whole: FloatArray
    model_id: str
    settings: str = ""
    kind: str = "segments"
    model_digest: str = ""

    def __post_init__(self) -> None:
        vectors, whole = frozen(self.vectors, np.float32), frozen(self.whole, np.float32)
        starts_s = frozen(self.starts_s, np.float64)
        if vectors.ndim != 3 or vectors.shape[2] != 12 or vectors.shape[0] == 0:
            raise InputError(f"segments need vectors of shape (n ≥ 1, dim, 12); got {vectors.shape}")
        if whole.shape != vectors.shape[1:]:
            raise InputError(f"the whole's vector must have the segments' shape {vectors.shape[1:]}; got {whole.shape}")
        if starts_s.shape != vectors.shape[:1] or not np.isfinite(starts_s).all():
            raise InputError(f"{vectors.shape[0]} segments need as many finite starts; got shape {starts_s.shape}")
        if starts_s[0] < 0 or (np.diff(starts_s) <= 0).any():
            raise InputError("segments must start at 0 s or later, each after the one before it")
        if not 0 < self.length_s < float("inf"):
            raise InputError(f"segments must last longer than 0 s; got {self.length_s}")
        _check_lengths(vectors, "segment {}")
        _check_lengths(whole[None], "the whole")
        for name, value in (("vectors", vectors), ("starts_s", starts_s), ("whole", whole)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return int(self.vectors.shape[0])

    @property
    def dim(self) -> int:
        """Features of a vector; it has ``12 * dim`` numbers."""
        return int(self.vectors.shape[1])

    @property
    def ends_s(self) -> DoubleArray:
        """Where each segment ends, seconds."""
        ends: DoubleArray = self.starts_s + self.length_s
        return ends

    @property
    def silent(self) -> npt.NDArray[np.bool_]:
        """Which segments hold no sound, ``(n,)``."""
        silent: npt.NDArray[np.bool_] = np.logical_not(self.vectors.any(axis=(1, 2)))
        return silent

    def check_comparable(self, other: Segments) -> None:
        """Raise FeatureMismatch unless both are of one model and of the same settings.

        Of the weights' digests only if both are known.
        """
        for what in ("model_id", "settings", "dim"):
            mine, theirs = getattr(self, what), getattr(other, what)
            if mine != theirs:
                raise FeatureMismatch(f"{what} of the segments differs: {mine!r} against {theirs!r}; use one model")
        check_weights(self.model_id, self.model_digest, other.model_digest)


def check_weights(model_id: str, mine: str, theirs: str) -> None:
    """Raise FeatureMismatch where two digests of one model's weights are known and differ."""
    if mine and theirs and mine != theirs:
        raise FeatureMismatch(
            f"the weights of {model_id!r} differ: sha256 {mine[:12]}… against {theirs[:12]}…; use one model"
        )


def _check_lengths(vectors: FloatArray, what: str) -> None:
    lengths = np.sqrt(np.einsum("nij,nij->n", vectors, vectors, dtype=np.float64))
    right = (lengths == 0) | (np.abs(lengths - 1) <= LENGTH_TOLERANCE)  # not of what is not finite
    if not right.all():
        at = int(right.argmin())
        raise InputError(
            f"the vector of {what.format(at)} has length {lengths[at]:.4f}; it must have 1, or 0 in silence"
        )
