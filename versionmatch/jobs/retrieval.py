"""How well versions are found in a collection with known works: the protocol, from manifest to figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import ParamsError
from ..match import calibrate, metrics
from ..match.normalise import normalised
from ..match.ranking import ROW, fused_similarity, reversed_rows, similarity
from ..params import FUSED, Params, at_hand, check
from ..plugins import find, names
from ..types import DoubleArray
from . import retrieval_work as work
from .pools import processes
from .retrieval_items import Item, read_manifest

Progress = Callable[[str], None]
SCHEMA = "versionmatch.retrieval/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalParams(Params):
    """Settings of ``bench_retrieval``.

    Parameters
    ----------
    manifest : str
        A CSV of ``path,work_id[,recording_id]``, paths relative to it; or a ``.npz`` of CQT features.
    cue : str
        The name of a cue, such as ``harmony``, ``melody``, ``rhythm``, ``passages``; or ``fused`` (these together).
    seed, n_bootstrap : int
        Of the intervals.
    workers : int
        Processes; 0: as many as there are cores. The result does not depend on it.
    cache_dir : str, optional
        Where features and similarities are kept, so that an interrupted run goes on; None: nowhere.
    extractors : mapping
        Kind → name of an extractor plugin, where it is not the default.
    """

    manifest: str
    cue: str = "fused"
    seed: int = 440
    n_bootstrap: int = 1000
    workers: int = 0
    cache_dir: str | None = None
    extractors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = (*names("cues"), "fused")
        check(self.cue in known, "cue", self.cue, f"one of {', '.join(known)}")
        ranks = self.cue == "fused" or hasattr(find("cues", self.cue), "by_key")
        check(
            ranks, "cue", self.cue, "a cue that can rank, with the methods sketch(track) and by_key(query, reference)"
        )
        check(self.n_bootstrap >= 1, "n_bootstrap", self.n_bootstrap, "1 or more")
        check(self.workers >= 0, "workers", self.workers, "0 (all cores) or more")

    @property
    def cues(self) -> tuple[str, ...]:
        """The cues that are measured."""
        return at_hand(FUSED) if self.cue == "fused" else (self.cue,)


@dataclass(frozen=True, eq=False, slots=True)
class Similarities:
    """All pairs of the items that could be read: by cue, rows ``(n, n, 13)`` as in ``match.ranking``."""

    items: tuple[Item, ...]
    recordings: tuple[str, ...]
    rows: dict[str, DoubleArray]
    errors: tuple[dict[str, str], ...]

    @property
    def works(self) -> list[str]:
        """The work of each item."""
        return [item.work_id for item in self.items]


def bench_retrieval(params: RetrievalParams, progress: Progress | None = None) -> dict[str, Any]:
    """How well the versions in a collection are found: MAP, MR1, MRR, hit@1, hit@10 and NAR, with intervals.

    By the protocol of ``match.metrics``; score-normalised, and the same figures ``raw`` beside them. A file
    that cannot be read is listed under ``errors`` and left out.

    Returns
    -------
    dict
        JSON-able; each figure with its ``_ci``, the 95 % interval of a bootstrap over works.

    Raises
    ------
    InputError
        The manifest cannot be used, or no work has two readable recordings.
    """
    found = similarities(params, progress or (lambda _: None))
    plain, adjusted = ranking_tables(found, params.cue)
    return {
        "schema": SCHEMA,
        "cue": params.cue,
        "normalised": True,
        **figures(adjusted, found, params),
        "raw": figures(plain, found, params),
        "n_items": len(found.items),
        "n_works": len(set(found.works)),
        "n_queries": metrics.rank(plain, found.works, found.recordings).n_queries,
        "n_candidates": len(found.items) - 1,
        "seed": params.seed,
        "n_bootstrap": params.n_bootstrap,
        "errors": list(found.errors),
        "versions": {"versionmatch": __version__, **{n: version(n) for n in ("numpy", "scipy", "numba")}},
        "calibration": calibrate.load().id if params.cue == "fused" else None,
    }


def similarities(params: RetrievalParams, progress: Progress) -> Similarities:
    """All pairs of a manifest, by cue."""
    for cue in params.cues:
        if not hasattr(find("cues", cue), "by_key"):
            raise ParamsError(f"the cue {cue!r} compares pairs only; give it sketch() and by_key() to rank by it")
    items = read_manifest(Path(params.manifest))
    with _workers(params, len(items)) as pool:
        tasks = [(item, params.cues, params.cache_dir, dict(params.extractors)) for item in items]
        sketches = []
        for done, sketched in enumerate(_each(pool, work.sketch, tasks), start=1):
            sketches.append(sketched)
            progress(f"features {done}/{len(items)}: {sketched.item.label}")
    good = [s for s in sketches if s.error is None]
    errors = tuple({"path": s.item.label, "error": s.error} for s in sketches if s.error is not None)
    rows = {cue: _pairs(params, good, cue, progress) for cue in params.cues}
    return Similarities(tuple(s.item for s in good), tuple(s.recording_id for s in good), rows, errors)


def ranking_tables(found: Similarities, cue: str) -> tuple[DoubleArray, DoubleArray]:
    """The similarity that ranks: as it is, and normalised by what each recording is usually given."""
    recordings = np.asarray(found.recordings)
    left_out = recordings[:, None] == recordings[None]
    if cue == "fused":
        return fused_similarity(found.rows, calibrate.load(), left_out=left_out)
    plain = similarity(cue, found.rows[cue])
    return plain, normalised(plain, left_out=left_out)


def figures(table: DoubleArray, found: Similarities, params: RetrievalParams) -> dict[str, Any]:
    """Each measure of a similarity table, with its interval."""
    ranking = metrics.rank(table, found.works, found.recordings)
    bounds = metrics.intervals(ranking, seed=params.seed, n_bootstrap=params.n_bootstrap)
    measured: dict[str, Any] = {}
    for key, mean in ranking.means().items():
        measured[key] = mean
        measured[f"{key}_ci"] = list(bounds[key])
    return measured


def _pairs(params: RetrievalParams, sketches: list[work.Sketched], cue: str, progress: Progress) -> DoubleArray:
    """One cue for all pairs, a query at a time; finished queries are kept on disk and read back."""
    n = len(sketches)
    folder = _rows_folder(params, sketches, cue)
    table = np.zeros((n, n, ROW))
    missing = []
    for i in range(n - 1):
        row = work.read_row(folder, i, n - 1 - i)
        if row is None:
            missing.append(i)
        else:
            table[i, i + 1 :] = row
    values = [s.sketches[cue] for s in sketches]
    with _workers(params, len(missing), (cue, values, folder)) as pool:
        for done, (i, row) in enumerate(_each(pool, work.row, missing, (cue, values, folder)), start=1):
            table[i, i + 1 :] = row
            progress(f"{cue} {done}/{len(missing)}")
    for i in range(1, n):
        table[i, :i] = reversed_rows(table[:i, i])
    return table


def _rows_folder(params: RetrievalParams, sketches: list[work.Sketched], cue: str) -> Path | None:
    if params.cache_dir is None:
        return None
    content = json.dumps([cue, work.cue_settings(cue), [(s.audio_id, s.digests[cue]) for s in sketches]])
    return Path(params.cache_dir) / "pairs" / hashlib.sha256(content.encode()).hexdigest()[:24]


def _workers(
    params: RetrievalParams, n_tasks: int, shared: tuple[Any, ...] | None = None
) -> AbstractContextManager[Executor | None]:
    """A pool of processes, or None where one process does it."""
    return processes(params.workers, n_tasks, initializer=work.begin, initargs=(shared,))


def _each(
    pool: Executor | None, task: Callable[[Any], Any], inputs: list[Any], shared: tuple[Any, ...] | None = None
) -> Iterable[Any]:
    if pool is None:
        work.begin(shared)
        return map(task, inputs)
    return pool.map(task, inputs)
