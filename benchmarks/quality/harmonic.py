"""How well songs are known again by their chords: ``python -m benchmarks.quality.harmonic DATA [SYSTEM …]``.

*Annotators*: fifty songs, each with the chords that four experts heard; is a song found by another's chords, among all
other annotations? Every annotation is put into a key of its own by chance, so that none is known by its key.
*Chorales*: settings of tunes whose title was set more than once, chords read off the notes beat by beat; a second
setting need not have the first one's harmony, nor even its tune. Beside the measures, in the same run: the edit
distance of labels (unit costs, over the longer one's length) in the best of twelve keys, with exact labels and with
roots and thirds alone. AUC of pairs of one song against pairs of two, MAP and hit@1, with 95 % intervals of a bootstrap
over songs. No cost was fitted on these sets. Writes ``results/harmonic.json``; where systems are named, the figures of
the others stay as they are there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.chord_distance_kernels import least_edits
from versionmatch.harmonic.chance import above_chance
from versionmatch.harmonic.chord import QUALITIES, SILENT, TONES, Chord
from versionmatch.harmonic.codes import reduced
from versionmatch.harmonic.figures import chord_figures, figures
from versionmatch.harmonic.progression import Progression
from versionmatch.harmonic.statistics import load
from versionmatch.harmonic.tonal_space import step_distance
from versionmatch.match.metrics import Ranking, intervals, paired_difference, rank

SEED, DRAWS = 440, 1000
RESULT = Path(__file__).resolve().parents[1] / "results" / "harmonic.json"
READ_OFF = ("maj", "min", "7", "min7", "dim", "hdim7", "maj7")
Labelled = list[tuple[str, str, Progression]]  # name, group, chords
OURS, BASELINES = ("chords", "tonal space", "progressions"), ("edit distance, thirds", "edit distance, exact")


def annotators(data: Path) -> Labelled:
    """Four annotations of each of fifty songs, each in a key of its own; durations in the beats that were labelled."""
    rng = np.random.default_rng(SEED)
    found = []
    songs = json.loads((data / "dev/harmony/casd50.json").read_text(encoding="utf-8"))["songs"]
    for number, song in sorted(songs.items()):
        for annotation in song["annotations"]:
            progression = Progression.of(label for _, _, label in annotation["chords"])
            name = f"{number}-{annotation['annotator']['id']}"
            found.append((name, number, progression.transposed(int(rng.integers(12)))))
    return found


def chorales(data: Path) -> Labelled:
    """The chords of chorales, read off their notes for every quarter."""
    pieces = json.loads((data / "dev/chorales/groups_notes.json").read_text(encoding="utf-8"))["pieces"]
    return [
        (name, piece["group"], read_off([n for part in piece["parts_high_to_low"] for n in part]))
        for name, piece in sorted(pieces.items())
    ]


def read_off(notes: Sequence[Sequence[float]]) -> Progression:
    """For each quarter the chord whose tones sound most and others least, rather with its root in the bass."""
    end = int(np.ceil(max(onset + duration for onset, duration, _ in notes)))
    held, bass = np.zeros((end, 12)), np.full((end, 2), np.inf)
    for onset, duration, pitch in notes:
        for q in range(int(onset), min(end, int(np.ceil(onset + duration)))):
            held[q, int(pitch) % 12] += min(onset + duration, q + 1) - max(onset, q)
            bass[q] = min(tuple(bass[q]), (pitch, onset))
    kinds = [Chord(root, quality) for quality in READ_OFF for root in range(12)]
    masks = np.array([[(c in k.tones) for c in range(12)] for k in kinds], np.float64)
    size = np.array([0.04 * len(TONES[k.quality]) for k in kinds])
    share = held / np.maximum(held.sum(axis=1, keepdims=True), 1e-9)
    fit = share @ (1.5 * masks.T - 0.5) - size
    fit += 0.15 * (np.array([k.root for k in kinds]) == (np.where(np.isfinite(bass[:, :1]), bass[:, :1], -1) % 12))
    return Progression(tuple(kinds[i] if held[q].any() else SILENT for q, i in enumerate(fit.argmax(axis=1))))


def systems(progressions: Sequence[Progression]) -> dict[str, Callable[[int, int], float]]:
    """Likeness of two by their places, by system."""
    shown = [figures(p) for p in progressions]
    exact = [np.array([c.root * len(QUALITIES) + QUALITIES.index(c.quality) if c.sounds else -1 for c in p.chords])
             for p in progressions]  # fmt: skip
    runs = [[np.append(roots * 4 + kinds, -1).astype(np.int64) for roots, kinds in reduced(p)] for p in progressions]
    thirds = [np.concatenate([[-1], *one]) for one in runs]
    return {
        "chords": lambda i, j: float(above_chance(progressions[i], progressions[j]).max()),
        "tonal space": lambda i, j: 1 / (1 + step_distance(progressions[i], progressions[j]).distance),
        "progressions": lambda i, j: chord_figures(shown[i], shown[j]),
        "edit distance, thirds": lambda i, j: 1 - float(least_edits(thirds[i], thirds[j], 4)),
        "edit distance, exact": lambda i, j: 1 - float(least_edits(exact[i], exact[j], len(QUALITIES))),
    }


def measured(items: Labelled, only: Sequence[str], before: dict[str, Any]) -> dict[str, Any]:
    """Each system's figures, and what ours gain on the baselines that are measured with them."""
    groups, n = [group for _, group, _ in items], len(items)
    report: dict[str, Any] = {"n_items": n, "n_groups": len(set(groups)), **before}
    rankings: dict[str, Ranking] = {}
    for name, alike in systems([p for _, _, p in items]).items():
        if only and name not in only:
            continue
        alike(0, 1)
        started, table = time.process_time(), np.zeros((n, n))
        for i in range(n):
            for j in range(i):
                table[i, j] = table[j, i] = alike(i, j)
        spent = time.process_time() - started
        rankings[name] = rank(table, groups)
        means, bounds = rankings[name].means(), intervals(rankings[name], seed=SEED, n_bootstrap=DRAWS)
        found = {key: {"mean": round(means[key], 4), "ci": [round(x, 4) for x in bounds[key]]} for key in KEYS}
        found |= {"auc": auc(table, groups), "ms_per_pair": round(2e3 * spent / (n * (n - 1)), 3)}
        report["systems"][name] = found
        print(name, found, flush=True)
    for ours in set(OURS) & rankings.keys():
        gains = {b: paired_difference(rankings[ours], rankings[b], seed=SEED) for b in BASELINES if b in rankings}
        report["gain_in_map"][ours] = gains
    return report


