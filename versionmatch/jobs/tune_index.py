"""A corpus of dated works in which passages are looked up: built, kept, opened, searched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..index.tunes import PARTS, TuneCorpus
from ..index.tunes_folder import is_tune_index, read, write
from ..melodic.rarity import LENGTHS, null_counts
from ..params import check
from ..store.disk import Disk
from ..store.table_file import as_csv
from ..tables import REFUSED
from .tune_reading import Read, corpus_of, given_files, read_works

if TYPE_CHECKING:
    from ..melodic.tune import Tune
    from .prior_passage import Wanted
    from .prior_result import PriorArt

Progress = Callable[[str], None]
Sources = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

LEAST_WORKS = 200
"""A corpus of fewer works says nothing about how rare a passage is."""

SEED = 440


class TuneIndex:
    r"""Works as lines of notes, with their dates and with what unrelated passages come to among them.

    Make one with ``build`` or ``open``.

    >>> import tempfile
    >>> from versionmatch.melodic.tune import Tune
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.abc").write_text("X:1\nT:One\nL:1/4\nK:C\nCDEF GAGF EDCD ECGC|\n")
    ...     index = TuneIndex.build(folder)
    >>> found = index.search(Tune([62, 64, 66, 67, 69, 71]))
    >>> found.hits[0].title, found.hits[0].identical, found.hits[0].transposition, found.hits[0].p_value
    ('One', 6, 2, None)
    """

    def __init__(self, corpus: TuneCorpus, *, path: str = "") -> None:
        self.corpus, self.path = corpus, path
        self._nulls: dict[tuple[str, int], npt.NDArray[np.int64]] = {}

    @classmethod
    def build(
        cls,
        sources: Sources,
        folder: str | os.PathLike[str] | None = None,
        *,
        parts: str = "all",
        seed: int = SEED,
        workers: int = 0,
        disk: Disk | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Read folders, manifests and scores; keep the index in ``folder`` where one is named.

        ``parts="melody"`` keeps only each work's melody, which takes less time and space where there are piano scores.
        A file that cannot be used is listed in ``refused`` (and in ``errors.csv``) and ends nothing. The same files
        give the same bytes, whatever ``workers`` (threads; 0: all cores). Raises InputError where there is no work at
        all, or a source is not there.
        """
        check(parts in PARTS, "parts", parts, f"one of {', '.join(PARTS)}")
        tell = progress or (lambda _: None)
        corpus = _read_corpus(_listed(sources), parts, seed, tell)
        index = cls(corpus, path=str(folder or ""))
        if folder is not None:
            index = cls(replace(corpus, nulls=index._all_nulls(workers, tell)), path=str(folder))
            write(index.corpus, Path(folder), disk=disk)
            (disk or Disk()).write(Path(folder) / "errors.csv", _errors(corpus))
        return index

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """The index that a folder holds, every byte of it checked; of another folder, one in memory of its scores.

        Raises InputError where there is nothing, IntegrityError where an index is damaged.
        """
        path = Path(folder)
        if path.is_dir() and is_tune_index(path):
            return cls(read(path), path=str(path))
        if path.is_dir() and any(path.glob("arrays-*.safetensors")):
            return cls(read(path))  # an index without its head: says so
        return cls.build(folder)

    def search(self, passage: Tune | Wanted, **settings: Any) -> PriorArt:
        """Which works hold a passage, with the settings of ``SearchParams``; see ``prior_art.search``."""
        from .prior_art import search
        from .prior_result import SearchParams

        return search(self, passage, SearchParams.of(settings))

    def null(self, parts: str, which: int) -> npt.NDArray[np.int64]:
        """Heights that reversed passages of ``LENGTHS[which]`` notes reach: as kept, else made now."""
        kept = self.corpus.nulls.get(parts, self.corpus.nulls.get("all") if self._one_line else None)
        if kept is not None:
            table: npt.NDArray[np.int64] = kept[which]
            return table
        if (parts, which) not in self._nulls:
            self._nulls[parts, which] = self._made(parts, which, 0)
        return self._nulls[parts, which]

    @property
    def _one_line(self) -> bool:
        return all(line.melody for line in self.corpus.of)

    def _made(self, parts: str, which: int, workers: int) -> npt.NDArray[np.int64]:
        corpus = self.corpus
        sources = [i for i, line in enumerate(corpus.of) if line.melody]
        searched = corpus.searched(parts)
        return null_counts(LENGTHS[which], corpus.lines, searched, sources, seed=corpus.seed, workers=workers)

    def _all_nulls(self, workers: int, tell: Progress) -> dict[str, npt.NDArray[np.int64]]:
        if len(self.corpus.works) < LEAST_WORKS:
            return {}
        made = {}
        for parts in PARTS[:1] if self._one_line else PARTS:
            tables = []
            for which, n in enumerate(LENGTHS):
                tell(f"passages of {n} notes that nobody wrote ({parts})")
                tables.append(self._made(parts, which, workers))
            made[parts] = np.stack(tables)
        return made


def _listed(sources: Sources) -> list[str]:
    if isinstance(sources, (str, os.PathLike)):
        return [os.fspath(sources)]
    return [os.fspath(source) for source in sources]


def _read_corpus(sources: list[str], parts: str, seed: int, tell: Progress) -> TuneCorpus:
    works: dict[str, Read] = {}
    refused: list[tuple[str, str]] = []
    passed_over = 0
    for given in given_files(sources):
        if given is None:
            passed_over += 1
            continue
        found, bad = read_works(given)
        passed_over += not found and not bad
        refused += bad
        for each in found:
            if each.work.id in works:
                refused.append((each.work.id, "its name was met before; name a folder above both"))
            else:
                works[each.work.id] = each
        tell(f"{len(works)} works")
    if not works:
        told = f"; the first that was refused: {refused[0][0]}: {refused[0][1]}" if refused else ""
        raise InputError(f"{', '.join(sources)} holds no score that can be read{told}")
    return corpus_of(works.values(), refused, passed_over, parts=parts, seed=seed)


def _errors(corpus: TuneCorpus) -> bytes:
    rows = [REFUSED.checked({"file": file, "reason": reason}) for file, reason in corpus.refused]
    return as_csv(REFUSED, rows)
