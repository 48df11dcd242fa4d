"""How long does it take to compare the chords of two songs of four minutes, 150 chords each, in all twelve keys?

One thread, compiled before the clock starts, CPU seconds; the least of several rounds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.speed import machine
from benchmarks.speed.bench_melodic import cpu_ms
from versionmatch.harmonic import ChordPassage, Progression, above_chance, chord_figures, step_distance
from versionmatch.harmonic.alignment import passages_in
from versionmatch.harmonic.tonal_space import RATIOS

N_CHORDS, N_PAIRS = 150, 20
MOST_MS = {"chords": 2.0, "tonal_space": 10.0}


def songs() -> list[Progression]:
    """Chords of a key by chance, of two or four beats."""
    rng = np.random.default_rng(440)
    degrees = ("C", "Dm", "Em", "F", "G", "Am", "G:7", "D:7")
    made = []
    for _ in range(N_PAIRS + 1):
        steps = np.cumsum(rng.integers(1, len(degrees), size=N_CHORDS)) % len(degrees)
        made.append(Progression.of([degrees[i] for i in steps], rng.choice([2.0, 4.0], size=N_CHORDS)))
    return made


def run() -> dict[str, Any]:
    """Milliseconds a pair, and whether the floors hold."""
    pairs = list(pairwise(songs()))
    work = {
        "chords": lambda: [aligned(a, b) for a, b in pairs],
        "tonal_space": lambda: [step_distance(a, b, ratios=RATIOS) for a, b in pairs],
        "progressions": lambda: [chord_figures(a, b) for a, b in pairs],
    }
    spent = {}
    for name, each in work.items():
        each()
        spent[name] = round(cpu_ms(each, N_PAIRS), 3)
    floors = {name: {"found": spent[name], "at_most": m, "holds": spent[name] <= m} for name, m in MOST_MS.items()}
    about = {"question": (__doc__ or "").splitlines()[0], "machine": machine.described(), "n_chords": N_CHORDS}
    return {**about, "ms_per_pair": spent, "floors": floors}


def aligned(a: Progression, b: Progression) -> tuple[ChordPassage, ...]:
    """What the cue does: the score in every key, and three passages in the best."""
    key = int(above_chance(a, b).argmax())
    return passages_in(a, b, key, most=3, least=4.0)
