"""A table of hashes: for each, everywhere it occurs in a number of recordings.

Recordings stand one after another on one axis of frames, with a gap between them, so that a place is one number. The
table is a few arrays, which can be mapped from files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Peaks
from ..types.peaks import BIN_STEPS
from .hash_kernels import count, place
from .hashes import PAIRS, Hashing, Words

GAP = 1024  # frames between recordings: more than a window of a query has in any warp
MOST_FRAMES = 2**32 - 2 * GAP
Longs = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.uint16]


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Hashes of ``n`` recordings.

    ``buckets (2 ** bits + 1,) int64``: hash ``h`` occurs at ``places[buckets[h]:buckets[h + 1]]``; ``places (m,)
    uint32``: frames on the common axis; ``starts (n + 1,) int64``: where each recording begins on it; ``peaks_from (n +
    1,) int64``: its first peak among ``frames (p,) uint32`` on the common axis and ``bins (p,) uint16``, sixteenths.
    """

    buckets: Longs
    places: Words
    starts: Longs
    peaks_from: Longs
    frames: Words
    bins: Shorts
    hashing: Hashing = PAIRS

    @property
    def n_recordings(self) -> int:
        """How many recordings there are."""
        return int(self.starts.size - 1)

    @property
    def n_frames(self) -> int:
        """Length of the common axis."""
        return int(self.starts[-1])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """All that it consists of, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "hashing"}


def table_of(peaks: Sequence[Peaks], hashing: Hashing = PAIRS) -> Table:
    """The table of these recordings, by counting sort: places of a bucket are in order.

    Raises InputError where they are longer together than one table holds: 27,000 hours.
    """
    starts = np.concatenate([[GAP], GAP + np.cumsum([p.n_frames + GAP for p in peaks])]).astype(np.int64)
    if starts[-1] > MOST_FRAMES:
        raise InputError(
            f"{starts[-1]} frames are more than a table's {MOST_FRAMES}; divide the recordings among tables"
        )
    counts = np.zeros(2**hashing.bits + 1, np.int64)
    made: list[tuple[Words, Words]] = []
    for one, start in zip(peaks, starts, strict=False):
        hashes, anchors = hashing.of(one.frames, one.bins)
        count(hashes, counts)
        made.append((hashes, (one.frames[anchors] + start).astype(np.uint32)))
    buckets = np.cumsum(counts)
    places = np.empty(int(buckets[-1]), np.uint32)
    following = buckets.copy()
    for hashes, at in made:
        place(hashes, at, following, places)
    every = [(p.frames + start).astype(np.uint32) for p, start in zip(peaks, starts, strict=False)]
    bins = [np.round(p.bins * BIN_STEPS).astype(np.uint16) for p in peaks]
    return Table(
        buckets,
        places,
        starts,
        np.concatenate([[0], np.cumsum([len(p) for p in peaks])]).astype(np.int64),
        np.concatenate([*every, np.zeros(0, np.uint32)]),
        np.concatenate([*bins, np.zeros(0, np.uint16)]),
        hashing,
    )
