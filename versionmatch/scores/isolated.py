"""Reading scores in a process of its own: what crashes, hangs or answers nonsense there is an error here, no more."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..audio.isolated import Child, IsolatedReader, Isolation, Nonsense, answered
from ..errors import InputError
from .score import KeySignature, Meter, Score, Symbol, Tempo
from .score_child import ABOUT, COLUMNS, MAGIC, WORDS

CHILD = (sys.executable, "-m", "versionmatch.scores.score_child")
MOST = 96 << 20
"""Bytes of an answer; 200,000 notes take some 10 MB."""

FORMATS = ("midi", "musicxml", "abc", "kern", "csv")
KINDS: dict[str, Callable[..., Any]] = {"tempi": Tempo, "meters": Meter, "keys": KeySignature, "symbols": Symbol}


class IsolatedScores(IsolatedReader):
    """Reads one score after the other, apart; ``isolation.command`` is left aside."""

    def __init__(self, isolation: Isolation, *, start: Callable[[Isolation], Child] | None = None) -> None:
        super().__init__(replace(isolation, command=CHILD), start=start)

    def read(self, path: str) -> Score:
        """The score of a path, also of one tune of a book by ``book.abc#3``.

        Raises AudioDecodeError, whose ``code`` says what is wrong.
        """
        return self.asked(path, {}, lambda pipe: score_of(answered(pipe, path, magic=MAGIC, most=MOST)))


def score_of(data: dict[str, Any]) -> Score:
    """The score that ``score_child.as_data`` made data of, checked anew; raises Nonsense where it is none."""
    try:
        about: dict[str, Any] = {name: tuple(KINDS[name](*row) for row in data[name]) for name in ABOUT}
        words: dict[str, Any] = {name: None if data[name] is None else str(data[name])[:500] for name in WORDS}
        if data["format"] not in FORMATS:
            raise Nonsense("the reader of scores answered nonsense")
        columns = {name: data[name] for name in COLUMNS}
        return Score(**columns, parts=tuple(map(str, data["parts"])), format=data["format"], **about, **words)
    except (InputError, KeyError, TypeError, ValueError, OverflowError):
        raise Nonsense("the answer of the reader of scores does not hold together") from None
