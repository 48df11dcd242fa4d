"""How well are chords read? Rendered POP909 songs with their chord annotations, by mir_eval's weighted recall.

    python benchmarks/quality/chords.py ../shared/data/train/pop909_main.tar.gz --songs 10

Every ninetieth song is rendered by fluidsynth with one General MIDI bank, melody and all, into a temporary
folder. The annotations were made from the same MIDI by a program and speak of more qualities than are asked
for here; mir_eval leaves out what a vocabulary does not hold.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tarfile
import tempfile
import warnings
from pathlib import Path

import mir_eval
import numpy as np

from versionmatch.audio.decode import load
from versionmatch.features.chords import TemplateChords
from versionmatch.features.cqt import LibrosaCQT

MEASURES = ("root", "majmin", "sevenths", "seg")


def chords_in(text):
    """Intervals and labels of an annotation's lines ``start end label``."""
    rows = [line.split() for line in text.splitlines() if line.strip()]
    return np.array([[float(a), float(b)] for a, b, _ in rows]), [label for *_, label in rows]


def song_scores(midi, text, bank, folder):
    """mir_eval's measures of one song."""
    path, wav = Path(folder) / "song.mid", Path(folder) / "song.wav"
    path.write_bytes(midi)
    subprocess.run(
        ["fluidsynth", "-niq", "-r", "32000", "-F", str(wav), str(bank), str(path)], check=True, stdout=-3, stderr=-3
    )
    _, audio = load(wav)
    found = TemplateChords().extract({"cqt": LibrosaCQT().extract({"audio": audio})})
    ends = np.append(found.onset_s[1:], audio.duration_s)
    intervals, labels = chords_in(text)
    intervals, labels = mir_eval.util.adjust_intervals(intervals, labels, 0.0, intervals[-1, 1], "N", "N")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mir_eval.chord.evaluate(intervals, labels, np.stack([found.onset_s, ends], axis=1), list(found.labels))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--songs", type=int, default=10)
    parser.add_argument("--bank", type=Path, default=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results" / "chords.json")
    args = parser.parse_args()
    songs = []
    with tarfile.open(args.archive) as archive, tempfile.TemporaryDirectory() as folder:
        for number in [90 * i + 10 for i in range(args.songs)]:
            name = f"pop909/{number:03d}"
            midi, text = (archive.extractfile(f"{name}/{f}").read() for f in (f"{number:03d}.mid", "chord_midi.txt"))
            scores = song_scores(midi, text.decode(), args.bank, folder)
            songs.append({"song": number, **{m: round(float(scores[m]), 4) for m in MEASURES}})
            print(songs[-1])
    rng = np.random.default_rng(440)
    summary = {}
    for measure in MEASURES:
        values = np.array([s[measure] for s in songs])
        means = values[rng.integers(0, values.size, (10000, values.size))].mean(axis=1)
        ci = [round(float(q), 4) for q in np.quantile(means, [0.025, 0.975])]
        summary[measure] = {"mean": round(float(values.mean()), 4), "ci": ci}
    args.out.write_text(json.dumps({"summary": summary, "songs": songs}, indent=1) + "\n")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
