"""Pairs through workers: parts that are whole or not there, what could not be compared, and what still waits."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..params import ScanLimits, ScanParams
from ..store.run_folder import RunFolder
from .catalogue import Catalogue
from .flow import Flight, Flow
from .scan_pairs import Pair, Row, Work, compared, failed_row
from .workers import LATE, Workers

AT_ONCE = 32
"""Pairs that are compared in one go; so many are lost at most by a kill."""


@dataclass(frozen=True, slots=True)
class PairCoverage:
    """What became of the pairs that were proposed: ``done + failed + pending == shortlisted``."""

    shortlisted: int
    done: int = 0
    failed: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """Not begun, or not ended."""
        return self.shortlisted - self.done - self.failed

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data; ``reasons`` counts the failed ones by their codes."""
        return {"shortlisted": self.shortlisted, "done": self.done, "failed": self.failed,
                "pending": self.pending, "reasons": dict(sorted(self.reasons.items()))}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a scan is: its stage, its pairs, how many of them this run settled, and in how many seconds.

    While pairs are proposed, ``asked`` of ``to_ask`` recordings have been looked up, once by each way.
    """

    stage: str
    coverage: PairCoverage = field(default_factory=lambda: PairCoverage(0))
    n_pairs: int = 0
    elapsed_s: float = 0.0
    asked: int = 0
    to_ask: int = 0


Tell = Callable[[Standing], None]


class Clock:
    """The time that a scan may take, from when it was made."""

    def __init__(self, limits: ScanLimits) -> None:
        self.limits, self.until = limits, time.time() + limits.deadline_s if limits.deadline_s else 0.0

    def over(self) -> bool:
        """Whether no pair is to be begun any more."""
        return bool(self.until) and time.time() >= self.until


def compared_all(
    catalogue: Catalogue,
    run: RunFolder,
    pairs: Sequence[Pair],
    params: ScanParams,
    workers: Workers,
    clock: Clock,
    tell: Tell,
    *,
    other: Catalogue | None = None,
) -> tuple[list[Row], PairCoverage]:
    """What every pair came to, in order, and how many failed or wait; what is in a part already is not done again."""
    root, there = os.path.abspath(catalogue.path), os.path.abspath(other.path) if other else ""
    limit = 0.0 if not workers.renewable else clock.limits.pair_deadline_s
    work = Work(root, (), params, there, clock.until, limit)
    flow = _Pieces(workers, run, pairs, work, clock)
    began, before = time.monotonic(), flow.settled()
    tell(Standing("comparing", flow.coverage()))
    for _ in flow.run():
        tell(Standing("comparing", flow.coverage(), flow.settled() - before, time.monotonic() - began))
    return flow.rows(), flow.coverage()


@dataclass(eq=False, kw_only=True)
class _Piece(Flight):
    """Pairs of one part that are under way."""

    part: Path
    pairs: tuple[Pair, ...]


class _Pieces(Flow[_Piece, None]):
    def __init__(self, workers: Workers, run: RunFolder, pairs: Sequence[Pair], work: Work, clock: Clock) -> None:
        super().__init__(workers, clock.over)
        self._run, self._work, self._n = run, work, len(pairs)
        pieces = (tuple(pairs[at : at + AT_ONCE]) for at in range(0, len(pairs), AT_ONCE))
        self._parts = {run.part(f"{q} {r}" for q, r in some): some for some in pieces}
        self._found: dict[Pair, Row] = {}
        self._reasons: Counter[str] = Counter()
        for part in self._parts:
            for row in run.kept(part) or ():
                if not (clock.limits.retry and "failed" in row):
                    self._note(row)
        self._waiting = iter(self._parts.items())

    def rows(self) -> list[Row]:
        """What is known, in the order of the pairs."""
        return [self._found[pair] for some in self._parts.values() for pair in some if pair in self._found]

    def settled(self) -> int:
        """How many pairs do not wait."""
        return len(self._found)

    def coverage(self) -> PairCoverage:
        """How they stand."""
        failed = sum(self._reasons.values())
        return PairCoverage(self._n, len(self._found) - failed, failed, dict(self._reasons))

    def next_flight(self) -> _Piece | None:
        for part, some in self._waiting:
            left = tuple(pair for pair in some if pair not in self._found)
            if left:
                return _Piece(part=part, pairs=left, most=1 if len(left) > 1 else 2)
        return None

    def call(self, flight: _Piece) -> tuple[Any, ...]:
        until = 0.0 if flight.tries else self._work.until  # what a process died of is found out, however late it is
        return compared, replace(self._work, pairs=flight.pairs, until=until)

    def returned(self, flight: _Piece, result: list[Row]) -> Iterator[None]:
        if not result:
            return
        new = {(row["query_id"], row["ref_id"]): row for row in result}
        known = (new.get(pair) or self._found.get(pair) for pair in self._parts[flight.part])
        self._run.keep(flight.part, [row for row in known if row])
        for row in self._run.kept(flight.part) or ():
            self._note(row)
        if not new.keys() <= self._found.keys():
            raise OSError(f"{flight.part} could not be read back; look at the disk, then run this again")
        yield

    def _note(self, row: Row) -> None:
        pair = row["query_id"], row["ref_id"]
        if "failed" in row and pair not in self._found:
            self._reasons[row["failed"]] += 1
        self._found[pair] = row

    def given_up(self, flight: _Piece) -> Iterator[None]:
        """Several pairs are tried one by one; a single one has failed."""
        if len(flight.pairs) > 1:
            self.launch_alone([_Piece(part=flight.part, pairs=(pair,), tries=1) for pair in flight.pairs])
            return
        yield from self.returned(flight, [_died(flight.pairs[0], self.workers.last_words, self._work.pair_deadline_s)])


def _died(pair: Pair, last_words: str, most_s: float) -> Row:
    if last_words.startswith(LATE):
        return failed_row(pair, "pair_timeout", f"comparing the two took longer than {most_s:g} s, alone too")
    why = f" ({last_words})" if last_words else ""
    return failed_row(pair, "pair_worker_died", f"the process that compared the two died, alone too{why}")
