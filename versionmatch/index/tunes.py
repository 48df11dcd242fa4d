"""A corpus of works as lines of notes with their dates, and in which works each figure is; kept in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..melodic.codes import Codes, codes_of
from ..melodic.corpus import Lines, LongArray
from ..melodic.rarity import Searched
from ..melodic.tune import Tune
from ..types.value import FloatArray, IntArray, Value, frozen

FIGURE = "intervals-4"
"""The figures whose commonness is told: five notes."""

SHORTLIST = "classes-3"
"""The figures of which a work must share one to be aligned: four notes, in any octave."""

KINDS = (FIGURE, SHORTLIST)
PARTS = ("all", "melody")


@dataclass(frozen=True, slots=True)
class Work:
    """One work: ``id`` is its path below the corpus, with ``#3`` for a tune of a book.

    ``date`` is as it was given; ``year_from`` and ``year_to`` what was read of it, both None where that is nothing.
    ``sha256`` is the file's; ``score_id`` the score's.
    """

    id: str
    title: str
    composer: str
    date: str
    year_from: int | None
    year_to: int | None
    format: str
    sha256: str
    score_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a work: whose, the part's name, and whether it is the melody."""

    work: int
    part: str
    melody: bool


@dataclass(frozen=True, eq=False, slots=True)
class Notation(Value):
    """Where the notes of all lines stand: ``onset_q``, ``length_q`` in quarters, ``onset_s``, ``length_s``; ``bar``.

    ``(n,)`` each, end to end as in ``Lines``; a bar of 0 is not known.
    """

    onset_q: FloatArray
    length_q: FloatArray
    onset_s: FloatArray
    length_s: FloatArray
    bar: IntArray

    def __post_init__(self) -> None:
        for name in ("onset_q", "length_q", "onset_s", "length_s"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float32))
        object.__setattr__(self, "bar", frozen(self.bar, np.int32))

    @staticmethod
    def joined(parts: Sequence[Notation]) -> Notation:
        """One after the other."""
        names = ("onset_q", "length_q", "onset_s", "length_s", "bar")
        return Notation(*(np.concatenate([np.zeros(0), *(getattr(p, n) for p in parts)]) for n in names))


@dataclass(frozen=True, eq=False, slots=True)
class Inverted:
    """In which works each figure of a kind is: works of ``codes[i]`` are ``works[starts[i]:starts[i + 1]]``."""

    kind: str
    codes: Codes
    starts: LongArray
    works: IntArray

    def holders(self, code: int) -> IntArray:
        """The works that have a figure, ascending."""
        i = int(np.searchsorted(self.codes, code))
        if i == self.codes.size or self.codes[i] != code:
            return np.zeros(0, np.int32)
        found: IntArray = self.works[self.starts[i] : self.starts[i + 1]]
        return found

    @staticmethod
    def of(kind: str, lines: Lines, work_of: Iterable[int]) -> Inverted:
        """From the lines and the work of each."""
        pairs = [np.zeros((0, 2), np.int64)]
        for i, work in enumerate(work_of):
            codes = np.unique(codes_of(lines.tune(i), kind)).astype(np.int64)
            pairs.append(np.stack([codes, np.full(codes.size, work, np.int64)], axis=1))
        table = np.unique(np.concatenate(pairs), axis=0)
        codes, first = np.unique(table[:, 0], return_index=True)
        starts = np.append(first, table.shape[0])
        return Inverted(kind, codes.astype(np.uint32), starts.astype(np.int64), table[:, 1].astype(np.int32))


@dataclass(frozen=True, eq=False, slots=True)
class TuneCorpus:
    """All that is kept of a corpus.

    ``nulls`` holds for ``"all"`` and ``"melody"`` what ``rarity.null_counts`` gives for each of ``rarity.LENGTHS``; it
    is empty where it was not made. ``refused`` are (file, reason) of what could not be taken in, ``passed_over`` the
    number of files that are no scores by their names.
    """

    works: tuple[Work, ...]
    lines: Lines
    of: tuple[Line, ...]
    notation: Notation
    inverted: Mapping[str, Inverted]
    nulls: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    refused: tuple[tuple[str, str], ...] = ()
    passed_over: int = 0
    seed: int = 440

    def searched(self, parts: str, works: IntArray | None = None) -> Searched:
        """The lines of the works (ascending; None: of all) that are searched; ``Searched.works`` counts them from 0."""
        owner = np.array([line.work for line in self.of], np.int64)
        chosen = np.ones(owner.size, bool) if parts == "all" else np.array([line.melody for line in self.of])
        if works is not None:
            chosen &= np.isin(owner, works)
        lines = np.flatnonzero(chosen).astype(np.int64)
        _, place = np.unique(owner[lines], return_inverse=True)
        return Searched(self.lines.classes, self.lines.starts, lines, place.astype(np.int64))

    def sharing(self, passage: Tune, kind: str = SHORTLIST) -> IntArray:
        """The works that share a figure of the kind with a passage, ascending."""
        held = [self.inverted[kind].holders(int(code)) for code in np.unique(codes_of(passage, kind))]
        found: IntArray = np.unique(np.concatenate([np.zeros(0, np.int32), *held])).astype(np.int32)
        return found

    def commonness(self, passage: Tune) -> list[int]:
        """In how many works each figure of five notes of a passage is, in its order."""
        return [int(self.inverted[FIGURE].holders(int(code)).size) for code in codes_of(passage, FIGURE)]
