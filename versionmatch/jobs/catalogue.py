"""A catalogue of recordings, as a program uses it: opened, added to, looked into."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..embed.loaded import DEFAULT_MODEL
from ..features.view import Track
from ..params import IndexParams, ScanLimits, ScanParams
from ..store import changes
from ..store.catalogue import CatalogueStore
from ..store.facts import facts_digest
from ..store.rows import DecisionRow, InputRow
from ..store.runs import Coverage
from ..store.settings import HEARD, CatalogueSettings
from ..store.verify import Finding, verify
from ..types import Recording
from .findings import Cohort
from .governed import opened
from .index import index
from .index_commit import Tell

if TYPE_CHECKING:
    from .opening import Source
    from .scan import Scan
    from .search import Hit

Paths = Iterable[str | os.PathLike[str]] | str | os.PathLike[str]


class Catalogue:
    """Recordings with their features, kept in a folder; made by ``create`` or ``open``.

    Reading is safe from any number of threads and processes, while at most one process writes. Every change is whole or
    there, whenever a process is killed; ``add`` called again goes on where it was.

    The licensed partition of a corpus with rights answers by the corpus' log: what that does not permit to store, index
    and compare at the moment of the question is in no list and no result.

    Examples
    --------
    >>> import versionmatch as vm
    >>> with vm.Catalogue.create("my.catalogue") as catalogue:  # doctest: +SKIP
    ...     coverage = catalogue.add("music/")
    ...     first, second = (catalogue.view(r.id) for r in list(catalogue.recordings())[:2])
    ...     match = vm.compare(first, second)
    """

    def __init__(self, store: CatalogueStore) -> None:
        self.store = store

    @classmethod
    def create(cls, path: str | os.PathLike[str], **settings: Any) -> Catalogue:
        """A new, empty catalogue.

        Parameters
        ----------
        path : path
            Its folder; InputError where there is a catalogue already.
        **settings
            Of ``CatalogueSettings``: ``kinds``, ``extractors``. Where segments or moments are kept, the embedding model
            is written down by name, so that a later default does not change a catalogue.
        """
        wished = CatalogueSettings(**settings)
        named = {kind: f"{kind}:{DEFAULT_MODEL}" for kind in HEARD if kind in wished.kinds}
        wished = wished.changed(extractors={**named, **wished.extractors})
        return cls(CatalogueStore.create(path, wished))

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Catalogue:
        """The catalogue in a folder; InputError where there is none, IntegrityError where it is damaged."""
        return cls(opened(path))

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.store.root

    @property
    def settings(self) -> CatalogueSettings:
        """What ``catalogue.toml`` says."""
        return self.store.settings

    def add(
        self,
        paths: Paths | None = None,
        params: IndexParams | None = None,
        *,
        executor: Executor | None = None,
        tell: Tell = lambda _: None,
        **settings: Any,
    ) -> Coverage:
        """Take in folders, files, manifests or cue sheets; by default go on with all that was ever named.

        Settings are those of ``IndexParams``, as one value or as keywords: ``add("music", jobs=2)``. Raises
        CatalogueBusy while another process writes.
        """
        named = [paths] if isinstance(paths, (str, os.PathLike)) else paths
        return index(self.store, named, params or IndexParams.of(settings), executor=executor, tell=tell)

    def remove(self, ids: Mapping[str, str] | Iterable[str]) -> None:
        """Take recordings out, at once for every reader; ids, or id → reason. Files stay until ``compact``."""
        reasons = dict(ids) if isinstance(ids, Mapping) else dict.fromkeys(ids, "")
        full = {self.store.recording(each).id: reason for each, reason in reasons.items()}
        with self.store.writing("remove") as writer:
            changes.remove(writer, full)

    def compact(self) -> tuple[int, int]:
        """Take from the disk what was removed and what is not used; how many recordings and files that were."""
        with self.store.writing("compact") as writer:
            return changes.compact(writer)

    def verify(self, *, repair: bool = False) -> tuple[Finding, ...]:
        """All that is not what was written; nothing where all is well. IntegrityError where the database is damaged."""
        return verify(self.path, disk=self.store.disk, repair=repair)

    def decide(self, first: str, second: str, verdict: str, note: str = "") -> None:
        """Keep what a person said of two recordings, such as ``"not a duplicate"``."""
        with self.store.writing("decide") as writer:
            changes.decide(writer, first, second, verdict, note)

    def decisions(self) -> tuple[DecisionRow, ...]:
        """What people said of pairs of recordings."""
        return self.store.decisions()

    def recordings(self, *, partition: str | None = None) -> Iterator[Recording]:
        """All recordings, by id; those of one partition where it is named."""
        return self.store.recordings(partition=partition)

    def quarantined(self) -> Iterator[InputRow]:
        """What could not be taken in, with the reason."""
        return self.store.quarantined()

    def view(self, recording_id: str) -> Track:
        """A recording whose features come from the catalogue, wherever its file is; ``compare`` takes it as it is.

        ``recording_id`` may be the beginning of an id. A feature that is damaged raises IntegrityError.
        """
        recording = self.store.recording(recording_id)
        choice = self.settings.extractors
        return Track(recording, {}, choice=choice, cache=self.store.features(recording.id))

    def cohort(self, n: int = 100, *, without: Collection[str] = (), seed: int = 440) -> Cohort:
        """``n`` recordings drawn at random, beside which two others can be set: ``compare(a, b, cohort=…)``.

        ``without`` are ids that shall not be among them, such as known versions of the two. All where there are fewer.
        """
        ids = sorted(r.id for r in self.recordings() if r.id not in without and not r.low_information)
        drawn = np.random.default_rng(seed).permutation(len(ids))[:n]
        return Cohort(f"the catalogue {self.path.name}", tuple(self.view(ids[i]) for i in sorted(drawn.tolist())))

    def scan(self, params: ScanParams | None = None, **settings: Any) -> Scan:
        """How all recordings are related, as tables in a run's folder; see ``jobs.scan.scan``.

        Settings are those of ``ScanParams`` and of ``ScanLimits``, and ``executor``, ``formats``, ``tell``.
        """
        from .scan import scan

        names = {"executor", "formats", "tell", *(f.name for f in fields(ScanLimits))}
        own = {name: settings.pop(name) for name in names & settings.keys()}
        return scan(self, params or ScanParams.of(settings), **own)

    def matches(self, params: ScanParams | None = None, **settings: Any) -> Iterator[dict[str, Any]]:
        """The rows of a scan's matches, as ``tables.MATCHES`` describes them; scanned now where that was not done.

        IncompleteScan where a deadline of yours left pairs that wait.
        """
        found = self.scan(params, **{**settings, "formats": (".jsonl",)}).whole()
        with (found.path / "matches.jsonl").open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    def query(self, source: Source, *, by: str = "version", k: int = 10, partition: str = "") -> list[Hit]:
        """The recordings most like a file or a track: see ``jobs.search.search``."""
        from .search import search

        return search(self, source, by=by, k=k, partition=partition)

    def facts_sha256(self) -> str:
        """A digest of all that is known; the same for the same inputs, however they came in."""
        with self.store.reading() as connection:
            return facts_digest(connection)

    def rights_sha256(self) -> str:
        """A digest of what may be told of now; empty for a catalogue without rights."""
        if self.store.gate is None:
            return ""
        return sha256("\n".join(recording.id for recording in self).encode()).hexdigest()

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Recording]:
        return self.recordings()

    def __len__(self) -> int:
        return self.store.count()
