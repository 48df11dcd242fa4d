"""Inputs through workers, and their outcomes back: equal bytes are decoded once, whatever a worker dies of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..store.runs import Outcome
from .flow import Flight, Flow
from .index_work import Bytes, Made, Plan, Task, read_bytes, take_in
from .workers import LATE, Workers

__all__ = ["Workers", "outcomes"]


@dataclass(eq=False, kw_only=True)
class _Input(Flight):
    """An input under way: first its bytes are read, then, knowing them, it is taken in."""

    task: Task
    found: Bytes | None = None


def outcomes(
    workers: Workers,
    plan: Plan,
    tasks: Iterator[Task],
    known: Callable[[Task, Bytes], Outcome | None],
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Made]:
    """What each task comes to, as it is known; tasks that were not begun when ``stop`` said so are left.

    ``known`` is asked of each file's bytes and may give the outcome at once; equal bytes are decoded once.
    """
    return _Inputs(workers, plan, tasks, known, stop).run()


class _Inputs(Flow[_Input, Made]):
    def __init__(self, workers: Workers, plan: Plan, tasks: Iterator[Task], known: Any, stop: Any) -> None:
        super().__init__(workers, stop)
        self._plan, self._tasks, self._known = plan, tasks, known
        self._waiting: dict[str, list[_Input]] = {}  # by content: what hangs on one that is being decoded

    def next_flight(self) -> _Input | None:
        task = next(self._tasks, None)
        return None if task is None else _Input(task=task)

    def call(self, flight: _Input) -> tuple[Any, ...]:
        return (read_bytes, flight.task) if flight.found is None else (take_in, self._plan, flight.task, flight.found)

    def returned(self, flight: _Input, result: Any) -> Iterator[Made]:
        if isinstance(result, Outcome):
            yield Made(result)
        elif isinstance(result, Bytes):
            yield from self._read(flight, result)
        else:
            yield result
            yield from self._shared(flight, result.outcome)

    def _read(self, flight: _Input, found: Bytes) -> Iterator[Made]:
        flight.found = found
        if found.content in self._waiting:
            self._waiting[found.content].append(flight)
            return
        outcome = self._known(flight.task, found)
        if outcome is not None:
            yield Made(outcome)
            return
        self._waiting[found.content] = []
        self.launch(flight)

    def _shared(self, flight: _Input, outcome: Outcome) -> Iterator[Made]:
        """Those with the same bytes come to the same; where these said nothing lasting, the next one is tried."""
        content = flight.found.content if flight.found else ""
        others = self._waiting.pop(content, [])
        if others and outcome.file is None:
            self._waiting[content] = others[1:]
            self.launch(others[0])
            return
        for other in others:
            size, mtime_ns = (other.found.size, other.found.mtime_ns) if other.found else (0, 0)
            yield Made(replace(outcome, key=other.task.key, size=size, mtime_ns=mtime_ns, artefacts=()))

    def given_up(self, flight: _Input) -> Iterator[Made]:
        found = flight.found or Bytes("", 0, 0, 0)
        if self.workers.last_words.startswith(LATE):
            code, detail = "timeout", f"analysing it took longer than {self._plan.analysis_s:g} s, alone too"
        else:
            code, detail = "internal_error", "the process that analysed it died, each time"
        detail += "; look into it, and add it again"
        where = (found.size, found.mtime_ns, found.content)
        outcome = Outcome(flight.task.key, "quarantined", code, detail, *where)
        yield Made(outcome)
        yield from self._shared(flight, outcome)
