"""Work through processes, and what it came to: nothing twice, nothing lost, whatever a process dies of."""

from __future__ import annotations

import faulthandler
import os
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
TRIES = 2
KILLED = "KilledWorker"  # what Dask raises of a task that several of its workers died of
LATE = "Timeout"  # how the note of a process begins that ended itself

_notes: list[IO[str]] = []  # of this process, where it is one of Workers


class Workers:
    """An executor that can be made anew when its processes die; one that is handed in is used as it is.

    ``memory`` bounds the data of each process, in bytes, on Linux; 0 does not. ``last_words`` is what a process that
    died had to say, if anything.
    """

    def __init__(self, n: int, executor: Executor | None = None, *, memory: int = 0) -> None:
        self.n, self._given, self._memory = n, executor, memory
        self._own: ProcessPoolExecutor | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.last_words = ""

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
            self._folder = tempfile.TemporaryDirectory(prefix="versionmatch-", ignore_cleanup_errors=True)
            context, prepared = get_context("spawn"), (os.getpid(), self._memory, self._folder.name)
            self._own = ProcessPoolExecutor(self.n, mp_context=context, initializer=prepare, initargs=prepared)
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
        folder, self._folder = self._folder, None
        if folder is not None:
            self.last_words = _first_line(Path(folder.name))
            folder.cleanup()


def _first_line(folder: Path) -> str:
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.iterdir()))
    return next((text.splitlines()[0] for text in texts if text.strip()), "")


def prepare(parent: int, memory: int, folder: str) -> None:
    """Make a process one of Workers: it ends soon after its parent, is bounded, and notes what it dies of."""
    if os.name != "nt":
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    _notes.append((Path(folder) / str(os.getpid())).open("w", encoding="utf-8"))
    faulthandler.enable(_notes[0])
    if memory and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _follow(parent: int) -> None:
    """The parent may be killed, and then tells nobody."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """What takes longer in a process of Workers ends that process, whatever it is busy with; 0: nothing does."""
    if not seconds or not _notes:
        yield
        return
    faulthandler.dump_traceback_later(seconds, exit=True, file=_notes[0])
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def deadline(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds have passed from now on; 0: they never do."""
    end = time.monotonic() + seconds if seconds else float("inf")
    return lambda: time.monotonic() >= end


@dataclass(eq=False)
class Flight:
    """Some work under way; ``tries``: how often a process died of it, or beside it."""

    tries: int = 0
    most: int = TRIES
    """Tries after which it is given up, if it was alone at the last."""


F = TypeVar("F", bound=Flight)
M = TypeVar("M")


class Flow(ABC, Generic[F, M]):
    """Flights through workers, and what each comes to, as it is known.

    Where a process dies, all that was under way is tried again, one by one, to find what it died of. Flights that were
    not begun when ``stop`` said so are left.
    """

    def __init__(self, workers: Workers, stop: Callable[[], bool] = lambda: False) -> None:
        self.workers, self._stop = workers, stop
        self._flying: dict[Future[Any], F] = {}
        self._again: deque[F] = deque()
        self._more = True

    @abstractmethod
    def next_flight(self) -> F | None:
        """Work that was not begun; None where there is none left."""

    @abstractmethod
    def call(self, flight: F) -> tuple[Any, ...]:
        """The function that a worker is to call, and its arguments."""

    @abstractmethod
    def returned(self, flight: F, result: Any) -> Iterator[M]:
        """What the function returned; more may be launched."""

    @abstractmethod
    def given_up(self, flight: F) -> Iterator[M]:
        """It was tried for the last time, and its process died."""

    def run(self) -> Iterator[M]:
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

    def launch(self, flight: F) -> None:
        """Let it be done beside what is under way."""
        try:
            self._flying[self.workers.submit(*self.call(flight))] = flight
        except BrokenExecutor:
            if not self.workers.renewable:
                raise
            self._ground(flight)

    def launch_alone(self, flights: list[F]) -> None:
        """Let them be done one by one, before all else."""
        self._again.extendleft(reversed(flights))

    def _fill(self) -> None:
        if self._again:
            if not self._flying:
                self.launch(self._again.popleft())
            return
        while self._more and len(self._flying) <= self.workers.n and not self._stop():
            flight = self.next_flight()
            self._more = flight is not None
            if flight is not None:
                self.launch(flight)

    def _landed(self, flight: F, future: Future[Any]) -> Iterator[M]:
        try:
            result = future.result()
        except BrokenExecutor:
            if not self.workers.renewable:
                raise
            yield from self._died(flight)
        except Exception as error:
            if type(error).__name__ != KILLED:
                raise
            yield from self.given_up(flight)
        else:
            yield from self.returned(flight, result)

    def _died(self, flight: F) -> Iterator[M]:
        alone = not self._flying
        self._ground(flight)
        if alone and flight.tries >= flight.most:
            self._again.remove(flight)
            yield from self.given_up(flight)

    def _ground(self, flight: F) -> None:
        for each in (flight, *self._flying.values()):
            each.tries += 1
            self._again.append(each)
        self._flying.clear()
        with suppress(BrokenExecutor):
            self.workers.restart()
