"""Which networks there are, by the name that a model directory gives; each is imported only when it is built."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import InputError, MissingExtra
from .published.families import FAMILIES
from .published.manifests import Manifest

if TYPE_CHECKING:
    from torch import nn


class Network(Protocol):
    """What every published network has beside being a ``torch.nn.Module``.

    ``input`` is ``"audio"`` (sound at ``sample_rate``), ``"cqt"`` (magnitudes) or ``"pcp"`` (pitch-class profiles);
    ``forward`` takes batches of them and gives ``(batch, dim)``.
    """

    architecture: str
    input: str
    sample_rate: int
    segment_s: float

    def forward(self, batch: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network that can be built: ``builder`` is ``"module:function"`` of a ``[network]`` table.

    ``manifest`` gives the shapes of its state without torch; where there is none, they are read off the built network.
    """

    name: str
    builder: str
    manifest: Callable[[Mapping[str, object]], Manifest] | None = None

    def build(self, network: Mapping[str, object]) -> nn.Module:
        """The network, with whatever weights it starts from. MissingExtra where torch is not installed."""
        if find_spec("torch") is None:
            raise MissingExtra(f"the architecture {self.name!r}", extra="torch")
        module, _, function = self.builder.partition(":")
        built: nn.Module = getattr(import_module(module), function)(network)
        return built

    def shapes(self, network: Mapping[str, object]) -> Manifest:
        """Every entry of the network's state and its shape."""
        if self.manifest is not None:
            return self.manifest(network)
        return {name: tuple(tensor.shape) for name, tensor in self.build(network).state_dict().items()}


_PUBLISHED = {
    "clews-1": "clews",
    "fish-1": "fish",
    "discogs-vinet-1": "vinet",
    "coverhunter-1": "coverhunter",
    "move-1": "move",
}

ARCHITECTURES = {
    "chroma-equivariant-2": Architecture("chroma-equivariant-2", "versionmatch.embed.net:build"),
} | {
    name: Architecture(name, f"versionmatch.embed.published.{module}:build", FAMILIES[name].manifest)
    for name, module in _PUBLISHED.items()
}


def find_architecture(name: str) -> Architecture:
    """The architecture of that name; InputError lists those there are and the nearest spelling."""
    if name not in ARCHITECTURES:
        near = difflib.get_close_matches(name, ARCHITECTURES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"no architecture {name!r}; there are: {', '.join(sorted(ARCHITECTURES))}.{hint}")
    return ARCHITECTURES[name]
