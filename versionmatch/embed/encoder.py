"""Recordings to segments by the model that is shipped, or one like it."""

from __future__ import annotations

from functools import cached_property

from ..types import FloatArray, Segments
from .directory import find_model
from .extractor import segments_of
from .items import Item, cqt_of
from .levels import levels_of
from .loaded import DEFAULT_MODEL, VersionModel
from .published.families import FAMILIES
from .published_encoder import PublishedEncoder


class VersionEncoder:
    """Vectors of 20.8 s every 4.8 s, and of the whole, of anything that stands for a recording.

    Parameters
    ----------
    model : str or path
        Name or directory of the model; not looked for before it is needed.
    """

    name = "versions"

    def __init__(self, model: str = DEFAULT_MODEL) -> None:
        self._name = model

    @cached_property
    def model(self) -> VersionModel:
        """The model; InputError where there is none of that name, or it is of another architecture."""
        return VersionModel(self._name)

    @property
    def model_id(self) -> str:
        """Only vectors of one model can be compared."""
        return self.model.facts.id

    @property
    def weights_sha256(self) -> str:
        """The digest of the model's weights."""
        return self.model.facts.weights_sha256

    @property
    def dim(self) -> int:
        """Features of a vector, which has ``12 * dim`` numbers."""
        return self.model.facts.dim

    @property
    def segment_s(self) -> float:
        """How long a segment is, seconds."""
        return self.model.facts.segment_s

    def encode(self, audio: Item) -> Segments:
        """The segments of an Audio, a path, ``(samples, sr)``, CQT Features or a Track.

        Raises
        ------
        InputError
            The item cannot be used, or there is no such model.
        MissingExtra
            Where torch is not installed.
        """
        return self.heard(self.prepared(audio))

    def prepared(self, audio: Item) -> FloatArray:
        """What the network reads, the levels ``(84, n)`` of an item. Needs no torch."""
        return levels_of(cqt_of(audio))

    def heard(self, prepared: FloatArray) -> Segments:
        """The segments of what ``prepared`` made."""
        return segments_of(self.model, prepared)


def find_encoder(model: str = DEFAULT_MODEL) -> VersionEncoder | PublishedEncoder:
    """The encoder that runs a model: one with an axis of keys, or that of a converted published checkpoint.

    Parameters
    ----------
    model : str or path
        Name or directory of the model.

    Raises
    ------
    InputError
        With the known names, where there is no such model.

    Examples
    --------
    >>> find_encoder("versions-v2").name
    'versions'
    """
    published = find_model(model).facts.architecture in FAMILIES
    return PublishedEncoder(model) if published else VersionEncoder(model)
