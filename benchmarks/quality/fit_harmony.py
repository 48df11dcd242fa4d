"""Choose the costs of chord alignment on songs that two machines gave chords: POP909, from its sound and from its MIDI.

``python -m benchmarks.quality.fit_harmony POP909``: the unpacked folder. Every sixth song, 150 of them, each looked for
by its other annotation, both ways; what unrelated pairs of these lengths and changes score is taken out, as
``harmonic.chance`` does. Prints for each setting MRR, hit@1 and the AUC; the edit distance of labels beside them. What
is shipped (``alignment.PARAMETERS``, the constants of ``substitution``) was chosen among these settings.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.quality.chord_distance_kernels import least_edits
from versionmatch.harmonic import Progression, progression_of, substitution
from versionmatch.harmonic.alignment import weights
from versionmatch.harmonic.chance import richness
from versionmatch.harmonic.codes import reduced
from versionmatch.harmonic.harmonic_kernels import scores_by_key
from versionmatch.types import Annotation

SHIPPED = {name: getattr(substitution, name) for name in ("RELATIVE", "MEDIANT", "LEADING", "TRITONE", "STRANGER")}
WARM = {"RELATIVE": 0.4, "MEDIANT": 0.1}
COLD = {"RELATIVE": -0.3, "MEDIANT": -0.5, "LEADING": 0.3, "TRITONE": 0.0}
SETTINGS = (
    (SHIPPED, (0.3, 0.3, 0.6), 0.5), (SHIPPED, (0.5, 0.5, 1.0), 0.5), (SHIPPED, (0.3, 0.3, 0.6), 0.0),
    (WARM, (0.3, 0.3, 0.6), 0.5), (WARM, (0.5, 0.5, 1.0), 0.5), (WARM, (1.0, 0.5, 1.0), 0.5),
    (COLD, (0.5, 0.5, 1.0), 0.5), ({**WARM, "STRANGER": -1.5}, (0.5, 0.5, 1.0), 0.5),
)  # fmt: skip
"""Worths that differ from those that are shipped; onset and extension of gaps and the cost of variants; the power."""


def annotated(path: Path) -> Progression:
    """A file of POP909: begin, end and label in each line."""
    rows = [line.split()[:3] for line in path.read_text(encoding="utf-8").splitlines()]
    start, end = (np.array([float(row[k]) for row in rows]) for k in (0, 1))
    labels = tuple(row[2] for row in rows)
    return progression_of(Annotation("chords", start, np.maximum(end - start, 0), labels, np.ones(len(rows))))


def above(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Scores above what the pairs of two songs have, in their deviations."""
    other, logs = ~np.eye(len(scores), dtype=bool), np.log1p(scores)
    rest = logs - rows @ np.linalg.lstsq(rows[other], logs[other], rcond=None)[0]
    spread = rows @ np.linalg.lstsq(rows[other], np.abs(rest[other]), rcond=None)[0]
    return rest / np.maximum(spread, 0.04)


def told(table: np.ndarray) -> str:
    """How well each row's own column is found, and each column's own row."""
    own, other = np.diag(table), table[~np.eye(len(table), dtype=bool)]
    ranks = np.concatenate([(table >= own[:, None]).sum(axis=1), (table >= own).sum(axis=0)])
    area = np.mean([(other < value).mean() + (other == value).mean() / 2 for value in own])
    return f"MRR {(1 / ranks).mean():.4f} hit@1 {(ranks == 1).mean():.3f} AUC {area:.4f}"


def thirds(progression: Progression) -> np.ndarray:
    """Labels by root and third, as the baseline takes them."""
    runs = [np.append(roots * 4 + kinds, -1).astype(np.int64) for roots, kinds in reduced(progression)]
    return np.concatenate([[-1], *runs]).astype(np.int64)


def main(folder: Path) -> None:
    """Try the settings."""
    songs = sorted(path for path in folder.iterdir() if path.is_dir())[::6][:150]
    sides = [[annotated(song / name) for song in songs] for name in ("chord_audio.txt", "chord_midi.txt")]
    rows = np.array([[richness(a, b) for b in sides[1]] for a in sides[0]])
    labels = [[thirds(p) for p in side] for side in sides]
    print("edit distance", told(np.array([[-least_edits(a, b, 4) for b in labels[1]] for a in labels[0]])))
    for worths, costs, power in SETTINGS:
        for name, value in {**SHIPPED, **worths}.items():
            setattr(substitution, name, value)
        substitution.table.cache_clear()
        ours, theirs = ([(p.codes, weights(p, power)) for p in side] for side in sides)
        scores = [[scores_by_key(*a, *b, substitution.table(), *costs).max() for b in theirs] for a in ours]
        print(worths, costs, power, told(above(np.array(scores), rows)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
