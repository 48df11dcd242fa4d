"""Hashes: what of a few neighbouring peaks stays the same wherever they are heard.

A hash of two peaks is the bin of the first, and how many bins and frames the second is from it [1]_; one of three adds
a second partner, and is rarer by four orders of magnitude: for collections in which two do not tell enough apart.

References
----------
.. [1] Wang, "An industrial-strength audio search algorithm", 2003.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import FloatArray, IntArray
from .hash_kernels import PAIR_BITS, pairs, triples

Words = npt.NDArray[np.uint32]
N_BINS = 512
TIERS = ("pairs", "triples")


@dataclass(frozen=True, slots=True)
class Hashing:
    """How peaks become hashes.

    Parameters
    ----------
    tier : str
        ``"pairs"`` of peaks, or ``"triples"``.
    kept, asked : int
        With how many later peaks each is joined: of what is indexed, and of a query. An index is sparse and a query
        dense, since a query is heard once and an index is kept.
    bits : int
        Size of a hash; 22 for pairs, up to 32 for triples.
    """

    tier: str = "pairs"
    kept: int = 5
    asked: int = 8
    bits: int = PAIR_BITS

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise InputError(f"there are no hashes of {self.tier!r}; there are: {', '.join(TIERS)}")
        if not (1 <= self.kept <= 64 and 1 <= self.asked <= 64):
            raise InputError(f"a peak is joined with 1 to 64 others; got {self.kept} and {self.asked}")
        if not (self.bits == PAIR_BITS if self.tier == "pairs" else PAIR_BITS <= self.bits <= 32):
            raise InputError(f"{self.bits} bits; pairs have {PAIR_BITS}, triples {PAIR_BITS} to 32")

    def of(self, frames: IntArray, bins: FloatArray, *, asked: bool = False) -> tuple[Words, IntArray]:
        """Hashes and the index of the peak that each starts from, ``(m,)``; peaks sorted by frame, bins below 512."""
        whole = np.minimum(np.floor(bins + np.float32(0.5)), N_BINS - 1).astype(np.int32)
        fan = self.asked if asked else self.kept
        found: tuple[Words, IntArray] = (
            pairs(frames, whole, fan) if self.tier == "pairs" else triples(frames, whole, fan, self.bits)
        )
        return found


PAIRS = Hashing()
TRIPLES = Hashing("triples", 5, 6, 26)
