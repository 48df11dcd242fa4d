"""Add to a catalogue: every input that is named is taken in, quarantined, passed over, or still waits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from itertools import islice
from typing import Any

from ..audio.isolated import Isolation
from ..audio.limits import Limits
from ..features.view import Track
from ..params import IndexParams
from ..store.catalogue import CatalogueStore
from ..store.rows import INPUTS, InputRow
from ..store.runs import Coverage, Wanted, begin_run, end_run, pending, see
from ..store.writer import Writer
from ..types import Recording
from .flow import deadline
from .index_commit import Committer, Tell, write_run
from .index_flow import outcomes
from .index_inputs import Named, named_inputs
from .index_look import looked_at
from .index_work import Plan, Task
from .workers import Workers


def index(
    store: CatalogueStore,
    sources: Iterable[str | os.PathLike[str]] | None = None,
    params: IndexParams | None = None,
    *,
    executor: Executor | None = None,
    tell: Tell = lambda _: None,
) -> Coverage:
    """Take inputs into a catalogue; what was taken in before is not read again, so that any kill can be resumed.

    Parameters
    ----------
    sources : paths, optional
        Folders, files, scores, manifests, cue sheets; by default all that the catalogue was ever given.
    params : IndexParams, optional
        How to read them.
    executor : Executor, optional
        Does the work instead of processes here; it must see the same files.
    tell : callable, optional
        Called now and then, and at the end.

    Returns
    -------
    Coverage
        ``done + quarantined + skipped + pending == seen``.
    """
    params = params or IndexParams()
    plan = plan_of(store, params)
    wanted = wanted_of(plan)
    with store.writing("index") as writer:
        run_id, state = begin_run(writer, "index", params.to_dict()), "failed"
        commit = Committer(writer, run_id, wanted, params, tell)
        try:
            for part in _parts(named_inputs(sources, catalogue=store.root) if sources is not None else _all(writer)):
                see(writer, run_id, [looked_at(writer.connection, named, wanted, params) for named in part])
            with Workers(params.workers(os.cpu_count() or 1), executor) as workers:
                tasks = map(_task, pending(writer.connection, run_id))
                for made in outcomes(workers, plan, tasks, commit.known, deadline(params.deadline_s)):
                    commit.add(made)
            commit.flush()
            state = "stopped" if commit.tell().coverage.pending else "done"
        except KeyboardInterrupt:
            state = "stopped"
            raise
        finally:
            found = end_run(writer, run_id, state=state)
        write_run(writer, commit.standing(), state, plan)
    return found


def plan_of(store: CatalogueStore, params: IndexParams) -> Plan:
    """What the workers are told."""
    memory = Isolation().max_memory if not params.max_memory_mib else 1 << 30
    limits = Limits(max_duration_s=params.max_duration_s)
    isolation = Isolation(memory, params.decode_deadline_s, limits, params.partial)
    extractors = tuple(sorted(store.settings.extractors.items()))
    return Plan(
        os.path.abspath(store.root), store.settings.kinds, extractors, isolation, store.disk, params.analysis_deadline_s
    )


def wanted_of(plan: Plan) -> Wanted:
    """The features that make a recording complete; raises UnknownPlugin, or what a plugin lacks, before any work."""
    track = Track(Recording("", "", 0.0), {"audio": _NOTHING}, choice=dict(plan.extractors))
    return frozenset((kind, track.settings(kind)) for kind in plan.kinds)


_NOTHING: Any = None  # settings do not depend on the sound


def _parts(named: Iterable[Named]) -> Iterator[list[Named]]:
    """Some inputs at a time: a transaction for each would be slow."""
    left = iter(named)
    while part := list(islice(left, 500)):
        yield part


def _all(writer: Writer) -> Iterator[Named]:
    """Every input that the catalogue was ever given, as it was named."""
    last = ""
    while page := list(INPUTS.rows(writer.connection, "key > ? ORDER BY key LIMIT 500", (last,))):
        last = page[-1].key
        for row in page:
            by_name = row.reason in {"hidden", "not_sound_by_name", "no_score", "path_unsafe"}
            verdict = (row.state, row.reason, row.detail) if by_name else None
            yield Named(row.key, row.path, (row.start_s, row.end_s), row.partition, {}, verdict)


def _task(row: InputRow) -> Task:
    return Task(row.key, row.path, (row.start_s, row.end_s) if row.end_s else None)
