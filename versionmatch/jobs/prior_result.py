"""What a search for a passage finds, as values and as sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .. import __version__
from ..index.tunes import PARTS
from ..params import Params, check
from .prior_passage import Wanted

SCHEMA = "versionmatch.prior-art/1"
GROUPS = ("dated", "undated", "not before")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParams(Params):
    """Settings of a search.

    Parameters
    ----------
    before : int, optional
        Works whose last possible year is less come first; all others are told apart.
    k : int
        So many works of each group are listed; 0: all. Counts are of all.
    parts : str
        ``"all"`` or ``"melody"``: which parts of the works are searched.
    least : float
        The share of the passage's notes that must be the same for a work to be said to hold it, in a stretch of the
        work that has at most the passage's notes over ``least``.
    max_q : float
        Works whose q-value is at most this are listed, too.
    """

    before: int | None = None
    k: int = 20
    parts: str = "all"
    least: float = 0.8
    max_q: float = 0.05

    def __post_init__(self) -> None:
        check(self.before is None or 1 <= self.before <= 9999, "before", self.before, "a year, such as 1900")
        check(self.k >= 0, "k", self.k, "0 (all) or more")
        check(self.parts in PARTS, "parts", self.parts, f"one of {', '.join(PARTS)}")
        check(0 < self.least <= 1, "least", self.least, "above 0, at most 1")
        check(0 <= self.max_q <= 1, "max_q", self.max_q, "from 0 to 1")


@dataclass(frozen=True, slots=True)
class Hit:
    """A work and its best place; the columns of the table ``prior-art/1`` say what each field is."""

    rank: int
    group: str
    work_id: str
    title: str
    composer: str
    date: str
    year_from: int | None
    year_to: int | None
    holds: bool
    identical: int
    share: float
    transposition: int
    part: str
    start_q: float
    end_q: float
    start_s: float
    end_s: float
    bar_from: int | None
    bar_to: int | None
    passage_from: int
    passage_to: int
    score: float
    p_value: float | None
    q_value: float | None

    def row(self) -> dict[str, Any]:
        """The row of the table; empty texts are empty cells."""
        row = asdict(self)
        row["transpose"] = row.pop("transposition")
        return {name: None if value == "" else value for name, value in row.items()}


@dataclass(frozen=True, slots=True)
class Figure:
    """Five notes of the passage, from note ``first`` (from 1) on, as intervals, and how many works have them."""

    first: int
    intervals: tuple[int, ...]
    works: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many works there are of a group, how many hold the passage, and how many are beyond chance (q-value)."""

    works: int
    holding: int
    beyond_chance: int | None


@dataclass(frozen=True, eq=False, slots=True)
class PriorArt:
    """What a search found. ``hits`` are the best of each group, in the order of ``GROUPS``.

    ``aligned`` works share a figure of four notes with the passage and were aligned note by note, ``apart`` share none;
    together they are all works. ``insufficient`` says why nothing can be said of rarity, else it is empty.
    """

    wanted: Wanted
    params: SearchParams
    hits: tuple[Hit, ...]
    counts: dict[str, Counts]
    earliest: Hit | None
    figures: tuple[Figure, ...]
    aligned: int
    apart: int
    insufficient: str
    summary: str
    index: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        tune = self.wanted.tune
        return {
            "schema": SCHEMA,
            "summary": self.summary,
            "passage": {
                "source": self.wanted.source, "part": self.wanted.part, "start_s": self.wanted.start_s,
                "end_s": self.wanted.end_s, "transcribed_by_machine": self.wanted.machine,
                "pitches": tune.pitches.tolist(),
            },
            "params": self.params.to_dict(),
            "counts": {group: asdict(counts) for group, counts in self.counts.items()},
            "aligned": self.aligned,
            "share_no_figure": self.apart,
            "insufficient": self.insufficient or None,
            "earliest": self.earliest.row() if self.earliest else None,
            "hits": [hit.row() for hit in self.hits],
            "figures": [asdict(figure) for figure in self.figures],
            "index": self.index,
            "versions": {"versionmatch": __version__},
        }  # fmt: skip


def summary_of(counts: dict[str, Counts], earliest: Hit | None, params: SearchParams, insufficient: str) -> str:
    """The finding as plain sentences: counts, the earliest, and what is beyond chance."""
    dated, undated, later = (counts[group] for group in GROUPS)
    when = f"dated before {params.before}" if params.before is not None else "with a date"
    said = []
    if dated.works:
        said.append(f"{dated.holding:,} of {dated.works:,} works {when} hold the passage or one like it")
        said[0] += f"; the earliest dated is {named(earliest)} ({earliest.date})" if earliest is not None else ""
    else:
        said.append(f"No work of the corpus is {when}".replace("is with", "has"))
    if undated.works:
        said.append(f"Of {undated.works:,} undated works, {undated.holding:,} hold it or one like it")
    if later.works:
        said.append(f"Of {later.works:,} works that are not surely earlier than {params.before}, {later.holding:,} do")
    if insufficient:
        said.append(f"This is insufficient for a statement about rarity: {insufficient}")
    else:
        beyond = sum(c.beyond_chance or 0 for c in counts.values())
        total = sum(c.works for c in counts.values())
        said.append(f"{beyond:,} of all {total:,} works hold more of it than chance explains (q ≤ {params.max_q:g})")
    return ". ".join(said) + "."


def named(hit: Hit) -> str:
    """A work as a reader names it."""
    return (f"{hit.title!r}" if hit.title else hit.work_id) + (f" by {hit.composer}" if hit.composer else "")
