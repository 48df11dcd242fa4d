"""Two works in one performance: a stretch of another work is played before, after or in the middle of a version."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..embed.levels import FRAME_RATE
from ..types import FloatArray
from .performance import Part, Performance

LEAST_S, MOST_S = 15.0, 70.0
"""How long the other work is heard; never longer than four fifths of the version itself."""


def medley(own: Performance, other: Performance, rng: np.random.Generator) -> Performance:
    """``own`` with a stretch of ``other`` before it, behind it or in it, played by the same players.

    It stays a version of ``own``'s work; where ``other`` is heard its positions are NaN. ``changes["medley"]`` names
    the other work.
    """
    usual = min(rng.uniform(LEAST_S, MOST_S), 0.8 * own.duration_s, other.duration_s)
    start = rng.uniform(0.0, other.duration_s - usual)
    at = float(rng.choice([0.0, rng.uniform(0.2, 0.8), 1.0])) * own.duration_s
    parts = [Part(part.role, _without(part.notes, at, usual), part.gain_db) for part in own.parts]
    for part in other.parts:
        heard = _excerpt(part.notes, start, usual, at)
        player = next((i for i, p in enumerate(parts) if p.role == part.role), None)
        if player is None:
            parts.append(Part(part.role, heard, part.gain_db))
        else:
            played = np.concatenate([parts[player].notes, heard])
            parts[player] = Part(part.role, played, parts[player].gain_db)
    frame, length = round(at * FRAME_RATE), round(usual * FRAME_RATE)
    elsewhere = np.full(length, np.nan, np.float32)
    return replace(
        own,
        parts=tuple(part for part in parts if len(part.notes)),
        duration_s=own.duration_s + usual,
        changes={**own.changes, "medley": other.work_id},
        positions=np.concatenate([own.positions[:frame], elsewhere, own.positions[frame:]]),
    )


def _without(notes: FloatArray, at: float, gap: float) -> FloatArray:
    """Notes that pause for ``gap`` seconds at ``at``; what sounds there is cut."""
    out = notes.copy()
    before = out[:, 0] < at
    out[before, 1] = np.minimum(out[before, 1], np.maximum(at - out[before, 0], 0.03))
    out[~before, 0] += gap
    return out


def _excerpt(notes: FloatArray, start: float, length: float, at: float) -> FloatArray:
    """The notes that begin in a stretch, cut at its end, as they come where it is played from ``at`` on."""
    out = notes[(notes[:, 0] >= start) & (notes[:, 0] < start + length)].copy()
    out[:, 1] = np.minimum(out[:, 1], np.maximum(start + length - out[:, 0], 0.03))
    out[:, 0] += at - start
    return out
