"""Labelled pairs of recordings: what a manifest in JSON or CSV says, row by row, and a comparison of each."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..errors import InputError, VersionMatchError
from ..params import CompareParams, Params, check
from ..store.artefacts import ArtefactStore
from ..types import DoubleArray, Match
from .compare import compare
from .pools import processes

Progress = Callable[[str], None]
Failure = dict[str, str]
Made = TypeVar("Made")
_LISTS = ("works",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsParams(Params):
    """Settings of the benches on labelled pairs.

    Parameters
    ----------
    manifest : str
        A JSON list of objects, or a CSV with a head; paths are relative to it.
    seed, n_bootstrap : int
        Of the intervals.
    workers : int
        Processes; 0: as many as there are cores. The result does not depend on it.
    cache_dir : str, optional
        Where features are kept between runs; None: nowhere.
    """

    manifest: str
    seed: int = 440
    n_bootstrap: int = 1000
    workers: int = 0
    cache_dir: str | None = None

    def __post_init__(self) -> None:
        check(self.n_bootstrap >= 1, "n_bootstrap", self.n_bootstrap, "1 or more")
        check(self.workers >= 0, "workers", self.workers, "0 (all cores) or more")


@dataclass(frozen=True, slots=True)
class Row:
    """One pair: its id, two paths, and whatever else stands in its row, empty cells left out."""

    id: str
    a: Path
    b: Path
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def works(self) -> tuple[str, ...]:
        """What it was made of, for the bootstrap: ``works``, or ``work_a`` and ``work_b``; else the pair itself."""
        named = self.values.get("works") or [self.values[k] for k in ("work_a", "work_b") if k in self.values]
        return tuple(str(w) for w in named) or (self.id,)

    def number(self, name: str) -> float | None:
        """A cell as a finite number; None where it is empty; InputError where it is none."""
        value = self.values.get(name)
        if value is None:
            return None
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = float("nan")
        if isinstance(value, bool) or not np.isfinite(found):
            raise InputError(f"{name} is {value!r}; write a number, or leave it empty")
        return found


def read_rows(path: Path, parse: Callable[[Row], Made]) -> tuple[list[tuple[Row, Made]], list[Failure]]:
    """The rows that can be used, each with what ``parse`` makes of it, and the others with the reason.

    InputError where the file is no manifest or has no row that can be used.
    """
    good: list[tuple[Row, Made]] = []
    errors: list[Failure] = []
    seen: set[str] = set()
    for number, cells in enumerate(_entries(path)):
        named = cells.get("id") if isinstance(cells, dict) else None
        label = f"row {number} ({named})" if named else f"row {number}"
        try:
            row = _row(path, number, cells)
            good.append((_new(row, seen), parse(row)))
        except InputError as error:
            errors.append({"row": label, "error": str(error)})
    if not good:
        told = f"; {errors[0]['row']}: {errors[0]['error']}" if errors else ""
        raise InputError(f"{path} has no row that can be used{told}")
    return good, errors


def _new(row: Row, seen: set[str]) -> Row:
    if row.id in seen:
        raise InputError(f"the id {row.id!r} stands in an earlier row; ids are unique")
    seen.add(row.id)
    return row


def _entries(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; check its path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8; write a JSON list or a CSV with the columns a and b") from error
    if path.suffix.lower() == ".csv":
        return list(csv.DictReader(text.splitlines()))
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}; write one list of rows, or a .csv file") from error
    if not isinstance(document, list):
        raise InputError(f"{path} holds no list of rows; write [{{…}}, …]")
    return document


def _row(path: Path, number: int, cells: Any) -> Row:
    if not isinstance(cells, dict):
        raise InputError(f"a row is an object; found {type(cells).__name__}")
    values = {key: value for key, value in cells.items() if value is not None and value != "" and key is not None}
    values |= {k: [w for w in values[k].split(";") if w] for k in _LISTS if isinstance(values.get(k), str)}
    sides = []
    for side in ("a", "b"):
        named = values.get(side)
        if not isinstance(named, str):
            raise InputError(f"{side} must be the path of a recording or a score; found {named!r}")
        sides.append(path.parent / named)
        if not sides[-1].is_file():
            raise InputError(f"{side}: there is no file {sides[-1]}; paths are relative to the manifest")
    rest = {key: value for key, value in values.items() if key not in {"id", "a", "b"}}
    return Row(str(values.get("id", number)), sides[0], sides[1], rest)


def compared(
    rows: Sequence[tuple[Row, Made]],
    look: Callable[[Match], dict[str, Any]],
    params: PairsParams,
    progress: Progress,
    settings: CompareParams | None = None,
) -> tuple[list[tuple[Row, Made, dict[str, Any]]], list[Failure]]:
    """Each pair, and what ``look`` (a function of a module) keeps of its comparison; pairs that failed, and why."""
    tasks = [(row, look, params.cache_dir, settings) for row, _ in rows]
    good, errors = [], []
    with processes(params.workers, len(tasks)) as pool:
        results: Iterable[dict[str, Any] | str] = (map if pool is None else pool.map)(_compared, tasks)
        for done, ((row, made), found) in enumerate(zip(rows, results, strict=True), start=1):
            progress(f"pairs {done}/{len(tasks)}: {row.id}")
            if isinstance(found, str):
                errors.append({"row": row.id, "error": found})
            else:
                good.append((row, made, found))
    if not good:
        raise InputError(f"no pair of {params.manifest} could be compared; {errors[0]['row']}: {errors[0]['error']}")
    return good, errors


def _compared(
    task: tuple[Row, Callable[[Match], dict[str, Any]], str | None, CompareParams | None],
) -> dict[str, Any] | str:
    row, look, cache_dir, settings = task
    cache = ArtefactStore(cache_dir) if cache_dir else None
    try:
        return look(compare(row.a, row.b, settings, cache=cache))
    except VersionMatchError as error:
        return str(error)


def draws(works: Sequence[tuple[str, ...]], seed: int, n_bootstrap: int) -> DoubleArray:
    """How often each pair counts in each draw, ``(n_bootstrap, n_pairs)``; pairs that share a work go together."""
    if not works:
        return np.zeros((n_bootstrap, 0))
    group = list(range(len(works)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    first: dict[str, int] = {}
    for i, named in enumerate(works):
        for work in named:
            group[root(i)] = root(first.setdefault(work, i))
    _, which = np.unique([root(i) for i in range(len(works))], return_inverse=True)
    n = int(which.max()) + 1
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), size=n_bootstrap)
    drawn: DoubleArray = counts[:, which].astype(np.float64)
    return drawn


def share(values: Sequence[float] | DoubleArray, drawn: DoubleArray) -> dict[str, Any]:
    """The mean of values (0 or 1 for a share), its 95 % interval over draws ``(n_draws, n)``, and how many they are."""
    column = np.asarray(values, np.float64)
    if column.size == 0:
        return {"value": None, "ci": None, "n": 0}
    total = drawn.sum(axis=1)
    means = (drawn @ column)[total > 0] / total[total > 0]
    low, high = np.percentile(means, [2.5, 97.5])
    return {"value": float(column.mean()), "ci": [float(low), float(high)], "n": int(column.size)}
