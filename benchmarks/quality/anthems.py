"""Are real recordings of anthems found by independent MIDI arrangements of them, and the other way round?

    python benchmarks/quality/anthems.py --data DIR --cache DIR [--soundfont FILE | --as-scores] [--out FILE]

DIR holds ``manifest.json`` with ``work_id, recording_id, kind, file``. MIDI files are rendered by fluidsynth's
command line into the cache, or read as scores. All items, real and rendered, are candidates of each query.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

from versionmatch.jobs.retrieval import RetrievalParams, bench_retrieval

CUES = ("harmony", "melody", "rhythm", "passages", "embedding", "fused")


def rendered(midi: Path, folder: Path, soundfont: str) -> Path:
    """The MIDI file as sound, rendered once."""
    target = folder / f"{midi.stem}.wav"
    if not target.exists():
        part = target.with_suffix(".part.wav")
        command = ["fluidsynth", "-ni", "-q", "-r", "22050", "-g", "0.6", "-F", str(part), soundfont, str(midi)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        part.replace(target)
    return target


def prepared(data: Path, cache: Path, soundfont: str, *, as_scores: bool) -> Path:
    """A retrieval manifest of all recordings and renderings, written into the cache."""
    folder = cache / "rendered"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for entry in json.loads((data / "manifest.json").read_text()):
        file = data / entry["file"]
        sound = rendered(file, folder, soundfont) if file.suffix == ".mid" and not as_scores else file
        rows.append((str(sound.resolve()), entry["work_id"], entry["recording_id"]))
    manifest = cache / ("anthems-scores.csv" if as_scores else "anthems.csv")
    with manifest.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "work_id", "recording_id"))
        writer.writerows(rows)
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--soundfont", default="/usr/share/sounds/sf2/FluidR3_GM.sf2")
    parser.add_argument("--as-scores", action="store_true")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--cues", nargs="+", default=CUES)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    manifest = prepared(args.data, args.cache, args.soundfont, as_scores=args.as_scores)
    results = {}
    for cue in args.cues:
        params = RetrievalParams(manifest=str(manifest), cue=cue, cache_dir=str(args.cache), workers=args.workers)
        results[cue] = bench_retrieval(params, lambda text: print(text, file=sys.stderr))
        raw = results[cue]["raw"]
        print(f"{cue:8s} hit@1 {results[cue]['hit_at_1']:.3f} {results[cue]['hit_at_1_ci']}", end="  ")
        print(f"raw {raw['hit_at_1']:.3f}  MAP {results[cue]['map']:.3f}")
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
