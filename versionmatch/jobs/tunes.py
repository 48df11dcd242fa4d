"""Tunes as JSON: what a list of labelled melodies or of labelled pairs holds, read and checked entry by entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..melodic.tune import Tune

READERS: dict[str, Callable[[Any], Tune]] = {
    "notes": Tune.of_notes,
    "intervals": Tune.of_intervals,
    "pitch_classes": Tune.of_pitch_classes,
}


@dataclass(frozen=True, slots=True)
class GroupedTune:
    """A tune and the group of variants it belongs to."""

    id: str
    group: str
    tune: Tune


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two tunes, and whether somebody holds them to be related: 1 or 0."""

    id: str
    a: Tune
    b: Tune
    label: int


def read_groups(path: Path) -> tuple[GroupedTune, ...]:
    """The tunes of ``[{"id": …, "group": …, "notes": [[onset, duration, pitch], …]}, …]``.

    In place of ``notes`` an entry may have ``intervals`` or ``pitch_classes``. Onsets and durations are quarter notes.
    InputError names the entry and what is wrong with it.
    """
    entries = _entries(path)
    return tuple(
        GroupedTune(name, str(_value(path, place, entry, "group", (str, int))), tune_of(entry, f"{path}, {place}"))
        for place, name, entry in entries
    )


def read_pairs(path: Path) -> tuple[LabelledPair, ...]:
    """The pairs of ``[{"id": …, "a": {"notes": …}, "b": {"notes": …}, "label": 0 or 1}, …]``, tunes as in groups."""
    pairs = []
    for place, name, entry in _entries(path):
        label = _value(path, place, entry, "label", (int,))
        if label not in {0, 1}:
            raise InputError(f"{path}, {place}: label is {label!r}; write 1 for related, 0 for not")
        sides = [_value(path, place, entry, side, (dict,)) for side in ("a", "b")]
        a, b = (tune_of(s, f"{path}, {place}, {side}") for s, side in zip(sides, "ab", strict=True))
        pairs.append(LabelledPair(name, a, b, int(label)))
    return tuple(pairs)


def tune_of(entry: dict[str, Any], place: str) -> Tune:
    """The tune that one entry writes down, in the one way it does; an empty list is an empty tune.

    >>> len(tune_of({"intervals": [2, 2]}, "entry 0"))
    3
    """
    ways = [way for way in READERS if way in entry]
    if len(ways) != 1:
        found = " and ".join(ways) or "none of them"
        raise InputError(f"{place}: an entry has one of {', '.join(READERS)}; found {found}")
    values = entry[ways[0]]
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise InputError(f"{place}: {ways[0]} is a list; found {type(values).__name__}")
    try:
        return READERS[ways[0]](values)
    except InputError as error:
        raise InputError(f"{place}: {error}") from error


def _entries(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Place, id and content of each entry; ids are unique."""
    seen: dict[str, int] = {}
    found = []
    for i, entry in enumerate(_document(path)):
        if not isinstance(entry, dict):
            raise InputError(f"{path}, entry {i}: an entry is an object; found {type(entry).__name__}")
        name = str(_value(path, f"entry {i}", entry, "id", (str, int)))
        if name in seen:
            raise InputError(f"{path}, entry {i}: the id {name!r} is that of entry {seen[name]}; ids are unique")
        seen[name] = i
        found.append((f"entry {i} ({name})", name, entry))
    return found


def _document(path: Path) -> list[Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; check its path") from error
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}; write one list of entries") from error
    if not isinstance(document, list) or not document:
        raise InputError(f"{path} holds no list of entries; write [{{…}}, …] with at least one")
    return document


def _value(path: Path, place: str, entry: dict[str, Any], key: str, kinds: tuple[type, ...]) -> Any:
    if key not in entry:
        raise InputError(f"{path}, {place} lacks {key!r}; it has {', '.join(map(repr, entry)) or 'nothing'}")
    if not isinstance(entry[key], kinds):
        names = " or ".join({"str": "text", "int": "a whole number", "dict": "an object"}[k.__name__] for k in kinds)
        raise InputError(f"{path}, {place}: {key} is {names}; found {entry[key]!r}")
    return entry[key]
