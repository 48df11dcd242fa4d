"""From weights to money, in whole cents: pure functions that lose nothing and invent nothing.

A *pool* is a whole number of cents for one right, master or publishing. It is split over *clusters*: items that are
the same recording (for master) or the same work (for publishing), so that what is there twice is paid once. A cluster's
part goes to the holders of its shares. What cannot be said to be anybody's stays in a line of its own.

References
----------
.. [1] Hamilton's method of largest remainders, as in Balinski, Young, "Fair Representation", 1982.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..errors import InputError, ParamsError
from .facts import WHOLE

METHODS = ("equal", "duration", "usage", "influence", "influence+fallback")
UNATTRIBUTABLE, HELD = "(unattributable)", "(held: claims differ)"
"""Lines that are nobody's yet: no reliable attribution; or several claims on what is one recording or one work."""
NOBODY = (UNATTRIBUTABLE, HELD)


@dataclass(frozen=True, slots=True)
class Item:
    """One asset as it is paid for in one right.

    ``shares`` are party → millionths; what they lack of the whole is unattributable. ``uses`` counts what ``usage``
    goes by. Items of one ``cluster`` are the same thing.
    """

    id: str
    cluster: str
    shares: Mapping[str, int]
    duration_ms: int = 0
    uses: int = 0

    def __post_init__(self) -> None:
        if self.duration_ms < 0 or self.uses < 0:
            raise InputError(f"item {self.id}: duration and uses must be 0 or more")
        if any(n <= 0 for n in self.shares.values()) or sum(self.shares.values()) > WHOLE:
            raise InputError(f"item {self.id}: shares must be above 0, and {WHOLE} millionths at most in all")


@dataclass(frozen=True, slots=True)
class Line:
    """What one party gets for one cluster: cents, the exact part of the pool, and by which way it came about."""

    party: str
    cluster: str
    cents: int
    part: Fraction
    way: str


Parts = Mapping[str, Fraction]
"""Cluster → its part of the whole; what is missing to 1 is unattributable."""


def clusters_of(items: Iterable[Item]) -> dict[str, list[Item]]:
    """Cluster → its items, both sorted by id; InputError where an id comes twice."""
    found: dict[str, list[Item]] = defaultdict(list)
    seen: set[str] = set()
    for item in sorted(items, key=lambda i: (i.cluster, i.id)):
        if item.id in seen:
            raise InputError(f"item {item.id!r} is there twice")
        seen.add(item.id)
        found[item.cluster].append(item)
    return dict(found)


def plain_parts(method: str, items: Iterable[Item]) -> dict[str, Fraction]:
    """The part of each cluster by ``equal``, ``duration`` or ``usage``; nothing where there is nothing to go by.

    A cluster counts once: its longest item's duration, but all the uses of all its items.

    >>> plain_parts("equal", [Item("a", "one", {}), Item("again", "one", {}), Item("b", "two", {})])
    {'one': Fraction(1, 2), 'two': Fraction(1, 2)}
    """
    groups = clusters_of(items)
    if method == "equal":
        weights = dict.fromkeys(groups, 1)
    elif method == "duration":
        weights = {name: max(i.duration_ms for i in some) for name, some in groups.items()}
    elif method == "usage":
        weights = {name: sum(i.uses for i in some) for name, some in groups.items()}
    else:
        raise ParamsError(f"method = {method!r}; plain ways are equal, duration and usage")
    return normalised(weights)


def normalised(weights: Mapping[str, int | Fraction]) -> dict[str, Fraction]:
    """Weights as parts of their sum; nothing where it is 0."""
    total = sum(weights.values())
    return {name: Fraction(weight) / total for name, weight in weights.items() if weight} if total else {}


