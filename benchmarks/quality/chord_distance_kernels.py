"""The baseline of the harmonic measures, compiled: edit distance of chord labels in the best of twelve keys."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True)
def least_edits(a, b, n_qualities):
    """Fewest insertions, deletions and exchanges over the longer length, least over ``b`` raised by 0 to 11.

    ``a``, ``b``: labels ``root * n_qualities + quality``; no chord is -1.
    """
    least = np.inf
    row = np.empty(b.size + 1)
    for key in range(12):
        row[:] = np.arange(b.size + 1)
        for i in range(a.size):
            diagonal, row[0] = row[0], i + 1.0
            for j in range(b.size):
                raised = b[j] if b[j] < 0 else (b[j] + key * n_qualities) % (12 * n_qualities)
                met = diagonal + (0.0 if a[i] == raised else 1.0)
                diagonal = row[j + 1]
                row[j + 1] = min(met, row[j] + 1.0, diagonal + 1.0)
        least = min(least, row[b.size])
    return least / max(a.size, b.size, 1)
