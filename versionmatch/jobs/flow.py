"""Work through processes, and what it came to: nothing twice, nothing lost, whatever a process dies of."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .workers import Workers

TRIES = 2
KILLED = "KilledWorker"  # what Dask raises of a task that several of its workers died of


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
