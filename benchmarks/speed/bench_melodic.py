"""How long does it take to compare two melodies of 100 notes, beside the same recurrences in plain Python?

Also each cue of notes, and the search for shared passages, for two melodies of 1,000 notes.

One thread, compiled before the clock starts, CPU seconds. The twins of the tests are the peer; both must agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.speed import machine
from tests.naive_melodic import identities
from versionmatch.match.cues.notes import FiguresCue, IdentityCue, IntervalsCue, OrnamentedCue, TuneCue, TverskyCue
from versionmatch.match.tunes import Heard
from versionmatch.melodic.chance import chances
from versionmatch.melodic.figures import figure_cosine
from versionmatch.melodic.identity import SCORES, percent_identity
from versionmatch.melodic.located import line_of, located
from versionmatch.melodic.melodic_kernels import identities_by_key
from versionmatch.melodic.score import melody_score, sketch
from versionmatch.melodic.tune import Tune

N_NOTES, N_PAIRS, ROUNDS = 100, 200, 5
MOST_MS, LEAST_TIMES = 1.0, 100
LONG, MOST_LONG_MS = 1000, 60.0
CUES = (IdentityCue, FiguresCue, TverskyCue, IntervalsCue, OrnamentedCue, TuneCue)


def tunes(n_notes: int = N_NOTES, n_pairs: int = N_PAIRS) -> list[Tune]:
    """Random walks up and down a scale, with rhythm."""
    rng = np.random.default_rng(440)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    made = []
    for _ in range(n_pairs + 1):
        steps = np.cumsum(rng.choice([-3, -2, -1, -1, 1, 1, 2, 3], size=n_notes))
        lengths = rng.choice([0.5, 1.0], size=n_notes)
        made.append(Tune(60 + 12 * (steps // 7) + scale[steps % 7], np.cumsum(lengths) - lengths, lengths))
    return made


def cpu_ms(work: Callable[[], object], per: int) -> float:
    """The least of several rounds, in milliseconds a pair."""
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return 1e3 * min(spent) / per


def long_ms() -> dict[str, float]:
    """Each cue of notes, and shared passages up to p = .05, for two melodies of ``LONG`` notes; milliseconds."""
    sides = []
    for tune in tunes(LONG, 1):
        n, onsets = np.arange(LONG), np.asarray(tune.onsets)
        sides.append(Heard(tune, n, n, onsets, onsets + np.asarray(tune.durations), True))
    a, b = sides
    found = {}
    for cue in (kind() for kind in CUES):
        cue.evidence(a, b)
        found[cue.name] = cpu_ms(lambda cue=cue: cue.evidence(a, b), 1)  # type: ignore[misc]
    lines, least = [line_of(side.tune) for side in sides], chances()["scores"].least_score(0.05, LONG, LONG)
    located(*lines, least_score=least)
    found["passages"] = cpu_ms(lambda: located(*lines, least_score=least), 1)
    return found


def run() -> dict[str, Any]:
    """Milliseconds a pair, the ratio to plain Python, and whether the floors hold."""
    made = tunes()
    pairs = list(pairwise(made))
    sketches = [sketch(t) for t in made]
    melody_score(*pairs[0])
    a, b = (t.pitches % 12 for t in pairs[0])
    plain_started = time.process_time()
    twin = identities(tuple(a.tolist()), tuple(b.tolist()), *SCORES)
    plain_ms = 12e3 * (time.process_time() - plain_started)  # twelve keys
    assert twin == identities_by_key(a, b, *SCORES)[0]
    pmi = cpu_ms(lambda: [percent_identity(x, y) for x, y in pairs], N_PAIRS)
    both = cpu_ms(lambda: [(percent_identity(x, y), figure_cosine(x, y)) for x, y in pairs], N_PAIRS)
    whole = cpu_ms(lambda: [melody_score(x, y) for x, y in pairwise(sketches)], N_PAIRS)
    times, long = plain_ms / pmi, long_ms()
    slowest = max(long[cue.name] for cue in CUES)
    return {
        "question": (__doc__ or "").splitlines()[0], "machine": machine.described(), "n_notes": N_NOTES,
        "pmi_ms": pmi, "pmi_and_figures_ms": both, "melody_score_ms": whole, "pmi_plain_python_ms": plain_ms,
        "of_1000_notes_ms": long,
        "floors": {
            "pmi_and_figures_ms": {"found": both, "at_most": MOST_MS, "holds": both <= MOST_MS},
            "pmi_times_plain_python": {"found": times, "at_least": LEAST_TIMES, "holds": times >= LEAST_TIMES},
            "slowest_cue_of_1000_notes_ms": {
                "found": slowest, "at_most": MOST_LONG_MS, "holds": slowest <= MOST_LONG_MS,
            },
        },
    }  # fmt: skip
