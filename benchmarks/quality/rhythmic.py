"""Is the same rhythm found again? ``python -m benchmarks.quality.rhythmic WORKS DATA TRACKS CACHE [PART …]``.

``tunes``: melodies of works at odd places, their rhythm on other pitches at another tempo, looked for among all by
rhythm alone; statistics count works at even places only, on which everything was chosen. ``clips``: minutes of free
recordings at odd places at other tempi, among the minutes as they are (TRACKS; transforms kept in CACHE), beside the
cue ``rhythm`` in the same run. ``anthems``: recordings and independent MIDI arrangements. Intervals: 95 %, bootstrap
over queries, seed 440. Writes ``results/rhythmic.json``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import versionmatch as vm
from benchmarks.quality import melody_variants as variants
from benchmarks.quality.build_rhythm_statistics import COLLECTIONS, rhythm_of, statistics_of, works_to_learn_from
from benchmarks.quality.rhythmic_clips import EDITS, clip_features, clip_numbers, recordings, transforms
from versionmatch.factory.work import Work
from versionmatch.match.cues.patterns import DrumsCue, PatternsCue
from versionmatch.match.cues.rhythm import RhythmCue
from versionmatch.match.cues.tune_rhythm import TuneRhythmCue
from versionmatch.melodic.rhythm import rhythm_passage
from versionmatch.melodic.tune import Tune
from versionmatch.rhythmic import MelodyRhythm, figure_likeness, shared_rhythm
from versionmatch.types import Annotation, DoubleArray, Features, Notes

SEED = 440
RESULT = Path(__file__).resolve().parents[1] / "results" / "rhythmic.json"
PER_COLLECTION = 40
SHARE = 0.05
N_CLIPS = 160


def found_again(table: DoubleArray) -> dict[str, Any]:
    """Row = query, column = candidate, the right one on the diagonal; ties count against us. Of one, MAP is MRR."""
    ranks = (table >= np.diag(table)[:, None]).sum(axis=1)
    draws = np.random.default_rng(SEED).integers(0, ranks.size, (10_000, ranks.size))
    result: dict[str, Any] = {"n": int(ranks.size)}
    for name, values in {"hit_at_1": (ranks == 1).astype(float), "map": 1 / ranks}.items():
        low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
        result[name] = {"mean": round(float(values.mean()), 4), "ci": [round(float(low), 4), round(float(high), 4)]}
    return result


def spread(table: DoubleArray) -> dict[str, Any]:
    """What right pairs and unrelated pairs give: 5th, 50th, 95th, 99th percentile and largest."""
    own, other = np.diag(table), table[~np.eye(len(table), dtype=bool)]
    rows = {"same": own, "unrelated": other}
    told = {name: [round(float(np.quantile(x, q)), 3) for q in (0.05, 0.5, 0.95, 0.99, 1)] for name, x in rows.items()}
    return told | {"same_above_99_percent_of_unrelated": round(float((own > np.quantile(other, 0.99)).mean()), 4)}


def scaled(work: Work, rows: DoubleArray, rng: np.random.Generator) -> DoubleArray:
    """Onsets on the work's beats, in halves, the same or doubles."""
    return np.sort(rows[:, 0].astype(np.float64)) / (1.5 if work.bar == 1.5 else 1.0) * rng.choice([0.5, 1.0, 1.0, 2.0])


def same(work: Work, rng: np.random.Generator) -> DoubleArray:
    """The same rhythm, each note early or late by some hundredths of a beat."""
    onsets = scaled(work, work.melody, rng)
    return np.sort(onsets + rng.normal(0, 0.02, onsets.size))


def altered(work: Work, rng: np.random.Generator) -> DoubleArray:
    """One note in twenty split, one merged with the next, one pair dotted or evened, one in forty left out."""
    rows = work.melody.astype(np.float64)
    for change in rng.permutation(
        np.array([variants.merged, variants.split, variants.retimed, variants.left_out], object)
    ):
        rows = change(rows, rng, SHARE)
    return scaled(work, rows, rng)


def excerpt(work: Work, rng: np.random.Generator) -> DoubleArray:
    """48 notes of an altered tune."""
    onsets = altered(work, rng)
    first = int(rng.integers(0, max(1, onsets.size - 48)))
    return onsets[first : first + 48] - np.floor(onsets[first])


def tunes(works: Path, data: Path) -> dict[str, Any]:
    """Rhythm alone among works at odd places."""
    kept, _ = works_to_learn_from(works, data)
    known = statistics_of([rhythm_of(w) for w in kept[0::2]], {})
    chosen: list[Work] = []
    for name in COLLECTIONS:
        own = [w for w in kept[1::2] if w.collection == name]
        chosen += [own[i] for i in np.linspace(0, len(own) - 1, PER_COLLECTION).round().astype(int)]
    systems: dict[str, Callable[[MelodyRhythm, MelodyRhythm], float]] = {
        "shared rhythm": lambda a, b: shared_rhythm(a, b, known).weight,
        "figures": lambda a, b: figure_likeness(a, b, known),
        "rhythm_passage of the melodic measures": lambda a, b: rhythm_passage(as_tune(a), as_tune(b)).score,
    }
    references = [rhythm_of(w) for w in chosen]
    report: dict[str, Any] = {"works": len(chosen), "collections": list(COLLECTIONS)}
    for make in (same, altered, excerpt):
        rng = np.random.default_rng(SEED)
        queries = [MelodyRhythm.of_beats(make(w, rng)) for w in chosen]
        report[make.__name__] = {}
        for system, measure in systems.items():
            started = time.process_time()
            table = np.array([[measure(q, r) for r in references] for q in queries])
            entry = found_again(table) | spread(table)
            hits = (table >= np.diag(table)[:, None]).sum(axis=1) == 1
            entry["hit_at_1_by_collection"] = {
                c: round(float(hits[[w.collection == c for w in chosen]].mean()), 3) for c in COLLECTIONS
            }
            entry["ms_per_pair"] = round(1e3 * (time.process_time() - started) / table.size, 2)
            report[make.__name__][system] = entry
            print(make.__name__, system, entry["hit_at_1"], entry["hit_at_1_by_collection"], flush=True)
    return report


