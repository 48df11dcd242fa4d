"""What all adapters have in common: items in, batches out, weights by name, and what they depend on."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import InputError, MissingExtra, ParamsError
from ...types.attribution import Corpus
from ..cache import Cache, digest_of
from .items import ARRAYS, SOUNDS, Entry, corpus_of, is_arrays, read_arrays, read_entries, source_entry
from .pieces import Kept, Piece, PieceBatch, edited, mashed, stacked


def library(module: str, *, needed_by: str) -> ModuleType:
    """A module of a library that comes with the extra ``generative``; MissingExtra where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(f"the adapter {needed_by!r}", extra="generative") from error


def folder_of(model: str, needed: str, *, adapter: str) -> Path:
    """The folder of a saved model; InputError where it or the file ``needed`` is not there."""
    folder = Path(model)
    if not (folder / needed).exists():
        raise InputError(f"there is no saved model for {adapter!r} in {folder}: {needed} is missing")
    return folder


def one_file(folder: Path, name: str) -> Path | None:
    """The file of a model's weights, if they are in one."""
    return folder / name if (folder / name).is_file() else None


def seconds_of(text: str, default: float = 0.0) -> float:
    """A length given on the command line; ParamsError where it is none."""
    try:
        found = float(text) if text else default
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise ParamsError(f"seconds is the length of the model's window, such as 30; got {text!r}")
    return found


def placed(module: nn.Module, device: str) -> nn.Module:
    """A network on a device, in float32 and in evaluation mode: differences of losses are small."""
    module = module.to(device).eval()
    return module if all(p.dtype == torch.float32 for p in module.parameters()) else module.float()


def plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A library's configuration without where it was saved and by which version."""
    return {k: v for k, v in config.items() if not k.startswith("_") and k not in {"transformers_version", "dtype"}}


