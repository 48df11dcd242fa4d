"""Run the speed benchmarks and keep their figures: ``python -m benchmarks.speed.run [NAME …]``.

Peers are installed into ``.venv-peers`` the first time. Each benchmark is a module with ``run() -> dict``; its
figures go to ``benchmarks/results/speed-<name>.json``. Exit code 1 if a floor does not hold.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
REQUIREMENTS = ROOT / "benchmarks" / "requirements-peers.txt"
PEERS = ROOT / ".venv-peers"
BENCHMARKS = {
    "dtw": "benchmarks.speed.bench_dtw",
    "local": "benchmarks.speed.bench_local",
    "embed": "benchmarks.speed.bench_embed",
    "index": "benchmarks.speed.bench_index",
    "fingerprint": "benchmarks.speed.bench_fingerprint",
    "melodic": "benchmarks.speed.bench_melodic",
    "harmonic": "benchmarks.speed.bench_harmonic",
    "prior-art": "benchmarks.speed.bench_prior_art",
    "rights": "benchmarks.speed.bench_rights",
    "scan": "benchmarks.speed.bench_scan",
}
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")


def ensure_peers() -> None:
    """Make ``.venv-peers`` hold what requirements-peers.txt lists; does nothing if it does already."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    mark = PEERS / "installed"
    if mark.exists() and mark.read_text() == wanted:
        return
    print("installing the peers into .venv-peers", file=sys.stderr)
    venv.create(PEERS, clear=True, with_pip=True)
    python = str(PEERS / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    uv, install = shutil.which("uv"), ["install", "-q", "-r", str(REQUIREMENTS)]
    fast = [uv, "pip", *install, "-p", python] if uv else []
    if not fast or subprocess.run(fast, check=False).returncode != 0:
        subprocess.run([python, "-m", "pip", *install], check=True)
    mark.write_text(wanted)


def main(names: Sequence[str]) -> int:
    """Run the named benchmarks, or all of them."""
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"no benchmark named {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    ensure_peers()
    holds = True
    for name in names or BENCHMARKS:
        if importlib.util.find_spec(BENCHMARKS[name]) is None:
            continue
        report: dict[str, Any] = importlib.import_module(BENCHMARKS[name]).run()
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"speed-{name}.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        holds &= shown(name, report)
    return 0 if holds else 1


def shown(name: str, report: dict[str, Any]) -> bool:
    """Print a benchmark's floors; True if all of those that carry a verdict hold."""
    print(f"{name}: {report['question']}")
    verdicts = [(floor, v) for floor, v in report.get("floors", {}).items() if isinstance(v, dict) and "holds" in v]
    for floor, verdict in verdicts:
        limit = f"at least {verdict['at_least']}" if "at_least" in verdict else f"at most {verdict['at_most']}"
        print(f"  {floor:26} {verdict['found']:10.1f}  {limit:16} {'holds' if verdict['holds'] else 'FALLS SHORT'}")
    return all(verdict["holds"] for _, verdict in verdicts)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
