"""Recordings to vectors by a published network whose checkpoint was converted."""

from __future__ import annotations

from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, MissingExtra
from ..types import KeylessSegments
from .directory import ModelDirectory, ModelFacts, find_model
from .items import Item
from .keyless import whole_of
from .loaded import steady
from .published.families import FAMILIES, Family
from .published.recipe import RECIPES, Prepared


class PublishedEncoder:
    """Vectors of a recording by CLEWS, the unified model, Discogs-VINet, CoverHunter or MOVE, in its published windows.

    The vectors are what the network gives; they have no axis of keys. Each window is heard alone and on one thread, so
    that the same sound gives the same bits, whatever else is heard with it. ``published.recipe`` says how the input of
    each family is made and what of that is not known; accuracy is not claimed.

    Parameters
    ----------
    model : str or path
        Name or directory of a converted model; not looked for before it is needed.
    """

    name = "published"

    def __init__(self, model: str) -> None:
        self._name = model

    @cached_property
    def directory(self) -> ModelDirectory:
        """The model; InputError where there is none of that name, or its architecture is no published one."""
        found = find_model(self._name)
        if found.facts.architecture not in FAMILIES:
            raise InputError(
                f"the model {found.facts.id!r} is of the architecture {found.facts.architecture!r}, none of the "
                f"published ones ({', '.join(FAMILIES)}); use VersionEncoder"
            )
        return found

    @property
    def facts(self) -> ModelFacts:
        """What the model's directory says of it."""
        return self.directory.facts

    @property
    def family(self) -> Family:
        """Which of the published models it is."""
        return FAMILIES[self.facts.architecture]

    @property
    def model_id(self) -> str:
        """Only vectors of one model can be compared."""
        return self.facts.id

    @property
    def weights_sha256(self) -> str:
        """The digest of the model's weights."""
        return self.facts.weights_sha256

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return self.facts.dim

    @property
    def segment_s(self) -> float:
        """How long a window is, seconds; MOVE hears the whole recording whatever its length."""
        return self.facts.segment_s

    @property
    def measure(self) -> str:
        """How its vectors are compared: ``"cosine"`` or ``"mean-square"``."""
        return self.family.measure

    def encode(self, audio: Item) -> KeylessSegments:
        """The vectors of a recording's windows, and one of the whole.

        Parameters
        ----------
        audio
            A path, a file's bytes, an Audio, ``(samples, sr)`` or a Track. For Discogs-VINet and CoverHunter also the
            CQT Features that they read; for MOVE only Features of kind ``"pcp"``, or a Track that has them.

        Returns
        -------
        KeylessSegments
            One vector where the family hears a recording at once; else ``whole`` is the mean of the windows, which is
            this package's shortcut and no part of the papers.

        Raises
        ------
        InputError
            The item cannot be used, there is no such model, or how its input is made is not known.
        IntegrityError
            The weights are not what was written.
        MissingExtra
            Where torch is not installed.
        """
        return self.heard(self.prepared(audio))

    def prepared(self, audio: Item) -> Prepared:
        """What the network's inputs are cut from: the sound at its rate, a transform or a profile. Needs no torch."""
        unknown = [note for _, note in self.family.notes if note in self._changes]
        if unknown:
            raise InputError(
                f"the model {self.model_id!r} has {unknown[0]}, so it cannot be an encoder; make its input yourself "
                "and run the network, find_model(…).load()"
            )
        return RECIPES[self.facts.architecture].prepared(audio, self.facts)

    def heard(self, prepared: Prepared) -> KeylessSegments:
        """The vectors of what ``prepared`` made."""
        if find_spec("torch") is None:
            raise MissingExtra(f"the embedding model {self.model_id!r}", extra="torch")
        network = _loaded(self.directory.path.resolve(), self.facts.weights_sha256)
        rows, times = [], []
        for start_s, end_s, values in RECIPES[self.facts.architecture].inputs(prepared, self.facts):
            with steady():
                rows.append(network(values)[0].numpy())
            times.append((start_s, end_s))
        vectors, (starts_s, ends_s) = np.stack(rows), np.array(times).T
        whole = whole_of(vectors, self.measure)
        digest = self.facts.weights_sha256
        return KeylessSegments(vectors, starts_s, ends_s, whole, self.model_id, digest, self.measure)

    @property
    def _changes(self) -> list[object]:
        changes = self.facts.source.get("changes")
        return list(changes) if isinstance(changes, list) else []


@lru_cache(maxsize=2)
def _loaded(path: Path, weights_sha256: str) -> Any:
    """The network, the same object for all who ask in this process; the largest are 0.8 GB, so two at most."""
    import torch

    directory = ModelDirectory.read(path)
    with torch.random.fork_rng(devices=[]):  # first weights are drawn, then replaced: not from the caller's numbers
        directory.verify()
        return directory.load().float()
