"""A corpus with rights: a log, and for each partition a catalogue of its own, so that nothing is shared between them.

::

    <root>/rights/        the log and what belongs to it
    <root>/licensed/      a catalogue: features, indexes and statistics of what may be used
    <root>/unlicensed/    another: what is known, but may not
    <root>/quarantine/    another: what is not known to the log
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..audit import entry as entries
from ..audit.signing import SigningKey
from ..errors import InputError, NotPermitted
from ..rights.allowed import Permission, allowed
from ..rights.book import Book
from ..rights.facts import PARTITIONS
from ..rights.gate import COMPARED, NEEDED, Gate
from ..rights.manifest import Manifest, freeze
from ..store.catalogue import CatalogueStore
from ..store.disk import Disk
from .catalogue import Catalogue
from .governed import LICENSED, RIGHTS
from .opening import Source
from .search import Hit, search


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a file went, and why; ``asset`` and ``recording_id`` are empty where they are not known."""

    path: str
    asset: str
    recording_id: str
    partition: str
    reason: str


class Corpus:
    """Catalogues under a log of rights; made by ``create`` or ``open``.

    Whatever is asked of it is answered by what the log permits at that moment: a grant that was withdrawn, or has run
    out, is gone from the next answer on.

    Parameters
    ----------
    root : path
        The corpus' folder; InputError where there is none.
    clock : callable, optional
        Tells the time.
    """

    def __init__(
        self, root: str | os.PathLike[str], *, disk: Disk | None = None, clock: Callable[[], str] = entries.now
    ) -> None:
        self.root = Path(root)
        self.book = Book(self.root / RIGHTS, disk=disk, clock=clock)
        self._catalogues: dict[str, Catalogue] = {}

    @classmethod
    def create(
        cls, root: str | os.PathLike[str], origin: str, *, clock: Callable[[], str] = entries.now, **settings: Any
    ) -> Corpus:
        """A new corpus whose log has that name; settings are those of its catalogues. InputError where there is one."""
        Book.create(Path(root) / RIGHTS, origin, clock=clock)
        for partition in PARTITIONS:
            Catalogue.create(Path(root) / partition, **settings).close()
        return cls(root, clock=clock)

    def catalogue(self, partition: str = "licensed") -> Catalogue:
        """The catalogue of a partition as it lies there, also what is not permitted any more: to keep it in order."""
        if partition not in PARTITIONS:
            raise InputError(f"there is no partition {partition!r}; there are: {', '.join(PARTITIONS)}")
        if partition not in self._catalogues:
            self._catalogues[partition] = Catalogue(CatalogueStore(self.root / partition))
        return self._catalogues[partition]

    def allowed(
        self, asset: str, scope: str, *, at: str = "", model_version: str = "", territory: str = ""
    ) -> Permission:
        """Whether an asset may be used for something, now or at a time, by what the log says now."""
        state = self.book.follow()
        return allowed(state, asset, scope, at or self.book.time, model_version=model_version, territory=territory)

    def assets_of(self, recording_id: str) -> tuple[str, ...]:
        """The assets whose sound a catalogue's recording is."""
        state = self.book.follow()
        return tuple(sorted(i for i, body in state.assets.items() if body["pcm_sha256"] == recording_id))

    def permitted(self, ids: Iterable[str], scope: str, *, at: str = "", territory: str = "") -> frozenset[str]:
        """Of some recordings those of which *every* asset may be used so; one that the log does not know may not."""
        state, moment = self.book.follow(), at or self.book.time
        of: dict[str, list[str]] = {each: [] for each in ids}
        for asset, body in state.assets.items():
            if body["pcm_sha256"] in of:
                of[body["pcm_sha256"]].append(asset)
        return frozenset(
            each
            for each, some in of.items()
            if some and all(allowed(state, a, scope, moment, territory=territory) for a in some)
        )

    def ingest(self, paths: Iterable[str | os.PathLike[str]], **settings: Any) -> list[Placed]:
        """Take files in, each into the partition that the log has for it.

        A file is the asset whose sha256 it has. One that may be stored and indexed goes to ``licensed``, one that the
        log knows otherwise to ``unlicensed``, any other to ``quarantine``. Settings are those of ``IndexParams``.
        """
        placed: list[Placed] = []
        files = sorted({os.path.abspath(path) for path in paths})
        digests = {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in files}
        to: dict[str, tuple[str, str, str]] = {path: self._place(digests[path]) for path in files}
        for partition in PARTITIONS:
            some = [path for path in files if to[path][0] == partition]
            if not some:
                continue
            catalogue = self.catalogue(partition)
            catalogue.add(some, partition=partition, **{"jobs": 1, **settings})
            known = {row.path: recording.id for recording in catalogue for row in catalogue.store.sources(recording.id)}
            placed += [Placed(p, to[p][1], known.get(p, ""), partition, to[p][2]) for p in some]
        with self.book.writing("ingest"):
            self.book.add_all(self._said(placed))
        return sorted(placed, key=lambda p: p.path)

    def _place(self, sha256: str) -> tuple[str, str, str]:
        """Partition, asset and reason for a file's bytes."""
        state = self.book.follow()
        found = sorted(i for i, body in state.assets.items() if body["sha256"] == sha256)
        if not found:
            return "quarantine", "", "no asset of the log has these bytes"
        for asset in found:
            for scope in NEEDED:
                permission = self.allowed(asset, scope)
                if not permission:
                    return "unlicensed", asset, f"{scope}: {permission.reasons[0]}"
        return "licensed", found[0], "live grants cover all shares of master and publishing"

    def _said(self, placed: list[Placed]) -> Iterable[tuple[str, Mapping[str, Any]]]:
        for each in placed:
            if each.asset and each.recording_id:
                body = self.book.state.assets[each.asset]
                if body["pcm_sha256"] != each.recording_id:
                    yield "asset", {**body, "pcm_sha256": each.recording_id}
                yield "placed", {"asset": each.asset, "partition": each.partition, "reason": each.reason}

    def search(self, source: Source, *, by: str = "version", k: int = 10, scope: str = "compare") -> list[Hit]:
        """The licensed recordings most like a file, those that may be used so now; see ``jobs.search.search``."""
        with self.permitted_only(scope) as catalogue:
            return search(catalogue, source, by=by, k=k)

    def permitted_only(self, scope: str = "compare", *, otherwise: bool = False) -> Catalogue:
        """The licensed partition with nothing but what may be stored, indexed, compared and used so, asked each time.

        ``otherwise``: nothing but what lies there and may *not*.
        """
        gate = Gate(self.book, dict.fromkeys((*COMPARED, scope)))
        return Catalogue(CatalogueStore(self.root / LICENSED, may=(lambda i: not gate(i)) if otherwise else gate))

    def freeze(
        self, *, scope: str = "train", model_version: str = "", territory: str = "", assets: Iterable[str] | None = None
    ) -> tuple[Manifest, dict[str, tuple[str, ...]]]:
        """What may be used so now, frozen, kept and entered; and what was left out, with the reasons.

        By default of all assets in the licensed partition. NotPermitted where nothing may be used.
        """
        with self.book.writing("freeze"):
            state = self.book.state
            licensed = [a for a, where in state.placed.items() if where == "licensed"] if assets is None else assets
            manifest, without = freeze(
                state, licensed, scope=scope, at=self.book.time, model_version=model_version, territory=territory
            )
            if not manifest.pairs:
                why = next(iter(without.values()), ("the licensed partition is empty",))[0]
                raise NotPermitted(f"no asset may be used to {scope}: {why}")
            self.book.freeze(manifest)
        return manifest, without

    def sign(self, key: SigningKey) -> str:
        """Sign the log as it is now, with the catalogues' own ledgers anchored in it; the note."""
        with self.book.writing("checkpoint"):
            self.book.add_all(self._anchors())
            return self.book.sign(key)

    def _anchors(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        for partition in PARTITIONS:
            with self.catalogue(partition).store.reading() as connection:
                last = connection.execute("SELECT count(*), coalesce(max(seq), 0) FROM events").fetchone()
                digest = connection.execute("SELECT hash FROM events WHERE seq = ?", (last[1],)).fetchone()
            yield "anchor", {"catalogue": partition, "events": last[0], "hash": digest[0] if digest else ""}

    def close(self) -> None:
        """Let go of the catalogues."""
        for catalogue in self._catalogues.values():
            catalogue.close()
        self._catalogues.clear()

    def __enter__(self) -> Corpus:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
