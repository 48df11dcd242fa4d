"""Everything that is measured of an embedding model.

    python -m benchmarks.quality.embedding MODEL --data DIR --works DIR --cache DIR [--only covers anthems …]

MODEL is an id or a directory; DATA the folder with ``dev/``; WORKS the folder ``works`` that ``versionmatch train``
leaves in its cache; CACHE takes renderings, features and what other methods found, for other models too. Parts measured
now replace those in the JSON; others stay. ``--prepare`` only makes the renderings; ``--markdown`` only prints the JSON
as tables. The learning curve is ``python -m benchmarks.quality.embedding_curve``.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.quality.embedding_common import SEED, Settings
from benchmarks.quality.embedding_tables import markdown
from versionmatch.embed.loaded import VersionModel

OUT = Path(__file__).resolve().parents[1] / "results" / "embedding.json"
PARTS = {
    "covers": "embedding_covers",
    "excerpts": "embedding_excerpts",
    "anthems": "embedding_anthems",
    "unseen": "embedding_unseen",
    "folk": "embedding_tunes:folk",
    "chorales": "embedding_tunes:chorales",
}


def main() -> None:
    args = arguments()
    settings = Settings(
        None if args.model is None else VersionModel(args.model), args.data, args.cache, args.works, args.workers
    )
    report: dict[str, Any] = json.loads(args.out.read_text()) if args.out.is_file() else {}
    for part in () if args.markdown else args.only:
        module, _, variant = PARTS[part].partition(":")
        functions = import_module(f"benchmarks.quality.{module}")
        if args.prepare:
            if hasattr(functions, "prepare"):
                functions.prepare(settings, *filter(None, [variant]))
            continue
        began = time.process_time()
        report[part] = functions.measure(settings, *filter(None, [variant])) | described(settings.model)
        report[part]["cpu_s"] = round(time.process_time() - began, 1)
        args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(markdown({part: report[part] for part in args.only if part in report}))


def described(model: VersionModel | None) -> dict[str, Any]:
    """Which weights a part was measured with."""
    return {} if model is None else {"model": model.facts.id, "weights": model.facts.weights_sha256, "seed": SEED}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--works", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