def split(pool: int, items: Sequence[Item], parts: Parts, way: str | Mapping[str, str] = "") -> tuple[Line, ...]:
    """The pool in lines, by party and cluster, that sum to it exactly.

    Parameters
    ----------
    pool : int
        Cents, 0 or more.
    items : sequence of Item
    parts : mapping
        Cluster → part of the pool; together 1 at most. The rest is unattributable.
    way : str, or mapping
        How the parts came about, for all or by cluster.

    Returns
    -------
    tuple of Line
        By cluster and party, the lines that are nobody's last. Cents are rounded by largest remainder, ties by name.
    """
    if pool < 0 or isinstance(pool, bool) or not isinstance(pool, int):
        raise InputError(f"a pool of {pool!r}; give whole cents, 0 or more")
    groups = clusters_of(items)
    rest = 1 - sum(parts.values(), Fraction(0))
    if rest < 0 or any(part < 0 for part in parts.values()) or set(parts) - set(groups):
        raise InputError("parts must be 0 or more, of known clusters, and 1 at most together")
    exact: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for cluster, part in parts.items():
        for party, share in _claims(groups[cluster]).items():
            exact[party, cluster] += part * share
    if rest:
        exact[UNATTRIBUTABLE, ""] += rest
    cents = rounded(pool, exact)
    ways = way if isinstance(way, Mapping) else dict.fromkeys(groups, way)
    order = sorted(exact, key=lambda key: (key[0] in NOBODY, key[1], key[0]))
    return tuple(
        Line(party, cluster, cents[party, cluster], exact[party, cluster], ways.get(cluster, ""))
        for party, cluster in order
    )


def _claims(items: Sequence[Item]) -> dict[str, Fraction]:
    """Who holds what of a cluster: 1 in all. Where its items say different things, it is held until they agree."""
    first = dict(items[0].shares)
    if any(dict(item.shares) != first for item in items):
        return {HELD: Fraction(1)}
    claims = {party: Fraction(n, WHOLE) for party, n in first.items()}
    rest = 1 - sum(claims.values(), Fraction(0))
    return {**claims, UNATTRIBUTABLE: rest} if rest else claims


def rounded(pool: int, parts: Mapping[tuple[str, str], Fraction]) -> dict[tuple[str, str], int]:
    """Parts of 1 as whole cents that sum to the pool: each rounded down, what is left to the largest remainders.

    >>> rounded(100, {("a", ""): Fraction(1, 3), ("b", ""): Fraction(1, 3), ("c", ""): Fraction(1, 3)})
    {('a', ''): 34, ('b', ''): 33, ('c', ''): 33}
    """
    if not parts:
        if pool:
            raise InputError(f"{pool} cents cannot be split over nothing")
        return {}
    if sum(parts.values()) != 1:
        raise InputError("parts must sum to 1 exactly")
    floors = {key: (pool * part).__floor__() for key, part in parts.items()}
    left = pool - sum(floors.values())
    by_remainder = sorted(parts, key=lambda key: (floors[key] - pool * parts[key], key[0] in NOBODY, key))
    for key in by_remainder[:left]:
        floors[key] += 1
    return floors


def by_party(lines: Iterable[Line]) -> dict[str, tuple[int, Fraction]]:
    """Party → cents and exact part of the pool, over all its lines."""
    found: dict[str, tuple[int, Fraction]] = {}
    for line in lines:
        cents, part = found.get(line.party, (0, Fraction(0)))
        found[line.party] = (cents + line.cents, part + line.part)
    return dict(sorted(found.items(), key=lambda pair: (pair[0] in NOBODY, pair[0])))


def informativeness(estimates: Sequence[float], truths: Sequence[float]) -> float | None:
    """``I = Cov(estimate, truth) / Var(estimate)``: how much of an estimated share's spread is spread of the true one.

    1: a unit more of the estimate is a unit more of the truth; 0: it tells nothing. None where the estimates do not
    vary or there are fewer than two: not calibrated.

    References
    ----------
    .. [1] "What's a Credit Worth?", arXiv:2607.00641, 2026.
    """
    if len(estimates) != len(truths):
        raise InputError(f"{len(estimates)} estimates and {len(truths)} truths; give one truth for each")
    n = len(estimates)
    if n < 2:
        return None
    mean, true_mean = sum(estimates) / n, sum(truths) / n
    spread = sum((e - mean) ** 2 for e in estimates)
    if not spread:
        return None
    return sum((e - mean) * (t - true_mean) for e, t in zip(estimates, truths, strict=True)) / spread
