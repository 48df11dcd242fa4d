"""The features kept of a recording: nothing is handed out that is not what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from safetensors import SafetensorError

from ..errors import IntegrityError
from ..types import Feature
from .artefacts import ArtefactStore, feature_of
from .rows import ArtefactRow

Key = tuple[str, str, str]
"""Recording, kind and settings."""


class KeptFeatures:
    """A ``FeatureCache`` over a catalogue's files: reads what the database says is there, and writes nothing."""

    def __init__(self, store: ArtefactStore, rows: Mapping[Key, ArtefactRow]) -> None:
        self._store, self._rows = store, dict(rows)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is kept, sorted."""
        return tuple(sorted({kind for _, kind, _ in self._rows}))

    def load(self, recording_id: str, kind: str, settings: str) -> Feature | None:
        """The feature, or None where none is kept; IntegrityError where it is damaged or gone."""
        row = self._rows.get((recording_id, kind, settings))
        if row is None:
            return None
        content = self.checked(row)
        try:
            return feature_of(content)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            path = self._store.path_of(recording_id, kind, settings)
            raise IntegrityError(
                f"{path} cannot be read by this version ({error}); delete it, then {REMEDY}"
            ) from error

    def checked(self, row: ArtefactRow) -> bytes:
        """The content of a feature's file."""
        path = self._store.path_of(row.recording_id, row.kind, row.settings)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise IntegrityError(f"{path} is gone; {REMEDY}") from None
        if len(content) != row.size or hashlib.sha256(content).hexdigest() != row.sha256:
            raise IntegrityError(f"{path} is not what was written; {REMEDY}")
        return content

    def save(self, recording_id: str, kind: str, settings: str, feature: Feature) -> None:
        """Nothing: a feature made while looking at a catalogue does not change it."""


REMEDY = "`versionmatch index verify --repair` notes that, and `versionmatch index add` makes it again from the sound"


class ChosenFeatures:
    """A ``FeatureCache`` that keeps some kinds only; what else is made on the way is let go."""

    def __init__(self, store: ArtefactStore, kinds: tuple[str, ...]) -> None:
        self._store, self._kinds = store, frozenset(kinds)

    def load(self, recording_id: str, kind: str, settings: str) -> Feature | None:
        """The feature, where it is one of the kinds and kept already."""
        return self._store.load(recording_id, kind, settings) if kind in self._kinds else None

    def save(self, recording_id: str, kind: str, settings: str, feature: Feature) -> None:
        """Keep the feature, where it is one of the kinds."""
        if kind in self._kinds:
            self._store.save(recording_id, kind, settings, feature)
