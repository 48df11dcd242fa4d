"""How fast a log of rights is written and checked, and how soon a withdrawal takes effect.

Figures: appends per second in batches of 10,000, each synced to the disk once, as ``corpus enter`` does with a file of
facts; seconds to verify a log of a million entries by the stand-alone verifier; seconds until a recording that was
withdrawn is found no more in an index of 100,000 vectors. Verdicts are on the processor's seconds and those that the
disk took to sync, so that they mean something on a machine that is shared: what is left out is the wait for a core.
Those of the clock stand beside.
"""

from __future__ import annotations

import os
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
from versionmatch.store.disk import Disk
from versionmatch.types.neighbours import IndexSpec

FLOORS = {"appends_per_s": 5000.0, "verify_1m_s": 60.0, "withdrawal_s": 1.0}
N, BATCH = 1_000_000, 10_000
DIM = 256


class TimedDisk(Disk):
    """Tells how long the disk took to make appended bytes durable."""

    synced_s = 0.0

    def append(self, path: Path, data: bytes) -> None:
        """As Disk does it, once the file is there."""
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            self.synced_s += time.perf_counter() - began


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
    Book.create(folder / "rights", "example.org/bench")
    disk = TimedDisk()
    book = Book(folder / "rights", disk=disk)
    with book.writing("bench"):
        book.add("party", id="p")
        batches = [facts(at // 5, BATCH) for at in range(0, 50_000, BATCH)]
        started, before = (time.process_time(), time.perf_counter()), disk.synced_s
        for batch in batches:
            book.add_all(batch)
        worked, clocked = since(started)
        synced = disk.synced_s - before
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
    figures = {
        "appends_per_s": 50_000 / (worked + synced), "appends_per_s_of_the_processor": 50_000 / worked,
        "appends_per_s_by_clock": 50_000 / clocked, "append_batches": 50_000 / BATCH, "append_sync_s": synced,
        "log_bytes": float(len(content)),
    }  # fmt: skip
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
    Book.create(folder / "withdrawn", "example.org/bench")
    disk = TimedDisk()
    book = Book(folder / "withdrawn", disk=disk)
    with book.writing("bench"):
        book.add("party", id="p")
        book.add_all(facts(0, 5000))
    gone = np.arange(500, 550)
    started, before = (time.process_time(), time.perf_counter()), disk.synced_s
    with book.writing("revoke"):
        book.add("revocation", grant="g7", effective=book.time)
    index.remove(gone)
    hits = index.search(vectors[gone], 10)
    worked, by_clock = since(started)
    effective = worked + disk.synced_s - before
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
