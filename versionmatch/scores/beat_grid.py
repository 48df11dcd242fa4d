"""Quarter notes laid over the beats of a recording, so that what is heard can be written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Annotation, DoubleArray
from ..types.value import Value, frozen

QUARTER_S = 0.5  # where no beat is known
SHORTEST_S, LONGEST_S = 0.03, 4.0


@dataclass(frozen=True, eq=False, slots=True)
class BeatGrid(Value):
    """Each beat is a quarter: ``times_s (n ≥ 2,)`` are those of quarter 0, 1, 2 …; the first is 0 s.

    ``lead`` is how many quarters were put before the first beat, so that writing begins where the recording does.
    """

    times_s: DoubleArray
    lead: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", frozen(self.times_s, np.float64))

    @classmethod
    def of(cls, beats: Annotation | None) -> BeatGrid:
        """The grid of found beats; without two of them a quarter lasts 0.5 s.

        Beats nearer than 30 ms are one; where none was found for more than 4 s, quarters are put in.

        >>> grid = BeatGrid.of(Annotation("beats", [1.0, 1.5, 2.5], [0, 0, 0], ("",) * 3, [1, 1, 1]))
        >>> grid.lead, grid.times_s.tolist()
        (1, [0.0, 1.0, 1.5, 2.5])
        >>> grid.quarters(np.array([0.5, 2.0, 3.5])).tolist()
        [0.5, 2.5, 4.0]
        """
        found = np.zeros(0) if beats is None else np.asarray(beats.onset_s)
        kept = _apart(found.tolist())
        if len(kept) < 2:
            return cls(np.array([0.0, QUARTER_S]))
        lead = 0
        if kept[0] < SHORTEST_S:
            kept[0] = 0.0
        else:
            lead = max(1, round(kept[0] / float(np.median(np.diff(kept[:5])))))
            kept = [*np.linspace(0.0, kept[0], lead + 1)[:-1].tolist(), *kept]
        return cls(np.array(_filled(kept)), lead)

    def quarters(self, times_s: DoubleArray) -> DoubleArray:
        """Where these times lie, in quarters; behind the last beat its tempo goes on."""
        at = np.clip(np.searchsorted(self.times_s, times_s, side="right") - 1, 0, self.times_s.size - 2)
        low = self.times_s[at]
        placed: DoubleArray = at + (times_s - low) / (self.times_s[at + 1] - low)
        return placed

    @property
    def tempi(self) -> DoubleArray:
        """Quarters a minute from each quarter on, ``(n - 1,)``."""
        speed: DoubleArray = 60.0 / np.diff(self.times_s)
        return speed


def _apart(times: list[float]) -> list[float]:
    kept: list[float] = []
    for time in times:
        if not kept or time - kept[-1] >= SHORTEST_S:
            kept.append(time)
    return kept


def _filled(times: list[float]) -> list[float]:
    out = times[:1]
    for time in times[1:]:
        n = max(1, int(np.ceil((time - out[-1]) / LONGEST_S)))
        out += np.linspace(out[-1], time, n + 1)[1:].tolist()
    return out
