"""Hyper-parameters of the published networks: checked once, with the published values as defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from ...errors import ParamsError

LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class _Settings:
    """Whole numbers from 1, and tuples of them."""

    architecture: ClassVar[str]

    @classmethod
    def of(cls, network: Mapping[str, object]) -> Self:
        """The settings of a ``[network]`` table; ParamsError names what is unknown or out of range."""
        known = {field.name: field.default for field in fields(cls)}
        unknown = sorted(set(network) - set(known))
        if unknown:
            raise ParamsError(f"{cls.architecture} has no setting {unknown[0]!r}; there are: {', '.join(known)}")
        values: dict[str, Any] = {}
        for name, value in network.items():
            many = isinstance(known[name], tuple)
            items: list[Any] = list(value) if many and isinstance(value, (list, tuple)) else [value]
            smallest = 0 if name == "bias" else 1
            if not items or not all(type(item) is int and smallest <= item <= LARGEST for item in items):
                raise ParamsError(
                    f"{name} of {cls.architecture} must be {'whole numbers' if many else 'a whole number'} from "
                    f"{smallest} to {LARGEST:,}; got {value!r}"
                )
            values[name] = tuple(items) if many else items[0]
        return cls(**values)


@dataclass(frozen=True, slots=True)
class ClewsSettings(_Settings):
    """CLEWS: embedding, channels, blocks and strides of the four stages; the filters of the constant-Q transform."""

    architecture: ClassVar[str] = "clews-1"
    dim: int = 1024
    channels: tuple[int, ...] = (256, 512, 1024, 2048)
    blocks: tuple[int, ...] = (3, 4, 6, 3)
    strides: tuple[int, ...] = (1, 2, 2, 1)
    front_channels: int = 128
    bins: int = 84
    kernel: int = 16384

    def __post_init__(self) -> None:
        if not len(self.channels) == len(self.blocks) == len(self.strides):
            raise ParamsError(
                f"channels, blocks and strides of {self.architecture} must be equally many; got "
                f"{len(self.channels)}, {len(self.blocks)} and {len(self.strides)}"
            )
        odd = [c for c in self.channels if c % 2]
        if odd:
            raise ParamsError(f"channels of {self.architecture} must be even; got {odd[0]}")


@dataclass(frozen=True, slots=True)
class FishSettings(ClewsSettings):
    """The unified track and version model: as CLEWS."""

    architecture: ClassVar[str] = "fish-1"


@dataclass(frozen=True, slots=True)
class VINetSettings(_Settings):
    """Discogs-VINet: embedding, channels of the first convolution, whether the last layer has a bias (0 or 1), bins,
    and the frames of the transform (at 22.05 kHz, hop 512) that are looked at.
    """

    architecture: ClassVar[str] = "discogs-vinet-1"
    dim: int = 512
    channels: int = 32
    bias: int = 0
    bins: int = 84
    frames: int = 8000


@dataclass(frozen=True, slots=True)
class CoverHunterSettings(_Settings):
    """CoverHunter: embedding, width of the conformer, heads, blocks, feed-forward width, depthwise kernel, bins."""

    architecture: ClassVar[str] = "coverhunter-1"
    dim: int = 128
    width: int = 128
    heads: int = 4
    blocks: int = 6
    feed_forward: int = 256
    kernel: int = 15
    bins: int = 96

    def __post_init__(self) -> None:
        if self.width % self.heads or self.width % 2 or self.kernel % 2 == 0 or self.bins < 7:
            raise ParamsError(
                f"coverhunter-1 needs an even width that heads divide, an odd kernel and 7 bins or more; got width "
                f"{self.width}, heads {self.heads}, kernel {self.kernel}, bins {self.bins}"
            )


@dataclass(frozen=True, slots=True)
class MoveSettings(_Settings):
    """MOVE and Re-MOVE: embedding, channels, and width of the first kernel in frames."""

    architecture: ClassVar[str] = "move-1"
    dim: int = 256
    channels: int = 256
    kernel: int = 180
