"""What a network hears of one transform, once for all that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..errors import MissingExtra
from ..types import Features, FloatArray
from .levels import levels_of
from .loaded import VersionModel, steady

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Heard:
    """Levels ``(84, frame)``, the network's moments ``(1, moment, dim, 12)`` and which sound, ``(1, moment)``."""

    levels: FloatArray
    moments: Tensor
    sounding: Tensor


def heard(model: VersionModel, levels: FloatArray) -> Heard:
    """What a model hears of one recording's levels ``(84, frame)``; MissingExtra where torch is not installed."""
    if find_spec("torch") is None:
        raise MissingExtra(f"the embedding model {model.facts.id!r}", extra="torch")
    import torch

    from .moments import moments_of
    from .segmenting import sounding

    net = model.net
    with steady():
        given = torch.tensor(levels)[None]
        return Heard(levels, moments_of(net, given), sounding(given))


_LEFT: WeakKeyDictionary[Features, tuple[str, Heard]] = WeakKeyDictionary()
_CHANGING = Lock()


def heard_of(model: VersionModel, cqt: Features) -> Heard:
    """What a model hears of a transform; kept for the next who asks, and let go with the transform or when asked again.

    Segments and moments are made of the same. Both give the same bits whoever asks first, or alone.
    """
    with _CHANGING:
        weights, left = _LEFT.pop(cqt, ("", None))
    if left is not None and weights == model.facts.weights_sha256:
        return left
    found = heard(model, levels_of(cqt))
    with _CHANGING:
        _LEFT[cqt] = model.facts.weights_sha256, found
    return found
