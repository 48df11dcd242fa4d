"""One recording as the engine sees it: features made when first asked for, each once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from ..errors import InputError
from ..plugins import Extractor, made
from ..types import Audio, Feature, Recording


class FeatureCache(Protocol):
    """Where features outlive a run; see ``versionmatch.store.artefacts``."""

    def load(self, recording_id: str, kind: str, settings: str) -> Feature | None: ...

    def save(self, recording_id: str, kind: str, settings: str, feature: Feature) -> None: ...


class Track(Mapping[str, Any]):
    """Kind → feature of one recording: given, else read from the cache, else extracted, then kept.

    Parameters
    ----------
    recording : Recording
        Who it is.
    given : mapping
        What is there already: ``"audio"`` (an Audio), or any feature, such as ``"cqt"`` of a recording
        whose sound is not at hand. A given feature is never extracted again.
    choice : mapping, optional
        Kind → name of the extractor plugin, where it is not the one named like the kind; ``name:argument`` where it
        takes one, such as ``segments:MODEL``.
    cache : FeatureCache, optional
        Looked into before and written after each extraction.

    A feature's ``settings`` is a digest of its extractor's name and settings and of those of all it is
    made from, so that features are comparable exactly if their digests agree.
    """

    def __init__(
        self,
        recording: Recording,
        given: Mapping[str, Audio | Feature],
        *,
        choice: Mapping[str, str] | None = None,
        cache: FeatureCache | None = None,
    ) -> None:
        self.recording = recording
        self._known: dict[str, Any] = dict(given)
        self._given = frozenset(given)
        self._choice = dict(choice or {})
        self._cache = cache
        self._extractors: dict[str, Extractor] = {}
        self._digests: dict[str, str] = {}

    def __getitem__(self, kind: str) -> Any:
        if kind not in self._known:
            if kind == "audio":
                raise InputError(f"{self.recording.label}: its sound is not at hand, only features made from it")
            self._known[kind] = self._make(kind)
        return self._known[kind]

    def __contains__(self, kind: object) -> bool:
        """Whether it is at hand: given, or made already."""
        return kind in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @property
    def given(self) -> frozenset[str]:
        """The kinds that were there from the beginning."""
        return self._given

    def corrected(self, given: Mapping[str, Feature]) -> Track:
        """The same recording with these features in place of its own; what was made from those is made anew."""
        kept = {kind: value for kind, value in self._known.items() if not self._rests_on(kind, given)}
        first = {kind: value for kind, value in kept.items() if kind in self._given}
        track = Track(self.recording, {**first, **given}, choice=self._choice, cache=self._cache)
        track._known = {**kept, **given}
        return track

    def standing_in(self, given: Mapping[str, Audio | Feature]) -> None:
        """Take features that stand for what the plugins would find, such as a score's own notes.

        They are kept and found again by the plugins' settings, so that they are there wherever those are asked for.
        Sound among them is passed over.
        """
        for kind, feature in given.items():
            if not isinstance(feature, Audio):
                settings = self.settings(kind)
                self._known[kind] = replace(feature, settings=settings)
                if self._cache is not None:
                    self._cache.save(self.recording.id, kind, settings, self._known[kind])

    def _rests_on(self, kind: str, given: Mapping[str, Feature]) -> bool:
        if kind in self._given or kind == "audio":
            return False
        return any(need in given or self._rests_on(need, given) for need in self._extractor(kind).needs)

    def settings(self, kind: str) -> str:
        """The digest of everything that shapes that feature."""
        if kind == "audio":  # also where it is not at hand: the features kept of a recording are still known by name
            return ""
        if kind in self._given:
            return str(self._known[kind].settings)
        if kind not in self._digests:
            extractor = self._extractor(kind)
            made_from = {need: self.settings(need) for need in extractor.needs}
            content = {"extractor": extractor.name, "settings": dict(extractor.settings), "needs": made_from}
            text = json.dumps(content, sort_keys=True, separators=(",", ":"))
            self._digests[kind] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self._digests[kind]

    def kept(self, kind: str) -> bool:
        """Whether it is at hand or in the cache, so that no sound is needed."""
        if kind not in self._known and kind != "audio" and self._cache is not None:
            stored = self._cache.load(self.recording.id, kind, self.settings(kind))
            if stored is not None:
                self._known[kind] = stored
        return kind in self._known

    def release(self, kind: str) -> None:
        """Forget a value that is no longer needed, such as long ``audio``."""
        self._known.pop(kind, None)

    def _extractor(self, kind: str) -> Extractor:
        if kind not in self._extractors:
            self._extractors[kind] = made("extractors", self._choice.get(kind, kind))
        return self._extractors[kind]

    def _make(self, kind: str) -> Feature:
        settings = self.settings(kind)
        if self._cache is not None:
            stored = self._cache.load(self.recording.id, kind, settings)
            if stored is not None:
                return stored
        feature: Feature = replace(self._extractor(kind).extract(self), settings=settings)
        if self._cache is not None:
            self._cache.save(self.recording.id, kind, settings, feature)
        return feature
