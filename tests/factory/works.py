"""A small work that every test of the factory can use: four bars of a tune over I-IV-V-I, four times."""

from __future__ import annotations

import numpy as np

from versionmatch.factory.work import Work, chord_mask

TUNE = (60, 64, 67, 64, 65, 69, 72, 69, 67, 71, 74, 71, 72, 67, 64, 60)
CHORDS = ((0, (0, 4, 7)), (5, (5, 9, 0)), (7, (7, 11, 2)), (0, (0, 4, 7)))


def small_work(name: str = "test/one", *, times: int = 4, transposed: int = 0) -> Work:
    melody = [(4.0 * 4 * k + i, 1.0, p + transposed) for k in range(times) for i, p in enumerate(TUNE)]
    chords = [
        (16.0 * k + 4 * i, 4.0, root, root, chord_mask(c + transposed for c in tones))
        for k in range(times)
        for i, (root, tones) in enumerate(((r + transposed) % 12, c) for r, c in CHORDS)
    ]
    return Work(name, "test", 100.0, 16.0 * times, 4.0, np.array(melody, np.float32), np.array(chords, np.float32))


def random_work(name: str, seed: int, *, bars: int = 16) -> Work:
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.choice([-3, -2, -1, 1, 2, 4], 4 * bars))
    melody = np.column_stack([np.arange(4 * bars), np.ones(4 * bars), 64 + (steps % 17)])
    roots = rng.integers(0, 12, bars)
    chords = [(4.0 * i, 4.0, r, r, chord_mask([r, r + 4, r + 7])) for i, r in enumerate(roots)]
    return Work(name, "test", 110.0, 4.0 * bars, 4.0, melody.astype(np.float32), np.array(chords, np.float32))
