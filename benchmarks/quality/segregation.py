"""Planted recordings and versions under other ids: does ``audit segregation`` find them, and what else does it name?

    python -m benchmarks.quality.segregation CATALOGUE [BY [OUT.json]]

CATALOGUE is one that ``benchmarks.quality.planted`` left behind. Of it two catalogues are made that share no recording:
``other`` holds the 20 originals, the 20 works in one arrangement and 60 strangers; ``licensed`` one changed recording
of each original (the kinds of change in turn), the 20 works in another arrangement, and 100 other strangers. All true
pairs are known, so that every further pair that is named is a false alarm, but for a stranger in whose sound 10 s of an
original were mixed: it is heard there. BY is ``recording,version`` or one of them; the result is kept under that name.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.segregation import segregation
from versionmatch.params import ScanParams

KINDS = ("bytes", "mp3", "trim", "softer", "faster", "higher", "mix")
RESULT = Path(__file__).resolve().parents[1] / "results" / "quality-segregation.json"


def side(source: Path, target: Path, keep: set[str]) -> Catalogue:
    """A catalogue that holds only some recordings of another; its features are links to those of the other."""
    target.mkdir(parents=True)
    for name in ("catalogue.db", "catalogue.toml", "ledger.jsonl"):
        shutil.copy(source / name, target / name)
    with Catalogue.open(source) as whole:
        rows = [row for kind in whole.settings.kinds for row in whole.store.kept(kind) if row.recording_id in keep]
        gone = [r.id for r in whole if r.id not in keep]
        for row in rows:
            path = whole.store.artefacts.path_of(row.recording_id, row.kind, row.settings)
            linked = target / path.relative_to(source)
            linked.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, linked)
    catalogue = Catalogue.open(target)
    catalogue.remove(gone)
    return catalogue


def main(source: Path, by: str, out: Path) -> None:
    """Make both sides, look, and write what was found."""
    with Catalogue.open(source) as whole:
        names: dict[str, str] = {}
        for recording in whole:
            for row in whole.store.sources(recording.id):
                names.setdefault(Path(row.path).stem, recording.id)
    strangers = sorted(n for n in names if n.startswith("stranger-"))
    originals = [f"base-{i:02d}" for i in range(20)]
    changed = [f"base-{i:02d}-{KINDS[i % len(KINDS)]}" for i in range(20)]
    works, arranged = [f"work-{i:02d}" for i in range(20)], [f"work-{i:02d}-arranged" for i in range(20)]
    changed = [
        c if c in names and names[c] != names[o] else f"{o}-faster" for c, o in zip(changed, originals, strict=True)
    ]
    # the same samples are the same recording: an id of its own needs changed sound
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        other = side(source, Path(folder) / "other", {names[n] for n in [*originals, *works, *strangers[:60]]})
        theirs = {names[n] for n in [*changed, *arranged, *strangers[60:160]]}
        licensed = side(source, Path(folder) / "licensed", theirs)
        started = time.monotonic()
        found = segregation(
            licensed, other, ScanParams(by=tuple(by.split(",")), k=5), tell=lambda s: print(s, file=sys.stderr)
        )
        seconds = time.monotonic() - started
        other.close()
        licensed.close()
    pairs = {(m.licensed, m.other): m for m in found.mixed}
    true = {"recordings": [(names[c], names[o]) for c, o in zip(changed, originals, strict=True)]}
    true["works"] = [(names[a], names[w]) for a, w in zip(arranged, works, strict=True)]
    known = {p for some in true.values() for p in some}
    label = {i: n for n, i in names.items()}
    mixes = {(names[c], names[f"stranger-0{c[5:7]}"]) for c in changed if c.endswith("-mix")}
    false = [m for p, m in pairs.items() if p not in known | mixes]
    result = {
        "what": "audit segregation on planted recordings and versions",
        "licensed": found.licensed, "other": found.others, "pairs_compared": found.pairs,
        "seconds": round(seconds, 1),
        "recordings_found": sum(p in pairs for p in true["recordings"]),
        "recordings_by_what": sorted(pairs[p].what for p in true["recordings"] if p in pairs),
        "works_found": sum(p in pairs for p in true["works"]),
        "of_each": 20,
        "false_alarms": [[label[m.licensed], label[m.other], m.what, m.probability] for m in false],
        "missed": [[label[a], label[b]] for a, b in sorted(known) if (a, b) not in pairs],
        "kinds": {kind: sum(c.endswith(kind) for c in changed) for kind in KINDS},
    }  # fmt: skip
    whole = json.loads(out.read_text()) if out.exists() else {}
    out.write_text(json.dumps({**whole, by: result}, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]), given[1] if given[1:] else "recording,version", Path(given[2]) if given[2:] else RESULT)
