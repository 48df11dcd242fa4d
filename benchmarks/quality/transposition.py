"""Is the transposition between two real versions the one that an independent estimate of their keys gives?

    python -m benchmarks.quality.transposition COVERS.npz --out benchmarks/results/transposition.json

For each pair of versions of one work in dev/covers: the transposition that ``compare`` would state (of the longest
shared passages together, else the harmony cue's key), beside three estimates that share no code with the package's
chroma, key or alignment. *Recurrence*: the rotation with the longest cross recurrence (Serrà, Serra, Andrzejak 2009),
by librosa's recurrence quantification on half-second chroma folded here, stacked over 4 s, of which the 5 % most alike
moments of all rotations count. *Profile*: the rotation that makes the two mean pitch class profiles most alike
(correlation).
*Key*: the difference of the tonics by correlation with the key profiles of Krumhansl and Kessler (1982), a minor key
counting as its relative major, so that mistaking one for the other does no harm. Profiles are folded here from the
magnitudes of C4 to B6 above their surroundings of an octave; that range and the peaks were chosen because the last two
estimates agree with each other most often under them (21 of 34 pairs), without a look at what the package states.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from pathlib import Path

import librosa
import numpy as np
from scipy.ndimage import uniform_filter1d

from versionmatch.features.view import Track
from versionmatch.jobs.bench_rows import draws, share
from versionmatch.jobs.compare import _transposition
from versionmatch.match.cues.passages import passages_between
from versionmatch.plugins import find
from versionmatch.types import Features, Recording

SEED, N_BOOTSTRAP = 440, 1000
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
FIFTH, RELATIVE = {5, 7}, {3, 9}


def profile(levels: np.ndarray) -> np.ndarray:
    """Mean share of each pitch class, from C4 to B6; each moment counts the same."""
    magnitude = ((levels.astype(np.float64) / 255) ** 2)[36:72]
    peaks = np.maximum(magnitude - uniform_filter1d(magnitude, 13, axis=0), 0.0)
    folded = peaks.reshape(3, 12, -1).sum(axis=0)
    loud = folded.sum(axis=0)
    return (folded[:, loud > 0] / loud[loud > 0]).mean(axis=1)


def rotation(query: np.ndarray, reference: np.ndarray) -> int:
    """Semitones that raise the reference's profile to the query's."""
    return int(np.argmax([np.corrcoef(query, np.roll(reference, shift))[0, 1] for shift in range(12)]))


def recurrence(query: np.ndarray, reference: np.ndarray) -> int:
    """Semitones that raise the reference to the query where most of the two recurs in order."""
    a, b = (librosa.feature.stack_memory(_half_seconds(side), n_steps=8, mode="edge") for side in (query, reference))
    shape = (8, 12, b.shape[1])
    maps = [a.T @ np.roll(b.reshape(shape), shift, axis=1).reshape(b.shape) for shift in range(12)]
    alike = np.quantile(maps, 0.95)
    found = [
        librosa.sequence.rqa((likeness > alike).astype(np.float64), gap_onset=1.0, gap_extend=0.5)[0].max()
        for likeness in maps
    ]
    return int(np.argmax(found))


def _half_seconds(levels: np.ndarray) -> np.ndarray:
    folded = ((levels.astype(np.float32) / 255) ** 2).reshape(7, 12, -1).sum(axis=0)
    n = folded.shape[1] // 5
    rows = np.sqrt(folded[:, : 5 * n].reshape(12, n, 5).mean(axis=2))
    return rows / np.maximum(np.linalg.norm(rows, axis=0), 1e-9)


def scale(pitch_classes: np.ndarray) -> int:
    """The tonic of the likeliest major key, or of the relative major of the likeliest minor key."""
    fits = {(tonic + lift) % 12: -np.inf for tonic in range(12) for lift in (0, 3)}
    for tonic, (template, lift) in itertools.product(range(12), ((MAJOR, 0), (MINOR, 3))):
        fit = np.corrcoef(pitch_classes, np.roll(template, tonic))[0, 1]
        fits[(tonic + lift) % 12] = max(fits[(tonic + lift) % 12], fit)
    return max(fits, key=lambda tonic: (fits[tonic], -tonic))


def track(name: str, levels: np.ndarray) -> Track:
    magnitude = (levels.astype(np.float32) / 255) ** 2
    recording = Recording(name, name, levels.shape[1] / 10)
    return Track(recording, {"cqt": Features("cqt", magnitude, 10.0)})


def away(found: int, wanted: int) -> str:
    difference = (found - wanted) % 12
    if difference in FIFTH:
        return "a fifth"
    return "a third (relative key)" if difference in RELATIVE else f"{min(difference, 12 - difference)} semitones"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with np.load(args.covers) as archive:
        levels = {name: archive[name] for name in sorted(archive.files)}
    rows = []
    for a, b in itertools.combinations(levels, 2):
        if a.partition("_")[0] != b.partition("_")[0]:
            continue
        query, reference = track(a, levels[a]), track(b, levels[b])
        passages = passages_between(query, reference)
        harmony = find("cues", "harmony")().compare(query, reference)
        stated = _transposition((harmony,), passages) % 12
        sides = [profile(levels[name]) for name in (a, b)]
        keys = (scale(sides[0]) - scale(sides[1])) % 12
        rows.append(
            {
                "a": a,
                "b": b,
                "stated": stated,
                "by_recurrence": recurrence(levels[a], levels[b]),
                "by_profile": rotation(*sides),
                "by_key": keys,
                "passages": len(passages),
            }
        )
    report = {"n_pairs": len(rows), "seed": SEED, **judged(rows), "pairs": rows}
    text = json.dumps(report, indent=1) + "\n"
    print(text)
    if args.out:
        args.out.write_text(text, encoding="utf-8")


def judged(rows: list[dict[str, object]]) -> dict[str, object]:
    """Agreement with each estimate, with two where they agree, and where the others lie; works are drawn."""
    told: dict[str, object] = {}
    sets = {
        "by_recurrence": rows,
        "by_profile": rows,
        "by_key": rows,
        "profile_where_it_is_the_key_s": [r for r in rows if r["by_profile"] == r["by_key"]],
        "recurrence_with_a_passage": [r for r in rows if r["passages"]],
    }
    for name, chosen in sets.items():
        estimate = name if name.startswith("by_") else f"by_{name.partition('_')[0]}"
        drawn = draws([(str(r["a"]).partition("_")[0],) for r in chosen], SEED, N_BOOTSTRAP)
        agrees = [float(r["stated"] == r[estimate]) for r in chosen]
        others = Counter(away(r["stated"], r[estimate]) for r in chosen if r["stated"] != r[estimate])
        told[name] = {"agreement": share(agrees, drawn), "disagreements": dict(others.most_common())}
    return told


if __name__ == "__main__":
    main()
