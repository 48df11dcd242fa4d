"""How long does it take to look a passage of 12 notes up in a thousand songs, beside a scan that aligns every line?

Two corpora: the 1,034 Nottingham tunes (one line each) and POP909 (909 songs, every part of each). The scan is what the
library offers without an index: ``pitch_passage`` with each line in turn. Both must agree on the best score. One
thread, compiled before the clock starts, CPU seconds, the median of the passages. ``VERSIONMATCH_DATA`` is the folder
of the two archives; without it, walks along a scale stand for the tunes, and the result says so.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed import machine
from versionmatch.jobs.tune_index import TuneIndex
from versionmatch.melodic.passage import pitch_passage
from versionmatch.melodic.tune import Tune

DATA = Path(os.environ.get("VERSIONMATCH_DATA", "data"))
SETS = {"nottingham": "nottingham_abc.tar.gz", "pop909": "pop909_main.tar.gz"}
N_NOTES, N_PASSAGES, MOST_S = 12, 20, 2.0


def passages(index: TuneIndex) -> list[Tune]:
    """Of as many works, each in another key."""
    rng, corpus = np.random.default_rng(440), index.corpus
    melodies = [i for i, line in enumerate(corpus.of) if line.melody and corpus.lines.lengths[i] >= N_NOTES]
    made = []
    for line in rng.permutation(melodies)[:N_PASSAGES].tolist():
        pitches = corpus.lines.tune(line).pitches
        at = int(rng.integers(pitches.size - N_NOTES + 1))
        made.append(Tune(pitches[at : at + N_NOTES] + rng.integers(-6, 7)))
    return made


def cpu_s(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def measured(folder: Path, name: str) -> dict[str, Any]:
    """Seconds to build, to open, to look up, and to scan."""
    built, _ = cpu_s(lambda: TuneIndex.build(folder / name, folder / f"{name}.tunes", workers=1))
    opened, index = cpu_s(lambda: TuneIndex.open(folder / f"{name}.tunes"))
    asked = passages(index)
    index.search(asked[0])
    lines = [index.corpus.lines.tune(i) for i in range(len(index.corpus.of))]
    pitch_passage(asked[0], lines[0])
    looked_up, scanned = [], []
    for passage in asked:
        seconds, found = cpu_s(lambda passage=passage: index.search(passage, k=0))
        looked_up.append(seconds)
        seconds, best = cpu_s(lambda passage=passage: max(pitch_passage(passage, line)[0].score for line in lines))
        scanned.append(seconds)
        assert abs(max(hit.score for hit in found.hits) - best) < 1e-6
    size = sum(path.stat().st_size for path in (folder / f"{name}.tunes").iterdir())
    return {
        "works": len(index.corpus.works), "lines": len(lines), "notes": int(index.corpus.lines.pitches.size),
        "bytes": size, "build_s": built, "open_s": opened, "search_s": float(np.median(looked_up)),
        "slowest_search_s": max(looked_up), "scan_s": float(np.median(scanned)),
    }  # fmt: skip


def run() -> dict[str, Any]:
    """Both corpora, and whether the floor of two seconds holds."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for corpus, archive in SETS.items():
            if (DATA / archive).is_file():
                with tarfile.open(DATA / archive) as file:
                    file.extractall(folder, filter="data")
            else:
                _walks(folder / corpus)
            found[corpus] = measured(folder, corpus)
            found[corpus]["made_up"] = not (DATA / archive).is_file()
    slowest = max(each["slowest_search_s"] for each in found.values())
    return {
        "question": (__doc__ or "").splitlines()[0], "machine": machine.described(), "n_notes": N_NOTES,
        "passages": N_PASSAGES, "corpora": found,
        "floors": {"slowest_search_s": {"found": slowest, "at_most": MOST_S, "holds": slowest <= MOST_S}},
    }  # fmt: skip


def _walks(folder: Path) -> None:
    """A thousand walks along a scale of a hundred notes, as ABC."""
    rng = np.random.default_rng(440)
    folder.mkdir()
    for i in range(1000):
        steps = np.clip(np.cumsum(rng.choice([-2, -1, 1, 2], 100)) + 6, 0, 13)
        (folder / f"{i}.abc").write_text(f"X:1\nK:C\n{''.join('CDEFGABcdefgab'[s] for s in steps)}|\n")
