"""Compiled beat tracking by dynamic programming."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt


@nb.njit(cache=True, nogil=True)
def track_beats(
    strength: npt.NDArray[np.float64], period: npt.NDArray[np.float64], tightness: float
) -> npt.NDArray[np.int64]:
    """Frames of the chain of beats with the largest total.

    strength, period : (n_frames,); period > 0, in frames. A beat at t adds ``strength[t]``; its distance d
    to the beat before costs ``tightness · ln(d / period[t])²``, d from half to twice the period.
    A chain may begin anywhere; it ends at the best total within the last one and a half periods.
    Two arrays of n_frames are kept. Ties prefer the earlier frame.
    """
    n = strength.size
    total = np.empty(n)
    before = np.full(n, -1, np.int64)
    for t in range(n):
        best, arg = 0.0, -1
        low = max(0, t - int(np.floor(2.0 * period[t])))
        high = t - max(1, int(np.ceil(0.5 * period[t])))
        for s in range(low, high + 1):
            off = np.log((t - s) / period[t])
            value = total[s] - tightness * off * off
            if value > best:
                best, arg = value, s
        total[t] = best + strength[t]
        before[t] = arg
    last = max(0, n - 1 - int(1.5 * period[n - 1]))
    end = last
    for t in range(last, n):
        if total[t] > total[end]:
            end = t
    count = 0
    t = end
    while t >= 0:
        count += 1
        t = before[t]
    beats = np.empty(count, np.int64)
    t = end
    for i in range(count - 1, -1, -1):
        beats[i] = t
        t = before[t]
    return beats
