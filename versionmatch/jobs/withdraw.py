"""Consent withdrawn: what it stops at once, what compaction takes from the disk, and what is told about models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..rights.allowed import allowed
from ..rights.effects import STANDING, Change, affected, assets_of, what_if
from ..rights.gate import NEEDED
from ..store import changes
from ..store.artefacts import NAME as SAFE
from .corpus import Corpus
from .governed import drop_runs


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal did: the grants that ended, recordings that are found no more, and what else it reaches."""

    grants: tuple[str, ...]
    recordings: tuple[str, ...]
    change: Change
    reached: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        return {
            "grants": list(self.grants),
            "recordings taken out of search": list(self.recordings),
            **self.change.to_dict(),
            "affected": self.reached,
        }


def live_grants(corpus: Corpus, name: str) -> tuple[str, ...]:
    """The grants that an id stands for and that are not revoked: one, or all by or on a party, a work and so on."""
    state = corpus.book.follow()
    _, grants = assets_of(state, name)
    found = tuple(sorted(g for g in grants if state.grants[g].effect == "allow" and g not in state.ended))
    if not found:
        raise InputError(f"no grant of {name!r} stands that could be withdrawn")
    return found


def withdraw(corpus: Corpus, name: str, *, effective: str = "", reason: str = "", dry_run: bool = False) -> Withdrawn:
    """End all grants that an id stands for; what they alone permitted is found no more when this returns.

    Parameters
    ----------
    corpus : Corpus
    name : str
        A grant; or a party, a work, a recording, an asset, whose grants all end.
    effective : str
        From when on; by default now.
    reason : str
        Kept in the log; no personal data.
    dry_run : bool
        Only tell what would happen.
    """
    book = corpus.book
    state = book.follow()
    grants, moment = live_grants(corpus, name), effective or book.time
    manifests = book.manifests
    change = what_if(state, grants, moment, manifests)
    reached = {g: affected(state, g, manifests).to_dict() for g in grants}
    if dry_run:
        return Withdrawn(grants, _recordings(corpus, change), change, reached)
    with book.writing("revoke"):
        book.add_all([("revocation", {"grant": g, "effective": moment, "reason": reason}) for g in grants])
    return Withdrawn(grants, enforce(corpus), change, reached)


def _recordings(corpus: Corpus, change: Change) -> tuple[str, ...]:
    assets = corpus.book.state.assets
    return tuple(
        sorted({assets[a]["pcm_sha256"] for a, lost in change.scopes.items() if set(NEEDED) & set(lost)} - {""})
    )


def enforce(corpus: Corpus) -> tuple[str, ...]:
    """Take out of the licensed catalogue what the log does not permit now: revoked, run out, or forbidden.

    The answers of a Corpus never held it; this ends it for whoever reads the catalogue alone.
    """
    state, moment = corpus.book.follow(), corpus.book.time
    gone = sorted(
        asset
        for asset, where in state.placed.items()
        if where == "licensed" and not all(allowed(state, asset, scope, moment) for scope in NEEDED)
    )
    if not gone:
        return ()
    catalogue = corpus.catalogue("licensed")
    there = {recording.id for recording in catalogue}
    ids = sorted({state.assets[a]["pcm_sha256"] for a in gone} & there)
    with catalogue.store.writing("withdraw") as writer:
        changes.remove(writer, dict.fromkeys(ids, "withdrawn"))
    drop_runs(catalogue.store, ids)
    with corpus.book.writing("withdraw"):
        corpus.book.add_all([("placed", {"asset": a, "partition": "none", "reason": "withdrawn"}) for a in gone])
    return tuple(ids)


def purge(corpus: Corpus, caches: Iterable[Path] = ()) -> tuple[str, ...]:
    """Take the bytes of what was withdrawn from the disk: features, indexes, runs' tables, caches; the recordings.

    Indexes are made again of what is left when they are next asked. An entry tells the catalogue's digest before and
    after. ``caches`` are folders of features beside the corpus, such as ``~/.cache/versionmatch``.
    """
    catalogue = corpus.catalogue("licensed")
    with catalogue.store.reading() as connection:
        found = connection.execute("SELECT recording_id FROM removals WHERE compacted = 0 ORDER BY recording_id")
        gone = tuple(str(each) for (each,) in found)
    if not gone:
        return ()
    before, disk = catalogue.facts_sha256(), catalogue.store.disk
    for path in sorted((catalogue.path / "index").rglob("*"), reverse=True):
        if path.is_file():
            disk.remove(path)
    drop_runs(catalogue.store, gone)
    for cache in caches:
        for each in gone:
            if SAFE.fullmatch(each):
                for path in sorted(cache.glob(f"features/*/{each[:2]}/{each}.safetensors")):
                    disk.remove(path)
    catalogue.compact()
    assets = sorted(i for i, body in corpus.book.state.assets.items() if body["pcm_sha256"] in gone)
    with corpus.book.writing("purge"):
        corpus.book.add(
            "purge",
            catalogue="licensed",
            assets=assets,
            before_sha256=before,
            after_sha256=catalogue.facts_sha256(),
        )
    return gone


__all__ = ["STANDING", "Withdrawn", "enforce", "live_grants", "purge", "withdraw"]