def weights_digest(module: nn.Module) -> str:
    """sha256 of a network's weights as they are now."""
    sums = {
        name: hashlib.sha256(value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()
        if value.ndim
        else repr(value.item())
        for name, value in module.state_dict().items()
    }
    return digest_of(sums)


class Adapter:
    """A network that is attributed to, frozen encoders, and a corpus; subclasses say what is predicted.

    Parameters
    ----------
    net : Module
        All that may be changed, and nothing else; put into evaluation mode.
    entries : sequence of Entry
        The corpus; see ``items.read_entries``.
    frozen : mapping
        Encoders by name, run once per item.
    settings : mapping
        JSON-able; all else on which losses depend.
    keep : str or Path
        Folder in which encoded items are kept; empty: in memory.
    device : str
        Where the networks are, ``"cpu"`` or ``"cuda"``.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    main: ClassVar[str] = ""
    """How the array that is predicted is named in files."""
    ragged: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose length may differ between items."""
    marks: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Group of params → parts of their names."""
    suffixes = (*SOUNDS, *ARRAYS)
    """Of files that ``read`` takes."""
    weights_file: Path | None = None
    """Where the weights lie, if they are in one file of safetensors."""
    loss_unit = ""
    capabilities: frozenset[str] = frozenset({"gradients", "linears", "sampling", "padding"})

    def __init__(
        self,
        net: nn.Module,
        entries: Sequence[Entry],
        *,
        frozen: Mapping[str, nn.Module | None] | None = None,
        settings: Mapping[str, object] | None = None,
        keep: str | Path = "",
        device: str = "cpu",
    ) -> None:
        self.net, self.device = placed(net, device), device
        self.frozen = {name: placed(part, device) for name, part in (frozen or {}).items() if part is not None}
        self.settings = dict(settings or {})
        self._entries = {entry.id: entry for entry in entries}
        self._kept = Kept(Cache(Path(keep)) if keep else None)
        self._contents: dict[str, str] = {}

    @property
    def fingerprint(self) -> str:
        parts = {"weights": weights_digest(self.net), "frozen": self._frozen_digest, "settings": self.settings}
        return digest_of({"adapter": f"{self.name} {self.version}", **parts})

    @cached_property
    def _frozen_digest(self) -> dict[str, str]:
        return {name: weights_digest(part) for name, part in self.frozen.items()}

    @cached_property
    def corpus(self) -> Corpus:
        """The items with their holders and the digests of their files; reads all files once."""
        return corpus_of(tuple(self._entries.values()), self.name)

    def module(self) -> nn.Module:
        """The network, without its frozen encoders."""
        return self.net

    def params(self) -> dict[str, Tensor]:
        return {name: value for name, value in self.net.named_parameters() if value.requires_grad}

    def groups(self) -> dict[str, tuple[str, ...]]:
        names = self.params()
        found = {group: tuple(n for n in names if any(m in n for m in marks)) for group, marks in self.marks.items()}
        return {group: members for group, members in found.items() if members}

    def item_ids(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def load(self, ids: Sequence[str]) -> PieceBatch:
        """Items of the corpus; InputError for an id it does not have."""
        pieces = [self._loaded(id) for id in ids]
        return stacked(ids, pieces, ragged=self.ragged, device=self.device)

    def read(self, sources: Mapping[str, Any]) -> PieceBatch:
        """Pieces by id: a path of sound or arrays (its prompt in NAME.txt beside it), an array, or arrays by name."""
        pieces = [self._piece(source_entry(id, source, self.main)) for id, source in sources.items()]
        return stacked(tuple(sources), pieces, ragged=self.ragged, device=self.device)

    def edited(self, item: str, share: float, seed: int) -> Entry:
        """An item with that share of its frames replaced by frames of other items: a source for ``read``."""
        others = [id for id in self._entries if id != item]
        numbers = np.random.default_rng([seed, *item.encode()])
        pieces = [self._loaded(others[int(at)]) for at in numbers.integers(len(others), size=8)]
        return self._made(f"{item} edited", edited(self._loaded(item), pieces, share, numbers))

    def mash_up(self, first: str, second: str) -> Entry:
        """Eighths of two items in turn, under the conditions of the first: a source for ``read``."""
        return self._made(f"{first} + {second}", mashed(self._loaded(first), self._loaded(second)))

    def _made(self, id: str, piece: Piece) -> Entry:
        return Entry(id, arrays={self.main: piece.main, "length": torch.tensor(piece.length), **piece.inputs})

    def _loaded(self, id: str) -> Piece:
        if id not in self._entries:
            raise InputError(f"the corpus of {self.name} has no item {id!r}; it has {len(self._entries)} others")
        return self._kept.get(id, lambda: self._key(id), lambda: self._piece(self._entries[id]))

    def _key(self, id: str) -> dict[str, object]:
        if id not in self._contents:
            self._contents[id] = self._entries[id].content
        about = {"adapter": f"{self.name} {self.version}", "frozen": self._frozen_digest, "settings": self.settings}
        return {**about, "content": self._contents[id]}

    @torch.no_grad()
    def _piece(self, entry: Entry) -> Piece:
        arrays = dict(entry.arrays)
        if self.main not in arrays and entry.path is not None:
            arrays = {**(read_arrays(entry.path) if is_arrays(entry.path) else self._heard(entry)), **arrays}
        if self.main not in arrays:
            raise InputError(
                f"item {entry.id!r} has no array {self.main!r}; it has: {', '.join(sorted(arrays)) or 'none'}"
            )
        main = self._checked(entry.id, arrays[self.main])
        length = int(arrays.get("length", torch.tensor(main.shape[1])))
        if not 1 <= length <= main.shape[1]:
            raise InputError(
                f"item {entry.id!r}: length is 1 to {main.shape[1]} frames, as many as it has; got {length}"
            )
        return Piece(main, length, {name: v.cpu() for name, v in self._inputs(entry, arrays, length).items()})

    def _heard(self, entry: Entry) -> dict[str, Tensor]:
        """The arrays of an item that is sound, by the model's own codec; InputError where it has none."""
        raise InputError(
            f"item {entry.id!r} is sound, and {self.name} was given no codec; write its {self.main} to a "
            f".safetensors file"
        )

    def _checked(self, id: str, main: Tensor) -> Tensor:
        """What is predicted, in the network's own shape; InputError where it does not fit."""
        raise InputError(f"{self.name} cannot read {id!r}: its adapter does not say how")

    def _inputs(self, entry: Entry, arrays: Mapping[str, Tensor], length: int) -> dict[str, Tensor]:
        """What else the network is given of an item, as the frozen encoders make it."""
        return {}


def opened_entries(corpus: str, codes: str) -> tuple[Entry, ...]:
    """The corpus as the command line names it: a manifest or folder, or the folder of codes alone."""
    if not corpus and not codes:
        raise ParamsError("give corpus=, a manifest or a folder of the items; or codes=, a folder of their arrays")
    return read_entries(corpus or codes, codes if corpus else "")
