"""Slow, readable twins of what the sound storey does."""

from __future__ import annotations

import numpy as np


def envelope(samples: np.ndarray, sr: int) -> np.ndarray:
    """Lowest and highest sample of each tenth of a second, one frame after another."""
    frames: dict[int, list[float]] = {}
    for i, value in enumerate(samples):
        frames.setdefault(i * 10 // sr, []).append(value)
    return np.clip(np.array([(min(frame), max(frame)) for frame in frames.values()]).T, -1, 1)


def clipped_samples(frames: np.ndarray, full_scale: float) -> int:
    """How many samples lie in runs of three or more at full scale."""
    count = 0
    for channel in np.asarray(frames).T:
        run = 0
        for value in [*np.abs(channel), 0.0]:
            if value >= full_scale:
                run += 1
            else:
                count += run if run >= 3 else 0
                run = 0
    return count
