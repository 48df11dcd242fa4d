"""Which recordings are one: sets joined by *same recording* alone, and never against a person's decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import InputError

JOINING = "same recording"
"""The relation that joins; versions, excerpts and shared passages stay edges between clusters."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation found between two recordings; ``score`` in [0, 1], high = surer."""

    query: str
    reference: str
    relation: str
    score: float

    def __post_init__(self) -> None:
        if self.query == self.reference:
            raise InputError(f"the recording {self.query!r} cannot be related to itself")

    @property
    def pair(self) -> tuple[str, str]:
        """The two ids, the smaller first."""
        return min(self.query, self.reference), max(self.query, self.reference)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Recordings that are one; ``members`` sorted, ``least`` the weakest edge that was needed to join them."""

    members: tuple[str, ...]
    least: float

    @property
    def id(self) -> str:
        """Of the cluster: that of its first member."""
        return self.members[0]


@dataclass(frozen=True, slots=True)
class Clustered:
    """Clusters of two and more, by their first member; ``refused`` are the edges that a decision stood against."""

    clusters: tuple[Cluster, ...]
    refused: tuple[Edge, ...]


def clustered(edges: Iterable[Edge], apart: Iterable[tuple[str, str]] = ()) -> Clustered:
    """Join recordings over their *same recording* edges, the surest first.

    Parameters
    ----------
    edges : iterable of Edge
        Of any relation, in any order; only ``JOINING`` joins. The result does not hang on the order.
    apart : iterable of pairs of ids
        Decided by a person to be different: two of one pair never come into one cluster, not even by way of others.

    Examples
    --------
    >>> found = clustered([Edge("a", "b", "same recording", 0.99), Edge("b", "c", "version", 0.9)])
    >>> [c.members for c in found.clusters]
    [('a', 'b')]
    """
    joining = sorted((e for e in edges if e.relation == JOINING), key=lambda e: (-e.score, e.pair))
    forest = _Forest(apart)
    refused = tuple(edge for edge in joining if not forest.join(*edge.pair, edge.score))
    groups = sorted((tuple(sorted(group)), least) for group, least in forest.groups())
    return Clustered(tuple(Cluster(members, least) for members, least in groups), refused)


class _Forest:
    """Disjoint sets that know which others they may not be joined with."""

    def __init__(self, apart: Iterable[tuple[str, str]]) -> None:
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._least: dict[str, float] = {}
        self._apart: dict[str, set[str]] = {}
        for a, b in apart:
            self._apart.setdefault(a, set()).add(b)
            self._apart.setdefault(b, set()).add(a)

    def root(self, name: str) -> str:
        """The set a recording is in, by one of its members."""
        if name not in self._parent:
            self._parent[name], self._members[name], self._least[name] = name, [name], 1.0
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def join(self, a: str, b: str, score: float) -> bool:
        """Make one set of two; False where a decision stands against it."""
        large, small = self.root(a), self.root(b)
        if large == small:
            return True
        if len(self._members[large]) < len(self._members[small]):
            large, small = small, large
        if any(self.root(other) == large for m in self._members[small] for other in self._apart.get(m, ())):
            return False
        self._parent[small] = large
        self._members[large] += self._members.pop(small)
        self._least[large] = min(self._least[large], self._least.pop(small), score)
        return True

    def groups(self) -> list[tuple[list[str], float]]:
        """All sets of two and more with their weakest joining edge."""
        return [(members, self._least[root]) for root, members in self._members.items() if len(members) > 1]
