"""Vectors of a recording's segments by a model that knows no keys: nothing in them turns with a transposition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import FeatureMismatch, InputError
from .segments import check_weights
from .value import DoubleArray, FloatArray, Value, frozen

MEASURES = ("cosine", "mean-square")
"""How vectors are compared: by their cosine, or by the mean square of their difference."""


@dataclass(frozen=True, eq=False, slots=True)
class KeylessSegments(Value):
    """Vectors ``(n, dim)`` of a recording's segments and of the whole, by one model; they have no axis of keys.

    ``Segments`` are what can be turned from key to key. These can not: how alike two are is one number, and no key can
    be read off them. Their length is what the model makes it.

    Parameters
    ----------
    vectors : (n, dim) float32
        One of each segment, n ≥ 1, finite.
    starts_s, ends_s : (n,) float64
        Where each segment starts, seconds, ascending, and where it ends: at the recording's end at the latest.
    whole : (dim,) float32
        One vector of the whole recording.
    model_id : str
        Only vectors of one model can be compared.
    model_digest : str
        The sha256 of its weights; empty where it is not known.
    measure : str
        One of ``MEASURES``: how the model means its vectors to be compared.

    Raises
    ------
    InputError
        A shape, a time or a number is not as above.
    """

    vectors: FloatArray
    starts_s: DoubleArray
    ends_s: DoubleArray
    whole: FloatArray
    model_id: str
    model_digest: str = ""
    measure: str = "cosine"

    def __post_init__(self) -> None:
        vectors, whole = frozen(self.vectors, np.float32), frozen(self.whole, np.float32)
        starts_s, ends_s = frozen(self.starts_s, np.float64), frozen(self.ends_s, np.float64)
        if vectors.ndim != 2 or 0 in vectors.shape:
            raise InputError(f"keyless segments need vectors of shape (n ≥ 1, dim ≥ 1); got {vectors.shape}")
        if whole.shape != vectors.shape[1:]:
            raise InputError(f"the whole's vector must have the segments' shape {vectors.shape[1:]}; got {whole.shape}")
        if not starts_s.shape == ends_s.shape == vectors.shape[:1] or not np.isfinite([starts_s, ends_s]).all():
            raise InputError(
                f"{vectors.shape[0]} segments need as many finite starts and ends; got {starts_s.shape}, {ends_s.shape}"
            )
        if starts_s[0] < 0 or (np.diff(starts_s) <= 0).any() or (ends_s <= starts_s).any():
            raise InputError("segments must start at 0 s or later, each after the one before it, and end after that")
        broken = ~np.isfinite(vectors).all(axis=1)
        if broken.any() or not np.isfinite(whole).all():
            where = f"segment {int(broken.argmax())}" if broken.any() else "the whole"
            raise InputError(f"the vector of {where} by the model {self.model_id!r} is not finite")
        if self.measure not in MEASURES:
            raise InputError(f"measure = {self.measure!r}; it must be one of {', '.join(MEASURES)}")
        for name, value in (("vectors", vectors), ("starts_s", starts_s), ("ends_s", ends_s), ("whole", whole)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return int(self.vectors.shape[0])

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return int(self.vectors.shape[1])

    def check_comparable(self, other: KeylessSegments) -> None:
        """Raise FeatureMismatch unless both are of one model, with the same weights where both say which."""
        for what in ("model_id", "dim", "measure"):
            mine, theirs = getattr(self, what), getattr(other, what, None)
            if mine != theirs:
                raise FeatureMismatch(f"{what} of the segments differs: {mine!r} against {theirs!r}; use one model")
        check_weights(self.model_id, self.model_digest, other.model_digest)
