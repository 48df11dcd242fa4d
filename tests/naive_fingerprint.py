"""Slow, readable twins of the fingerprint kernels."""

from __future__ import annotations

import numpy as np


def highest_around(levels: np.ndarray, rows: int, bins: int) -> np.ndarray:
    """Maximum of each cell and those up to ``rows`` and ``bins`` away."""
    out = np.empty_like(levels)
    for t in range(levels.shape[0]):
        for f in range(levels.shape[1]):
            out[t, f] = levels[max(0, t - rows) : t + rows + 1, max(0, f - bins) : f + bins + 1].max()
    return out


def outrank(frames, heights, reach: int, most: int) -> list[bool]:
    """Which peaks have fewer than ``most`` higher ones within ``reach`` frames; of equals the earlier is higher."""
    kept = []
    for i, (frame, height) in enumerate(zip(frames, heights, strict=True)):
        near = [j for j, other in enumerate(frames) if abs(other - frame) <= reach]
        kept.append(sum((-heights[j], j) < (-height, i) for j in near) < most)
    return kept


def pairs(frames, bins, fan: int) -> list[tuple[int, int]]:
    """Hash and first peak of each pair: ``bin · 2^13 + (partner's bin - bin + 64) · 2^6 + frames between``."""
    found = []
    for i in range(len(frames)):
        partners = [
            j for j in range(i + 1, len(frames)) if 2 <= frames[j] - frames[i] <= 63 and abs(bins[j] - bins[i]) <= 63
        ]
        found += [
            (bins[i] * 2**13 + (bins[j] - bins[i] + 64) * 2**6 + frames[j] - frames[i], i) for j in partners[:fan]
        ]
    return found


def votes(places: dict[int, list[int]], hashes, times, slack: int = 0) -> dict[int, int]:
    """How many hashes of the query say that it begins at each place.

    With ``slack``, those whose last 6 bits differ by so much count, too.
    """
    count: dict[int, int] = {}
    for h, t in zip(hashes, times, strict=True):
        near = [g for g in places if g // 64 == int(h) // 64 and abs(g - int(h)) <= slack]
        for place in (place for g in near for place in places[g]):
            count[place - int(t)] = count.get(place - int(t), 0) + 1
    return count


def standing(picture, weights, frames, halves, shifts) -> float:
    """What is met here above the mean of what is met at wrong offsets, by their standard deviation, 1 at least."""
    n_rows = len(picture)

    def met(shift):
        cells = [picture[(t + shift) % n_rows][f] for t, f in zip(frames, halves, strict=True)]
        return sum(weights[c - 1] for c in cells if c > 0)

    wrong = [met(shift) for shift in shifts]
    return (met(0) - np.mean(wrong)) / max(np.std(wrong), 1.0)


def closest(picture, frames, bins, tempi, pitches) -> tuple[int, int, int]:
    """Hits, warp and step (none, one earlier, one later) with the most hits; the first of equals."""
    tried = []
    for w, (tempo, pitch) in enumerate(zip(tempi, pitches, strict=True)):
        for step in (0, -1, 1):
            times = [int(np.floor(t / tempo + 0.5)) + step for t in frames]
            cells = zip(times, (int(2 * b * pitch + 0.5) for b in bins), strict=True)
            tried.append((sum(0 <= t < len(picture) and picture[t][f] > 0 for t, f in cells), w, step))
    return max(tried, key=lambda one: one[0])


def best_stretch(frames, met, chance, rates) -> float:
    """Largest sum of log-likelihood ratios over any run of peaks; ``met``: 0 lost, 1 weak, 2 strong.

    The gains of peaks that begin within 2 frames of the first of them are 4 together at most.
    """
    best = 0.0
    for weak, strong in rates:
        lost = 1 - weak - strong
        gain, first, said = [], None, 0.0
        for i, (frame, m) in enumerate(zip(frames, met, strict=True)):
            if first is None or frame - first > 2:
                first, said = frame, 0.0
            value = np.log(lost) if m == 0 else np.log((weak, strong)[m - 1] / chance[m - 1][i] + lost)
            gain.append(min(value, 4.0 - said) if m else value)
            said += max(gain[-1], 0.0)
        for start in range(len(gain)):
            for end in range(start + 1, len(gain) + 1):
                best = max(best, sum(gain[start:end]))
    return best


def on_time(times, bins, frames, its_bins, reach, near, close):
    """How many peaks have one of the other near, and how many of them at the same moment; every pair is looked at."""
    n_near = n_close = 0
    for time, bin_ in zip(times, bins, strict=True):
        others = [(abs(b - bin_), i) for i, (f, b) in enumerate(zip(frames, its_bins, strict=True))
                  if abs(f - time) <= reach and abs(b - bin_) <= near]  # fmt: skip
        if others:
            _, best = min(others, key=lambda pair: (pair[0], -pair[1]))
            n_near += 1
            n_close += abs(frames[best] - time) <= close
    return n_near, n_close


def met_at(times, bins, frames, its_bins, frames_apart=2, bins_apart=1.0):
    """Which places have a peak within so many frames and bins."""
    return [
        any(abs(f - t) <= frames_apart and abs(x - b) <= bins_apart for f, x in zip(frames, its_bins, strict=True))
        for t, b in zip(times, bins, strict=True)
    ]


def came_before(frames, bins, least, most, beside=30):
    """Which peaks came earlier by some shift, and with them 60 % of their two or more neighbours."""
    peaks = list(zip(frames, bins, strict=True))
    found = []
    for i, (frame, bin_) in enumerate(peaks):
        others = [p for k, p in enumerate(peaks) if k != i and abs(p[0] - frame) <= beside]
        shifts = [frame - f for f, b in peaks[:i] if least <= frame - f <= most and abs(b - bin_) <= 1.0]
        found.append(
            len(others) >= 2
            and any(
                sum(met_at([f - s for f, _ in others], [b for _, b in others], frames, bins)) >= 0.6 * len(others)
                for s in shifts
            )
        )
    return found
