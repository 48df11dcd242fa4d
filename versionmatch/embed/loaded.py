"""Networks in memory: each loaded once in a process, and run so that the same sound gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from ..errors import InputError, MissingExtra
from .directory import ModelDirectory, find_model
from .levels import MOMENT_S
from .moment_axes import MomentAxes

if TYPE_CHECKING:
    from .net import Ensemble, VersionNet

DEFAULT_MODEL = "versions-v2"
ARCHITECTURE = "chroma-equivariant-2"

_RUNNING = RLock()


class VersionModel:
    """A model by name, its facts at hand and its network not before it is asked for.

    Parameters
    ----------
    model : str or path
        Name or directory of a model of the architecture ``chroma-equivariant-2``.

    Raises
    ------
    InputError
        Where there is no such model, or it is of another architecture.
    """

    def __init__(self, model: str = DEFAULT_MODEL) -> None:
        self.directory: ModelDirectory = find_model(model)
        self.facts = self.directory.facts
        if self.facts.architecture != ARCHITECTURE:
            raise InputError(
                f"the model {self.facts.id!r} is of the architecture {self.facts.architecture!r}, whose vectors cannot "
                f"be turned from key to key; segments need one of {ARCHITECTURE!r}, such as {DEFAULT_MODEL!r}"
            )

    @property
    def segment(self) -> int:
        """Moments of a segment."""
        return max(1, round(self.facts.segment_s / MOMENT_S))

    @property
    def hop(self) -> int:
        """Moments from one segment to the next."""
        return max(1, round(self.facts.hop_s / MOMENT_S))

    @property
    def settings(self) -> dict[str, object]:
        """Everything of the model that shapes a vector; the digest of the weights among it."""
        return {
            "model": self.facts.id,
            "weights": self.facts.weights_sha256,
            "segment": self.segment,
            "hop": self.hop,
        }

    @cached_property
    def net(self) -> Ensemble | VersionNet:
        """The network with its weights, in evaluation mode, the same object for all who ask in this process.

        MissingExtra where torch is not installed; IntegrityError where the weights are not what was written.
        """
        return _loaded(self.directory.path.resolve(), self.facts.weights_sha256)

    @property
    def axes(self) -> MomentAxes | None:
        """The axes in which music's moments differ most; None where the model has none.

        IntegrityError where they are not what was written.
        """
        digest = self.facts.moments.get("sha256")
        return _axes(self.directory.path.resolve(), str(digest)) if digest else None


@lru_cache(maxsize=4)
def _axes(path: Path, sha256: str) -> MomentAxes:
    directory = ModelDirectory.read(path)
    directory.verify()
    return MomentAxes.read(directory.moments)


@lru_cache(maxsize=4)
def _loaded(path: Path, weights_sha256: str) -> Ensemble | VersionNet:
    directory = ModelDirectory.read(path)
    if find_spec("torch") is None:
        raise MissingExtra(f"the embedding model {directory.facts.id!r}", extra="torch")
    import torch

    from .net import Ensemble, VersionNet

    with torch.random.fork_rng(devices=[]):  # first weights are drawn, then replaced: not from the caller's numbers
        directory.verify()
        net = directory.load().float()  # whatever the caller's default type
    if not isinstance(net, (Ensemble, VersionNet)):
        raise InputError(f"{path} built a {type(net).__name__}, which makes no moments")
    return net


@contextmanager
def steady() -> Iterator[None]:
    """Run torch without gradients and on one thread, so that no result depends on how many there are.

    The caller's number of threads is given back at the end. One network runs at a time in a process.
    """
    import torch

    with _RUNNING:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.inference_mode(), torch.autocast("cpu", enabled=False):
                yield
        finally:
            torch.set_num_threads(threads)