KEYS = ("map", "hit_at_1", "mr1")


def auc(table: np.ndarray, groups: Sequence[str]) -> dict[str, Any]:
    """How often a pair of one song is more alike than a pair of two; songs are drawn, a pair as often as both its."""
    names, which = np.unique(groups, return_inverse=True)
    i, j = np.tril_indices(len(groups), -1)
    order = np.argsort(table[i, j], kind="stable")
    i, j, values = which[i[order]], which[j[order]], table[i, j][order]
    same = i == j
    tied = np.append(0, np.cumsum(np.diff(values) > 0))
    draws = np.random.default_rng(SEED).multinomial(names.size, np.full(names.size, 1 / names.size), size=DRAWS)
    found = [_auc(weights[i] * np.where(same, 1, weights[j]), same, tied) for weights in (np.ones(names.size), *draws)]
    low, high = np.percentile(found[1:], [2.5, 97.5])
    return {"mean": round(found[0], 4), "ci": [round(float(low), 4), round(float(high), 4)]}


def _auc(weight: np.ndarray, same: np.ndarray, tied: np.ndarray) -> float:
    positive, negative = (np.bincount(tied, weights=weight * kind) for kind in (same, ~same))
    below = np.append(0.0, np.cumsum(negative)[:-1])
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def main(data: Path, only: Sequence[str]) -> None:
    """Measure both sets and write their figures."""
    empty: dict[str, Any] = {"systems": {}, "gain_in_map": {}}
    report: dict[str, Any] = json.loads(RESULT.read_text()) if only else {"sets": {}}
    report.update(statistics=load().id, seed=SEED)
    for name, items in (("annotators", annotators(data)), ("chorales", chorales(data))):
        before = {key: report["sets"].get(name, empty)[key] for key in empty}
        report["sets"][name] = measured(items, only, before)
        RESULT.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
