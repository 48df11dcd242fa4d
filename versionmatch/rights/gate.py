"""Whether the recordings of a catalogue may be used, asked of the log each time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable

from .allowed import allowed
from .book import Book
from .state import State

NEEDED = ("store", "index")
"""What must be permitted of an asset to lie in the licensed partition."""
COMPARED = (*NEEDED, "compare")
"""What must be permitted of it to be in a result."""


class Gate:
    """Recording → whether *every* asset whose sound it is may be used; one that the log does not know may not.

    Each question follows the log first, so that an answer is by all that is entered at that moment and by the time of
    that moment. What was found is kept only while neither the log grows nor a grant begins or ends.

    Parameters
    ----------
    book : Book
        The log; it tells the time as well.
    scopes : iterable of str
        All of them must be permitted.
    """

    def __init__(self, book: Book, scopes: Iterable[str] = COMPARED) -> None:
        self.book, self.scopes = book, tuple(scopes)
        self._size, self._turn = -1, -1
        self._turns: list[str] = []
        self._assets: dict[str, list[str]] = {}
        self._known: dict[str, bool] = {}

    def __call__(self, recording_id: str) -> bool:
        """Whether it may be used now."""
        state = self.book.follow()
        if state.size != self._size:
            self._size, self._turn = state.size, -1
            self._turns, self._assets = _turns(state), _assets(state)
        at = self.book.time
        turn = bisect_right(self._turns, at)
        if turn != self._turn:
            self._turn, self._known = turn, {}
        found = self._known.get(recording_id)
        if found is None:
            some = self._assets.get(recording_id, ())
            found = bool(some) and all(allowed(state, a, scope, at) for a in some for scope in self.scopes)
            self._known[recording_id] = found
        return found

    def reason(self, recording_id: str) -> str:
        """Why it may not; empty where it may."""
        state, at = self.book.follow(), self.book.time
        some = sorted(i for i, body in state.assets.items() if body["pcm_sha256"] == recording_id)
        if not some:
            return "no asset of the log is this recording"
        asked = (allowed(state, asset, scope, at) for asset in some for scope in self.scopes)
        return next((f"asset {p.asset}, to {p.scope}: {p.reasons[0]}" for p in asked if not p), "")


def _turns(state: State) -> list[str]:
    """The times at which an answer may become another, by what is entered."""
    times = {time for g in state.grants.values() for time in (g.start, g.logged, g.end) if time}
    return sorted(times | set(state.ended.values()))


def _assets(state: State) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for asset, body in state.assets.items():
        found[body["pcm_sha256"]].append(asset)
    return found


Permits = Callable[[str], bool]
"""Recording → whether it may be told of."""
