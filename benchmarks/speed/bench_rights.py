"""How fast a log of rights is written and checked, and how soon a withdrawal takes effect.

Figures: appends per second in batches of 1,000, each synced to the disk; seconds to verify a log of a million entries
by the stand-alone verifier; seconds until a recording that was withdrawn is found no more in an index of 100,000
vectors. Verdicts are on the processor's seconds, so that they mean something on a machine that is shared; those of the
clock stand beside.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.machine import described
from versionmatch.audit.note import Checkpoint
from versionmatch.audit.verify_log import Note, verify
from versionmatch.index.vectors import FaissIndex
from versionmatch.rights.book import Book
from versionmatch.rights.facts import SCOPES, WHOLE
from versionmatch.types.neighbours import IndexSpec

FLOORS = {"appends_per_s": 5000.0, "verify_1m_s": 60.0, "withdrawal_s": 1.0}
N, BATCH = 1_000_000, 1000
DIM = 256


def facts(first: int, n: int) -> list[tuple[str, dict[str, Any]]]:
    """Works, recordings, assets and grants, as a large catalogue would enter them."""
    made: list[tuple[str, dict[str, Any]]] = []
    for i in range(first, first + n // 5):
        usual = {"grantor": "p", "scopes": list(SCOPES), "models": ["v1"], "start": "2026-01-01T00:00:00Z"}
        made += [
            ("work", {"id": f"w{i}", "shares": {"p": WHOLE}}),
            ("recording", {"id": f"r{i}", "works": [f"w{i}"], "owners": {"p": WHOLE}}),
            ("asset", {"id": f"a{i}", "recording": f"r{i}", "sha256": f"{i:064x}"}),
            ("grant", {**usual, "id": f"m{i}", "right": "master", "subject": {"kind": "recording", "id": f"r{i}"}}),
            ("grant", {**usual, "id": f"g{i}", "right": "publishing", "subject": {"kind": "work", "id": f"w{i}"}}),
        ]
    return made


def log_figures(folder: Path, n: int) -> dict[str, float]:
    """Append 50,000 checked facts through the book, fill up through the log, verify all."""
    book = Book.create(folder / "rights", "example.org/bench")
    with book.writing("bench"):
        book.add("party", id="p")
        batches = [facts(at // 5, BATCH) for at in range(0, 50_000, BATCH)]
        started = time.process_time(), time.perf_counter()
        for batch in batches:
            book.add_all(batch)
        appends, clocked = (50_000 / seconds for seconds in since(started))
        while len(book.log) < n:
            at = len(book.log)
            book.log.append("bench", [("party", {"digest": "", "id": f"x{i}"}) for i in range(at, min(at + 20_000, n))])
        checkpoint: Checkpoint = book.log.checkpoint
    content = book.log.path.read_bytes()
    started = time.process_time(), time.perf_counter()
    found = verify(content, [Note("bench", checkpoint.origin, checkpoint.size, checkpoint.root)])
    seconds, by_clock = since(started)
    if found.signed != n:
        sys.exit(f"{found.signed} of {n} entries were verified")
    figures = {"appends_per_s": appends, "appends_per_s_by_clock": clocked, "log_bytes": float(len(content))}
    return {**figures, "verify_1m_s": seconds * 1e6 / n, "verify_1m_s_by_clock": by_clock * 1e6 / n}


def since(started: tuple[float, float]) -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    return time.process_time() - started[0], time.perf_counter() - started[1]


def withdrawal_figures(folder: Path) -> dict[str, float]:
    """Log the revocation, ask for permission, remove the vectors; then look for them."""
    rng = np.random.default_rng(440)
    vectors = rng.normal(size=(100_000, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    spec = IndexSpec(dim=DIM, model_id="bench")
    index = FaissIndex.build(folder / "index", spec, [(vectors, np.arange(100_000))])
    index.search(vectors[:1], 10)
    book = Book.create(folder / "withdrawn", "example.org/bench")
    with book.writing("bench"):
        book.add("party", id="p")
        book.add_all(facts(0, 5000))
    gone = np.arange(500, 550)
    started = time.process_time(), time.perf_counter()
    with book.writing("revoke"):
        book.add("revocation", grant="g7", effective=book.time)
    index.remove(gone)
    hits = index.search(vectors[gone], 10)
    effective, by_clock = since(started)
    if np.isin(hits.ids, gone).any():
        sys.exit("a withdrawn vector was found")
    started = time.process_time(), time.perf_counter()
    index.compact()
    compaction, _ = since(started)
    needle = vectors[gone[0]].astype(np.float16).tobytes()
    left = [p for p in (folder / "index").rglob("*") if p.is_file() and needle in p.read_bytes()]
    if left:
        sys.exit(f"{left[0].name} still holds a withdrawn vector")
    return {"withdrawal_s": effective, "withdrawal_s_by_clock": by_clock, "compaction_s": compaction}


def run() -> dict[str, Any]:
    """All figures, beside what they must be."""
    with tempfile.TemporaryDirectory() as folder:
        figures = log_figures(Path(folder), N) | withdrawal_figures(Path(folder))
    floors: dict[str, Any] = {}
    for name, limit in FLOORS.items():
        most = name != "appends_per_s"
        holds = figures[name] <= limit if most else figures[name] >= limit
        floors[name] = {"found": round(figures[name], 3), "at_most" if most else "at_least": limit, "holds": holds}
    question = "How fast is a log of rights written and checked, and how soon does a withdrawal take effect?"
    return {"question": question, "machine": described(), "entries": N, "figures": figures, "floors": floors}
