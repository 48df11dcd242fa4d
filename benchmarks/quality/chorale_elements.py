"""Chorales of one tune in several settings: is the melody told to be unusual, and the harmony not?

    python -m benchmarks.quality.chorale_elements CHORALES --out benchmarks/results/chorale-elements.json

``CHORALES`` is a folder of four-part chorales in kern, several of one title (``!!!OTL``). Of each title two settings
are compared as scores, the highest part being the melody and the chords those found in all parts; as many pairs of
different titles beside them. Reported is in how many the p-value of an element (``Match.elements``) is at most .05,
with the 95 % interval after Wilson. Nothing was chosen on these.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.quality.fingerprint import share
from benchmarks.speed.machine import described
from versionmatch.jobs.findings import findings
from versionmatch.jobs.opening import open_track
from versionmatch.params import CompareParams

SEED, P = 440, 0.05
CUES = ("harmony", "melody", "tune", "pmi", "figures", "tversky", "intervals", "ornamented", "contour", "chords",
        "tonal-space", "progressions")  # fmt: skip


def titles(folder: Path) -> dict[str, list[Path]]:
    """Files by title, of titles with two settings or more."""
    found = defaultdict(list)
    for path in sorted(folder.rglob("*.krn")):
        title = re.search(r"^!!!OTL[^:]*:\s*(.+)$", path.read_text(encoding="utf-8", errors="replace"), re.M)
        if title:
            found[title.group(1).strip()].append(path)
    return {name: paths for name, paths in found.items() if len(paths) > 1}


def elements(a: Path, b: Path) -> dict[str, float]:
    """The p-values of melody and harmony."""
    query, reference = (open_track(path, melody_part="skyline") for path in (a, b))
    found = findings(query, reference, CompareParams(cues=CUES, controls=False), lambda _: None)
    return {s.element: s.p_value for s in found.elements if s.p_value is not None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chorales", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--titles", type=int, default=40)
    options = parser.parse_args()
    groups = list(titles(options.chorales).values())
    rng = np.random.default_rng(SEED)
    drawn = [groups[i] for i in rng.permutation(len(groups))[: options.titles]]
    pairs = {
        "one tune": [(g[0], g[1]) for g in drawn],
        "different tunes": [(g[0], h[0]) for g, h in zip(drawn, [*drawn[1:], drawn[0]], strict=True)],
    }
    report = {"machine": described(), "seed": SEED, "p": P}
    for name, some in pairs.items():
        rows = [elements(*pair) for pair in some]
        report[name] = {
            e: share(sum(row.get(e, 1.0) <= P for row in rows), len(rows)) for e in ("melody", "harmony", "overall")
        }
        report[name]["p_values"] = rows
        print(name, {e: report[name][e]["percent"] for e in ("melody", "harmony", "overall")}, flush=True)
    options.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