def as_tune(rhythm: MelodyRhythm) -> Tune:
    """All on one pitch; each note lasts until the next."""
    return Tune([60] * len(rhythm), rhythm.onset_beats, np.append(np.diff(rhythm.onset_beats), 1.0))  # type: ignore[arg-type]


def tables_of(queries: Sequence[Any], references: Sequence[Any], cue: Any) -> DoubleArray:
    """The cue's raw values by its sketches, 0 where it has nothing to compare."""
    q, r = ([cue.sketch(track) for track in side] for side in (queries, references))
    rows = [[cue.by_key(a, b) for b in r] for a in q]
    return np.array([[0.0 if x is None else float(x[0]) for x in row] for row in rows])


def clips(tracks: Path, cache: Path) -> dict[str, Any]:
    """Recordings at odd places at other tempi, among themselves as they are."""
    cache.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(recordings(tracks, N_CLIPS)):
        transforms(path, number, cache)
    numbers = [n for n in clip_numbers(cache) if n % 2 == 1]
    found = {n: clip_features(cache, n) for n in numbers}
    references = [found[n][EDITS[0]] for n in numbers]
    report: dict[str, Any] = {"recordings": len(numbers)}
    for edit in EDITS[1:]:
        queries = [found[n][edit] for n in numbers]
        report[edit] = {}
        for cue in (PatternsCue(), DrumsCue(), RhythmCue()):
            table = tables_of(queries, references, cue)
            report[edit][cue.name] = found_again(table) | spread(table)
            if cue.name == "drums":
                there = np.flatnonzero(np.diag(table) > 0)
                report[edit]["drums, where there is percussion"] = found_again(table[np.ix_(there, there)])
            print(edit, cue.name, report[edit][cue.name], flush=True)
    return report


def anthem_track(path: Path, file: Path) -> dict[str, Any]:
    """Notes, beats, onsets and bands of a recording or score, made once."""
    if not file.is_file():
        track = vm.features(str(path), "notes", "beats", "onsets", "onset-bands")
        notes = track["notes"]
        np.savez(
            file, on=notes.onset_s, du=notes.duration_s, pi=notes.pitch, co=notes.confidence, be=track["beats"].onset_s,
            os=track["onsets"].values, bd=track["onset-bands"].values,
        )  # fmt: skip
    with np.load(file) as z:
        times = z["be"]
        beats = Annotation("beats", times, np.zeros(times.size), ("",) * times.size, np.ones(times.size))
        notes = Notes(z["on"], z["du"], z["pi"], z["co"])
        bands, onsets = Features("onset-bands", z["bd"], 50.0), Features("onsets", z["os"], 50.0)
    return {"notes": notes, "beats": beats, "onsets": onsets, "onset-bands": bands}


def anthems(data: Path, cache: Path) -> dict[str, Any]:
    """Seventeen anthems: recording → MIDI and back."""
    folder = data / "dev" / "anthems"
    cache.mkdir(parents=True, exist_ok=True)
    sides: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    for number, entry in enumerate(json.loads((folder / "manifest.json").read_text())):
        track = anthem_track(folder / entry["file"], cache / f"{number:02d}.npz")
        sides[entry["kind"] == "audio"][entry["work_id"]] = track
    works = sorted(set(sides[True]) & set(sides[False]))
    played, written = ([sides[kind][work] for work in works] for kind in (True, False))
    report: dict[str, Any] = {"works": len(works)}
    for cue in (TuneRhythmCue(), PatternsCue(), RhythmCue()):
        ways = {"recording to score": (played, written), "score to recording": (written, played)}
        tables = {way: tables_of(*pair, cue) for way, pair in ways.items()}
        report[cue.name] = {way: found_again(table) | spread(table) for way, table in tables.items()}
        print(cue.name, {way: r["hit_at_1"] for way, r in report[cue.name].items()}, flush=True)
    figures = np.array(
        [[figure_likeness(*(TuneRhythmCue().sketch(t) for t in (a, b))) for b in written] for a in played]
    )
    report["figures"] = {"recording to score": found_again(figures), "score to recording": found_again(figures.T)}
    print("figures", report["figures"])
    return report


def main(works: Path, data: Path, tracks: Path, cache: Path, only: Sequence[str]) -> None:
    """Measure the parts, or those named, and write their figures."""
    report: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "anthems": lambda: anthems(data, cache / "anthems"),
        "clips": lambda: clips(tracks, cache / "clips"),
        "tunes": lambda: tunes(works, data),
    }
    for name, measure in parts.items():
        if not only or name in only:
            report[name] = measure()
            RESULT.write_text(json.dumps({"seed": SEED, **report}, indent=1) + "\n")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]), sys.argv[5:])
