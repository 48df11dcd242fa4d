"""A catalogue of real recordings with copies planted in it: is every copy found, and called what it is?

    python -m benchmarks.quality.planted TRACKS --work DIR [--bases 8] [--strangers 60] [--scores WORKS --works 20]

TRACKS is a folder of music; recordings of 45 s to 6 min are taken in an order drawn by the seed. Of the first ones
copies are made: the same bytes, mp3 at 64 kb/s, the first 5 s cut, 6 dB softer, 2 % faster, a semitone higher, and 10 s
in a mix with a stranger. WORKS is the folder ``works`` that ``versionmatch train`` leaves: of songs that training left
out, two arrangements each are played by the soundfont it left out, in keys, tempi, orders and rooms of their own. The
work is done by ``vm.Catalogue`` as an operator would; DIR may be used again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from versionmatch.factory.arrange import Difficulty, arrange
from versionmatch.factory.rendered import RenderedRoute
from versionmatch.factory.soundfonts import UNSEEN_SOUNDFONT, soundfonts_named
from versionmatch.factory.work import read_works
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.train import held_out
from versionmatch.params import ScanParams

OUT = Path(__file__).resolve().parents[1] / "results" / "planted.json"
SEED = 440
RIGHT = {
    "mp3": {"same recording"},
    "trim": {"same recording", "altered recording"},
    "softer": {"same recording"},
    "faster": {"altered recording"},
    "higher": {"altered recording"},
    "mix": {"altered recording", "related passage"},
    "arranged": {"version"},
}
"""What each copy may be called beside its original."""
TIERS = ("same recording", "altered recording", "version", "related passage")


def main() -> None:
    args = arguments()
    music = args.work / "music"
    if not music.is_dir():
        plant(args.tracks, music, args.bases, args.strangers)
        if args.scores:
            play(args.scores, music, args.works)
    began = time.process_time()
    root = args.work / "catalogue"
    with (Catalogue.open if (root / "catalogue.db").is_file() else Catalogue.create)(root) as catalogue:
        coverage = catalogue.add(music, jobs=args.jobs)
        clock = time.monotonic()
        found = catalogue.scan(ScanParams(), jobs=args.jobs)
        scan_s = time.monotonic() - clock
        report = measured(catalogue, found.path) | {
            "seed": SEED, "bases": args.bases, "strangers": args.strangers,
            "works": args.works if args.scores else 0, "coverage": coverage.to_dict(),
            "audio_s": sum(r.duration_s for r in catalogue.recordings()), "scan_s": scan_s, "ingest": ingest_of(root),
            "jobs": args.jobs, "cpu_s_of_this_process": time.process_time() - began, "pairs": found.facts["pairs"],
        }  # fmt: skip
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def measured(catalogue: Catalogue, run: Path) -> dict[str, Any]:
    """How each kind of copy was called, and what was called one recording without being one."""
    name_of = {r.id: Path(r.source).stem.removesuffix("-bytes") for r in catalogue.recordings()}
    rows = [json.loads(line) for line in (run / "matches.jsonl").read_text(encoding="utf-8").splitlines()]
    tiers = {frozenset((name_of[r["query_id"]], name_of[r["ref_id"]])): r["tier"] for r in rows}
    calls: dict[str, Counter[str]] = {kind: Counter() for kind in RIGHT}
    for name in sorted(set(name_of.values())):
        base, _, kind = name.rpartition("-")
        if kind in RIGHT:
            calls[kind][tiers.get(frozenset((base, name)), "nothing")] += 1
    calls = {kind: counter for kind, counter in calls.items() if counter}
    recall = {kind: sum(counter[t] for t in RIGHT[kind]) / counter.total() for kind, counter in calls.items()}
    wrong = dict.fromkeys(TIERS, 0)
    counts, strange = Counter(tiers.values()), list[tuple[str, str, str]]()
    for pair, tier in tiers.items():
        one, other = (origins(name) for name in pair)
        if not one & other:
            wrong[tier] += 1
            strange.append((tier, *sorted(pair)))
    return {
        "called": {kind: dict(counter) for kind, counter in calls.items()},
        "recall": recall,
        "pairs_by_tier": dict(counts),
        "share_of_one_original_by_tier": {tier: 1 - wrong[tier] / n for tier, n in counts.items()},
        "pairs_of_different_originals_by_tier": wrong,
        "of_different_originals": sorted(s for s in strange if s[0] != "related passage"),
        "same_bytes_are_one_recording": len(set(name_of.values())) == len(name_of),
    }


def ingest_of(root: Path) -> dict[str, Any]:
    """How long the ingest took, by stage, as its own manifest says; that of the run that read most."""
    runs = [json.loads(p.read_text(encoding="utf-8")) for p in root.glob("runs/*-index-*/manifest.json")]
    most = max(runs, key=lambda run: run["audio_s"])
    return {name: most[name] for name in ("audio_s", "elapsed_s", "stages_s")}


def origins(name: str) -> set[str]:
    """Which recordings are heard in a file: a mix has two."""
    base = "-".join(name.split("-")[:2])
    return {base, f"stranger-{int(base[-2:]):03d}"} if name.endswith("-mix") else {base}


def plant(tracks: Path, music: Path, n_bases: int, n_strangers: int) -> None:
    """Copy recordings into a folder and make the changed ones."""
    files = sorted(p for p in tracks.rglob("*") if p.suffix.lower() in {".ogg", ".flac", ".wav", ".mp3"})
    rng = np.random.default_rng(SEED)
    music.mkdir(parents=True)
    chosen: list[Path] = []
    for path in (files[i] for i in rng.permutation(len(files))):
        try:
            usable = 45 <= soundfile.info(path).duration <= 360
        except soundfile.LibsndfileError:
            continue
        if usable:
            chosen.append(path)
        if len(chosen) == n_bases + n_strangers:
            break
    for number, path in enumerate(chosen[n_bases:]):
        shutil.copy(path, music / f"stranger-{number:03d}{path.suffix}")
    for number, path in enumerate(chosen[:n_bases]):
        shutil.copy(path, music / f"base-{number:02d}{path.suffix}")
        shutil.copy(path, music / f"base-{number:02d}-bytes{path.suffix}")
        copies(path, chosen[n_bases + number], music, f"base-{number:02d}", rng)


def play(scores: Path, music: Path, n: int) -> None:
    """Two arrangements of each of some songs, as sound."""
    songs = [w for name in ("pop909", "openewld") for w in read_works(scores / f"{name}.npz") if w.length > 12]
    left_out = [w for w in songs if held_out(w)]
    route = RenderedRoute(soundfonts_named([UNSEEN_SOUNDFONT]))
    for number, at in enumerate(np.linspace(0, len(left_out) - 1, n).round().astype(int)):
        for kind, name in enumerate((f"work-{number:02d}", f"work-{number:02d}-arranged")):
            rng, difficulty = np.random.default_rng([SEED, number, kind]), Difficulty.of(0.4)
            sound = route.sound(arrange(left_out[at], rng, difficulty), rng, difficulty.sound)
            soundfile.write(music / f"{name}.flac", sound.samples, sound.sr)


def copies(path: Path, stranger: Path, music: Path, name: str, rng: np.random.Generator) -> None:
    """All changed copies of one recording."""
    samples, sr = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    soundfile.write(music / f"{name}-mp3.mp3", samples, sr, bitrate_mode="CONSTANT", compression_level=0.89)
    soundfile.write(music / f"{name}-trim.flac", samples[5 * sr :], sr)
    soundfile.write(music / f"{name}-softer.flac", samples * 10 ** (-6 / 20), sr)
    soundfile.write(music / f"{name}-faster.flac", soxr.resample(mono, 1.02 * sr, sr), sr)
    import librosa

    higher = librosa.effects.pitch_shift(mono, sr=sr, n_steps=1)
    soundfile.write(music / f"{name}-higher.flac", higher, sr)
    other, rate = soundfile.read(stranger, dtype="float32", always_2d=True)
    bed = soxr.resample(other.mean(axis=1), rate, sr)[: 40 * sr]
    start = int(rng.integers(0, len(mono) - 10 * sr))
    bed[12 * sr : 22 * sr] += mono[start : start + 10 * sr]
    soundfile.write(music / f"{name}-mix.flac", np.clip(0.6 * bed, -1, 1), sr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--bases", type=int, default=8)
    parser.add_argument("--strangers", type=int, default=60)
    parser.add_argument("--scores", type=Path)
    parser.add_argument("--works", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
