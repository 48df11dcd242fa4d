"""Outcomes on their way into the catalogue: in batches, one transaction each; and what a run leaves written down."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .. import __version__
from ..params import IndexParams
from ..store.facts import facts_digest
from ..store.rows import FILES
from ..store.runs import Coverage, Outcome, Wanted, coverage, known, settle
from ..store.writer import Writer
from .index_work import Bytes, Made, Plan, Task

TOLD_S = 0.5
BATCH = 64
"""So many outcomes are committed together where they cost nothing; what was decoded, also in vain, is at once."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is: coverage, files settled, seconds of sound, bytes read, seconds gone by and by stage."""

    coverage: Coverage
    n_files: int
    audio_s: float
    n_bytes: int
    elapsed_s: float
    stages: dict[str, float] = field(default_factory=dict)


Tell = Callable[[Standing], None]


class Committer:
    """The one way into the database: holds outcomes for a moment, and knows what is known already."""

    def __init__(self, writer: Writer, run_id: str, wanted: Wanted, params: IndexParams, tell: Tell) -> None:
        self._writer, self._run_id, self._wanted, self._params, self._tell = writer, run_id, wanted, params, tell
        self._held: list[Outcome] = []
        self._start = self._next = time.monotonic()
        self._n_files, self._audio_s, self._n_bytes = 0, 0.0, 0
        self._stages: dict[str, float] = {}

    def add(self, made: Made) -> None:
        """Keep an outcome for the next commit."""
        self._held.append(made.outcome)
        self._n_files += 1
        self._audio_s += made.duration_s
        self._n_bytes += made.outcome.size
        for stage, seconds in made.stages:
            self._stages[stage] = self._stages.get(stage, 0.0) + seconds
        if len(self._held) >= BATCH or made.stages:
            self.flush()

    def flush(self) -> None:
        """Commit what is held, and say how things stand, unless that was said a moment ago."""
        if self._held:
            settle(self._writer, self._run_id, self._held, restore=self._params.restore)
            self._held = []
        if time.monotonic() >= self._next:
            self.tell()

    def tell(self) -> Standing:
        """Say how things stand; counting takes time in a large catalogue, so it is done only so often."""
        began = time.monotonic()
        standing = self.standing()
        self._next = time.monotonic() + max(TOLD_S, 50 * (time.monotonic() - began))
        self._tell(standing)
        return standing

    def standing(self) -> Standing:
        """How far the run is."""
        found = coverage(self._writer.connection, self._run_id)
        elapsed_s = time.monotonic() - self._start
        return Standing(found, self._n_files, self._audio_s, self._n_bytes, elapsed_s, dict(self._stages))

    def known(self, task: Task, found: Bytes) -> Outcome | None:
        """What is known of bytes that were just read, in the database or on the way there."""
        where = (found.size, found.mtime_ns, found.content)
        for held in self._held:
            if held.content == found.content and held.file is not None:
                return Outcome(task.key, held.state, held.reason, held.detail, *where, held.file, held.recording)
        retry, restore = self._params.retry, self._params.restore
        what = known(self._writer.connection, found.content, self._wanted, retry=retry, restore=restore)
        if what is None or what == "done":
            return Outcome(task.key, "done", "", "", *where) if what else None
        if what == "removed":
            return Outcome(task.key, "skipped", what, "", *where)
        file = FILES.one(self._writer.connection, found.content)
        return Outcome(task.key, "quarantined", what, file.detail if file else "", *where)


def write_run(writer: Writer, standing: Standing, state: str, plan: Plan) -> None:
    """``runs/<id>/manifest.json``: what was done by which version, how long it took, what the catalogue then held."""
    manifest = {
        "schema": "versionmatch.index-run/1",
        "versionmatch": __version__,
        "python": platform.python_version(),
        "state": state,
        "kinds": list(plan.kinds),
        "extractors": dict(plan.extractors),
        "coverage": standing.coverage.to_dict(),
        "audio_s": round(standing.audio_s, 3),
        "bytes": standing.n_bytes,
        "elapsed_s": round(standing.elapsed_s, 3),
        "stages_s": {stage: round(seconds, 3) for stage, seconds in standing.stages.items()},
        "facts_sha256": facts_digest(writer.connection),
    }
    path = writer.root / "runs" / standing.coverage.run_id / "manifest.json"
    writer.disk.write(path, (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode())
