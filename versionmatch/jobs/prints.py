"""The fingerprints of a catalogue in an index that follows it: what was added is found, what was removed is not."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from ..errors import InputError, IntegrityError
from ..index.found import Answers
from ..index.layout import folder_of
from ..index.postings import PostingsIndex
from ..types import Peaks
from .catalogue import Catalogue

logger = logging.getLogger(__name__)

KIND = "peaks"


class CataloguePrints:
    """The index of all fingerprints of a catalogue's recordings, brought up to date when it is opened.

    It is a cache: where it is damaged it is built again from the peaks that are kept.

    Parameters
    ----------
    catalogue : Catalogue
    partition : str
        Only recordings of this part; empty: all.

    Raises
    ------
    InputError
        The catalogue keeps no peaks.
    """

    def __init__(self, catalogue: Catalogue, partition: str = "") -> None:
        self.catalogue = catalogue
        found = catalogue.recordings(partition=partition or None)
        self.ids = sorted(r.id for r in found if not r.is_score)  # a score has no sound of its own that could be met
        if KIND not in catalogue.settings.kinds:
            raise InputError(
                f"{catalogue.path} keeps no fingerprints; add {KIND!r} to its kinds in catalogue.toml and run "
                "`versionmatch index add`"
            )
        settings = catalogue.view(self.ids[0]).settings(KIND) if self.ids else "none"
        self.folder = folder_of(catalogue.path, f"{KIND}-{settings}", partition or "all")
        self.index = self._opened()
        self._follow()

    def _opened(self) -> PostingsIndex:
        try:
            return PostingsIndex.load(self.folder)
        except InputError:
            return PostingsIndex()
        except IntegrityError as error:
            logger.warning("the index of fingerprints is built again: %s", error)
            return PostingsIndex()

    def _follow(self) -> None:
        gone = set(self.index) - set(self.ids)
        for track in sorted(gone):
            self.index.remove(track)
        new = 0
        for track, peaks in self._kept():
            self.index.add(track, peaks)
            new += 1
        if gone or new:
            if len(gone) > len(self.index) // 10:
                self.index.compact()
            self.index.save(self.folder)

    def _kept(self) -> Iterator[tuple[str, Peaks]]:
        """Those that are not in the index yet; one whose fingerprint is not kept is told and passed over."""
        missing = 0
        for recording_id in self.ids:
            if recording_id not in self.index:
                track = self.catalogue.view(recording_id)
                if track.kept(KIND):
                    yield recording_id, track[KIND]
                else:
                    missing += 1
        if missing:
            logger.warning(
                "%d of %d recordings have no fingerprint by this version; `versionmatch index add %s` makes them",
                missing, len(self.ids), self.catalogue.path,
            )  # fmt: skip

    def found(self, peaks: Peaks, warps: str = "single", *, without: str = "") -> Answers:
        """Where the sound of these peaks occurs in the catalogue, best first; often nowhere."""
        return self._permitted(self.index.query(peaks, warps, without=(without,) if without else ()))

    def located(self, peaks: Peaks, warps: str = "speed", *, min_length_s: float = 3.0) -> Answers:
        """What of the catalogue is heard in a long recording, in order of time."""
        return self._permitted(self.index.locate(peaks, warps, min_length_s=min_length_s))

    def _permitted(self, found: Answers) -> Answers:
        """What may be told of still, when it is told: rights may have ended since the index was opened."""
        may = self.catalogue.store.may
        return Answers((each for each in found if may(each.track)), complete=found.complete)
