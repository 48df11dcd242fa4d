"""Small corpora of ABC tunes for the tests of prior art: walks along a scale, each with its own seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LETTERS = "CDEFGABcdefgab"


def walk(seed: int, n: int = 48) -> list[str]:
    """Notes of a tune in C, as ABC letters of one unit each."""
    rng = np.random.default_rng(seed)
    at, notes = 6, []
    for _ in range(n):
        at = int(np.clip(at + rng.choice([-3, -2, -1, -1, 1, 1, 2, 4]), 0, len(LETTERS) - 1))
        notes.append(LETTERS[at])
    return notes


def tune(notes: list[str], *, number: int = 1, title: str = "", composer: str = "", key: str = "C") -> str:
    """An ABC tune in 4/4 of quarters."""
    bars = ["".join(notes[i : i + 4]) for i in range(0, len(notes), 4)]
    head = f"X:{number}\nT:{title}\n" + (f"C:{composer}\n" if composer else "") + f"M:4/4\nL:1/4\nQ:1/4=60\nK:{key}\n"
    return head + "|".join(bars) + "|\n"


def corpus(folder: Path, n: int) -> Path:
    """A folder of n tunes, walks of the seeds 0 to n - 1, dated 1700, 1701, … in ``works.csv``."""
    (folder / "tunes").mkdir(parents=True)
    rows = ["path,title,composer,year"]
    for i in range(n):
        (folder / "tunes" / f"t{i:03d}.abc").write_text(tune(walk(i), title=f"Tune {i}"), encoding="utf-8")
        rows.append(f"tunes/t{i:03d}.abc,Air {i},Anon.,{1700 + i}")
    (folder / "works.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "works.csv"
