"""Tasks through workers, and their outcomes back: nothing twice, nothing lost, whatever a worker dies of."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

from ..store.runs import Outcome
from .index_work import Bytes, Made, Plan, Task, read_bytes, take_in

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
TRIES = 2
KILLED = "KilledWorker"  # what Dask raises of a task that several of its workers died of


class Workers:
    """An executor that can be made anew when its processes die; one that is handed in is used as it is."""

    def __init__(self, n: int, executor: Executor | None = None) -> None:
        self.n, self._given = n, executor
        self._own: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.restart()

    @property
    def renewable(self) -> bool:
        """Whether its processes are our own."""
        return self._given is None

    def submit(self, call: Callable[..., Any], *given: Any) -> Future[Any]:
        """The call in another process."""
        if self._given is not None:
            return self._given.submit(call, *given)
        if self._own is None:
            context, parent = get_context("spawn"), (os.getpid(),)
            self._own = ProcessPoolExecutor(self.n, mp_context=context, initializer=follow, initargs=parent)
        before = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # read by processes as they start, which is now
        try:
            return self._own.submit(call, *given)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def restart(self) -> None:
        """Let go of the processes; the next call starts others."""
        own, self._own = self._own, None
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)


def follow(parent: int) -> None:
    """Let this process end soon after its parent, which may be killed and then tells nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    if os.name != "nt":
        threading.Thread(target=watch, daemon=True).start()


@dataclass(eq=False)
class _Flight:
    """A task under way: first its bytes are read, then, knowing them, it is taken in."""

    task: Task
    found: Bytes | None = None
    tries: int = 0


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
    return _Flow(workers, plan, tasks, known, stop).run()


class _Flow:
    def __init__(self, workers: Workers, plan: Plan, tasks: Iterator[Task], known: Any, stop: Any) -> None:
        self._workers, self._plan, self._tasks, self._known, self._stop = workers, plan, tasks, known, stop
        self._flying: dict[Future[Any], _Flight] = {}
        self._waiting: dict[str, list[_Flight]] = {}  # by content: what hangs on one that is being decoded
        self._again: deque[_Flight] = deque()  # what was under way when a worker died, tried one by one
        self._more = True

    def run(self) -> Iterator[Made]:
        """Until all is done, or what was begun before ``stop``."""
        while True:
            self._fill()
            if not self._flying:
                if not self._again:
                    return
                continue
            done, _ = wait(self._flying, return_when=FIRST_COMPLETED)
            for future in done:
                flight = self._flying.pop(future, None)
                if flight is not None:
                    yield from self._landed(flight, future)

    def _fill(self) -> None:
        if self._again:
            if not self._flying:
                self._launch(self._again.popleft())
            return
        while self._more and len(self._flying) <= self._workers.n and not self._stop():
            task = next(self._tasks, None)
            self._more = task is not None
            if task is not None:
                self._launch(_Flight(task))

    def _launch(self, flight: _Flight) -> None:
        call = (read_bytes, flight.task) if flight.found is None else (take_in, self._plan, flight.task, flight.found)
        try:
            self._flying[self._workers.submit(*call)] = flight
        except BrokenExecutor:
            if not self._workers.renewable:
                raise
            self._ground(flight)

    def _landed(self, flight: _Flight, future: Future[Any]) -> Iterator[Made]:
        try:
            result = future.result()
        except BrokenExecutor:
            if not self._workers.renewable:
                raise
            yield from self._died(flight)
            return
        except Exception as error:
            if type(error).__name__ != KILLED:
                raise
            yield from self._given_up(flight)
            return
        if isinstance(result, Outcome):
            yield Made(result)
        elif isinstance(result, Bytes):
            yield from self._read(flight, result)
        else:
            yield result
            yield from self._shared(flight, result.outcome)

    def _read(self, flight: _Flight, found: Bytes) -> Iterator[Made]:
        flight.found = found
        if found.content in self._waiting:
            self._waiting[found.content].append(flight)
            return
        outcome = self._known(flight.task, found)
        if outcome is not None:
            yield Made(outcome)
            return
        self._waiting[found.content] = []
        self._launch(flight)

    def _shared(self, flight: _Flight, outcome: Outcome) -> Iterator[Made]:
        """Those with the same bytes come to the same; where these said nothing lasting, the next one is tried."""
        content = flight.found.content if flight.found else ""
        others = self._waiting.pop(content, [])
        if others and outcome.file is None:
            self._waiting[content] = others[1:]
            self._launch(others[0])
            return
        for other in others:
            size, mtime_ns = (other.found.size, other.found.mtime_ns) if other.found else (0, 0)
            yield Made(replace(outcome, key=other.task.key, size=size, mtime_ns=mtime_ns, artefacts=()))

    def _died(self, flight: _Flight) -> Iterator[Made]:
        """A worker died: all that was under way is tried again, one by one, to find what it died of."""
        alone = not self._flying
        self._ground(flight)
        if alone and flight.tries >= TRIES:
            self._again.remove(flight)
            yield from self._given_up(flight)

    def _given_up(self, flight: _Flight) -> Iterator[Made]:
        found = flight.found or Bytes("", 0, 0, 0)
        detail = "the process that analysed it died, each time; look into it, and add it again"
        where = (found.size, found.mtime_ns, found.content)
        outcome = Outcome(flight.task.key, "quarantined", "internal_error", detail, *where)
        yield Made(outcome)
        yield from self._shared(flight, outcome)

    def _ground(self, flight: _Flight) -> None:
        flight.tries += 1
        self._again.append(flight)
        self._again.extend(self._flying.values())
        self._flying.clear()
        with suppress(BrokenExecutor):
            self._workers.restart()
