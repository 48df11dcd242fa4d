"""Compiled comparison of a query's peaks with those of a recording. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
Shorts = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int16]
Flags = npt.NDArray[np.bool_]

COLUMNS = 1024  # half bins
AT_ONCE, MOMENT = 2, 4.0
LEAST_SPREAD = 1.0  # hits


@nb.njit(cache=True, nogil=True)
def paint(frames: Ints, halves: Ints, n_frames: int, slack: int) -> Cells:
    """A picture ``(n_frames, 1024)`` of peaks: in each cell the number, from 1 on, of a peak near it, else 0.

    Near is within one frame and ``slack`` half bins; a peak's own frame and half bins win over a neighbour's.
    """
    picture = np.zeros((n_frames, COLUMNS), np.int16)
    for near in (1, 0):
        for i in range(frames.size):
            for t in range(max(0, frames[i] - near), min(n_frames, frames[i] + near + 1)):
                for f in range(max(0, halves[i] - slack), min(COLUMNS, halves[i] + slack + 1)):
                    picture[t, f] = i + 1
    return picture


@nb.njit(cache=True, nogil=True)
def heard(frames: Longs, bins: Floats, tempo: float, pitch: float) -> tuple[Ints, Ints]:
    """Where peaks of a recording would be in a query of that tempo and pitch, in frames and half bins.

    ``frames`` count from where the query begins.
    """
    times, halves = np.empty(frames.size, np.int32), np.empty(frames.size, np.int32)
    for i in range(frames.size):
        times[i] = np.floor(frames[i] / tempo + 0.5)
        half = np.floor(np.float32(2) * (bins[i] * np.float32(pitch)) + np.float32(0.5))
        halves[i] = min(half, COLUMNS - 1)
    return times, halves


@nb.njit(cache=True, nogil=True)
def closest(picture: Cells, frames: Longs, bins: Floats, tempi: Doubles, pitches: Doubles) -> tuple[int, int, int]:
    """In which of the warps, and how many frames later, most peaks fall on one of the picture: hits, warp, frames.

    Up to one frame either way; ties: the first warp, then no frames, then one earlier.
    """
    best, which, step = -1, 0, 0
    counts = np.empty(3, np.int64)
    for w in range(tempi.size):
        times, halves = heard(frames, bins, tempi[w], pitches[w])
        counts[:] = 0
        for i in range(times.size):
            for k in range(3):
                t = times[i] + k - 1
                if 0 <= t < picture.shape[0] and picture[t, halves[i]] > 0:
                    counts[k] += 1
        for k in (1, 0, 2):
            if counts[k] > best:
                best, which, step = counts[k], w, k - 1
    return best, which, step


@nb.njit(cache=True, nogil=True)
def hits_at(
    picture: Cells, frames: Words, bins: Shorts, owned: Longs, offsets: Longs, ends: Longs, warps: Doubles, steps: int
) -> Longs:
    """Hits and peaks at each of several places of a table, ``(k, 2)``.

    ``owned (k, 2)``: the peaks of the recording, ``offsets``, ``ends (k,)``: the part of the axis that is the query's,
    two frames of grace before it; ``warps (k, 2)``: tempo and pitch; ``steps``: parts of a bin in ``bins``.
    """
    found = np.zeros((offsets.size, 2), np.int64)
    for k in range(offsets.size):
        own = frames[owned[k, 0] : owned[k, 1]]
        low = owned[k, 0] + np.searchsorted(own, max(0, offsets[k] - 2))
        high = owned[k, 0] + np.searchsorted(own, ends[k])
        from_start = frames[low:high].astype(np.int64) - offsets[k]
        its_bins = bins[low:high] / np.float32(steps)
        found[k, 0] = closest(picture, from_start, its_bins, warps[k, :1], warps[k, 1:])[0]
        found[k, 1] = high - low
    return found


@nb.njit(cache=True, nogil=True)
def chances(picture: Cells, strong: Flags, frames: Ints, halves: Ints, shifts: Ints) -> Doubles:
    """How likely each peak is to fall on a weak (row 0) or a strong one (row 1) of the picture by chance, ``(2, n)``.

    That is how often it does at wrong offsets. They go round: what is moved out of the picture at one end comes in at
    the other. A steady tone meets itself at every offset and is likely to; a rare peak is half as likely as the peaks
    are on average, or more. ``strong``: by number of the picture's peaks.
    """
    n, n_rows = frames.size, picture.shape[0]
    own = np.zeros((2, n), np.float64)
    total = np.zeros(2, np.float64)
    for i in range(n):
        for shift in shifts:
            row = frames[i] + shift
            which = picture[row - n_rows if row >= n_rows else row, halves[i]]
            if which > 0:
                kind = 1 if strong[which - 1] else 0
                own[kind, i] += 1.0
                total[kind] += 1.0
    for kind in range(2):
        mean = (total[kind] + 0.5) / (n * shifts.size + 50.0)
        for i in range(n):
            own[kind, i] = (own[kind, i] + shifts.size * mean) / (2.0 * shifts.size)
    return own


@nb.njit(cache=True, nogil=True)
def standing(picture: Cells, weights: Floats, frames: Ints, halves: Ints, shifts: Ints) -> float:
    """How far what is met here lies above what is met at wrong offsets, in standard deviations of the latter.

    ``weights``: what meeting each of the picture's peaks counts, by number. Offsets go round, as in ``chances``. The
    deviation is at least ``LEAST_SPREAD``.
    """
    n, n_rows = frames.size, picture.shape[0]
    here, total, squares = 0.0, 0.0, 0.0
    for k in range(shifts.size + 1):
        shift = shifts[k] if k < shifts.size else np.int32(0)
        there = 0.0
        for i in range(n):
            row = frames[i] + shift
            which = picture[row - n_rows if row >= n_rows else row, halves[i]]
            if which > 0:
                there += weights[which - 1]
        if k == shifts.size:
            here = there
        else:
            total += there
            squares += there * there
    mean = total / shifts.size
    spread = np.sqrt(max(squares / shifts.size - mean * mean, 0.0))
    return float((here - mean) / max(spread, LEAST_SPREAD))


@nb.njit(cache=True, nogil=True)
def best_stretch(
    picture: Cells, strong: Flags, frames: Ints, halves: Ints, chance: Doubles, rates: Doubles
) -> tuple[float, int, int, int]:
    """The stretch that speaks most for the same sound: log-likelihood ratio, first and last peak, hits.

    Within the stretch the sound has survived so that a peak is found again, as a weak or a strong one, at one of the
    ``rates (k, 2)``, else by ``chance (2, n)``; what lies outside says nothing. The ratio is the largest over the
    rates. Peaks that sound at once are the partials of few notes: a moment of ``AT_ONCE`` frames says no more than
    ``MOMENT`` nats. Peaks in order of time; ``(0, 0, -1, 0)`` where nothing speaks for it.
    """
    best, first, last = 0.0, 0, -1
    for k in range(rates.shape[0]):
        lost = 1.0 - rates[k, 0] - rates[k, 1]
        miss = np.log(lost)
        total, start = 0.0, 0
        since, said = 0, MOMENT + 1.0
        for i in range(frames.size):
            if i == 0 or abs(frames[i] - since) > AT_ONCE:
                since, said = frames[i], 0.0
            which = picture[frames[i], halves[i]]
            if which > 0:
                kind = 1 if strong[which - 1] else 0
                gain = min(np.log(rates[k, kind] / chance[kind, i] + lost), MOMENT - said)
                total, said = total + gain, said + max(gain, 0.0)
            else:
                total += miss
            if total <= 0.0:
                total, start = 0.0, i + 1
            elif total > best:
                best, first, last = total, start, i
    found = 0
    for i in range(first, last + 1):
        if picture[frames[i], halves[i]] > 0:
            found += 1
    return best, first, last, found


@nb.njit(cache=True, nogil=True)
def met(picture: Cells, frames: Ints, halves: Ints) -> Ints:
    """For each peak the number of the picture's peak that it falls on, or -1."""
    which = np.full(frames.size, -1, np.int32)
    for i in range(frames.size):
        which[i] = picture[frames[i], halves[i]] - 1
    return which


@nb.njit(cache=True, nogil=True)
def on_time(
    times: Doubles, bins: Floats, frames: Ints, its_bins: Floats, reach: int, near: float, close: float
) -> tuple[int, int]:
    """How many peaks have a peak of the other near, and how many of them at the same moment.

    ``times`` (frames of the other, sorted) and ``bins`` are the one's peaks, ``frames`` and ``its_bins`` the other's.
    Near is within ``reach`` frames and ``near`` bins, the nearest in frequency counting; the same moment ``close``.
    """
    n_near, n_close, first = 0, 0, 0
    for i in range(times.size):
        while first < frames.size and frames[first] < times[i] - reach:
            first += 1
        best, apart = near, 0.0
        found = False
        j = first
        while j < frames.size and frames[j] <= times[i] + reach:
            away = abs(its_bins[j] - bins[i])
            if away <= best:
                best, apart, found = away, abs(frames[j] - times[i]), True
            j += 1
        if found:
            n_near += 1
            if apart <= close:
                n_close += 1
    return n_near, n_close
