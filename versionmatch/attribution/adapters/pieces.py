"""Items as a network reads them, and batches of them: rows of one shape are computed together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..cache import Cache

MEMORY = 2**31
"""Bytes of pieces that are held in memory where they are kept nowhere else."""


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """One item: what is predicted, how much of it is music, and what else the network is given.

    ``main`` is codes ``(codebook, frame)`` int64 or latents ``(channel, frame[, band])`` float32; frames from
    ``length`` on are padding. ``inputs`` have no axis for the item.
    """

    main: Tensor
    length: int
    inputs: Mapping[str, Tensor]

    def arrays(self) -> dict[str, Tensor]:
        """All of it, to be stored."""
        return {"main": self.main, "length": torch.tensor(self.length), **{f"@{k}": v for k, v in self.inputs.items()}}

    @classmethod
    def of(cls, arrays: Mapping[str, Tensor]) -> Piece:
        """What ``arrays`` gave."""
        inputs = {name[1:]: value for name, value in arrays.items() if name.startswith("@")}
        return cls(arrays["main"], int(arrays["length"]), inputs)


@dataclass(frozen=True, eq=False, slots=True)
class Stack:
    """The items of a batch that have one shape; ``at`` are their places in the batch.

    ``valid`` ``(n, frame)`` is True where there is music. An input whose length may differ is padded with zeros, and
    ``NAME_mask`` ``(n, length)`` is 1 where it is not.
    """

    at: tuple[int, ...]
    ids: tuple[str, ...]
    main: Tensor  # (n, …)
    valid: Tensor  # (n, frame)
    inputs: Mapping[str, Tensor]


@dataclass(frozen=True, eq=False, slots=True)
class PieceBatch:
    """Items by id, in stacks."""

    ids: tuple[str, ...]
    stacks: tuple[Stack, ...]

    def in_order(self, parts: Sequence[Tensor]) -> Tensor:
        """What was computed of each stack, ``(n_stack, …)``, as rows of the batch."""
        places = torch.tensor([at for stack in self.stacks for at in stack.at])
        return torch.cat(list(parts))[places.argsort().to(parts[0].device)]


def stacked(ids: Sequence[str], pieces: Sequence[Piece], *, ragged: frozenset[str], device: str) -> PieceBatch:
    """A batch; inputs named in ``ragged`` may differ in length and are padded."""
    groups: dict[object, list[int]] = {}
    for at, piece in enumerate(pieces):
        shapes = [(k, v.shape[1:] if k in ragged else v.shape) for k, v in sorted(piece.inputs.items())]
        groups.setdefault((piece.main.shape, tuple(shapes)), []).append(at)
    stacks = [_stack(places, ids, [pieces[at] for at in places], ragged, device) for places in groups.values()]
    return PieceBatch(tuple(ids), tuple(stacks))


def _stack(
    places: Sequence[int], ids: Sequence[str], pieces: Sequence[Piece], ragged: frozenset[str], device: str
) -> Stack:
    main = torch.stack([p.main for p in pieces]).to(device)
    lengths = torch.tensor([p.length for p in pieces])
    valid = (torch.arange(main.shape[2])[None] < lengths[:, None]).to(device)
    inputs: dict[str, Tensor] = {}
    for name in pieces[0].inputs:
        rows = [p.inputs[name] for p in pieces]
        if name in ragged:
            inputs[f"{name}_mask"] = torch.nn.utils.rnn.pad_sequence(
                [torch.ones(len(row), dtype=torch.int64) for row in rows], batch_first=True
            ).to(device)
            rows = list(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True))
        inputs[name] = torch.stack(rows).to(device)
    return Stack(tuple(places), tuple(ids[at] for at in places), main, valid, inputs)


def edited(piece: Piece, others: Sequence[Piece], share: float, numbers: np.random.Generator) -> Piece:
    """A piece with that share of its music's frames replaced by frames of others, at random."""
    main = piece.main.clone()
    for at in numbers.choice(piece.length, size=round(share * piece.length), replace=False):
        donor = others[int(numbers.integers(len(others)))]
        main[:, int(at)] = donor.main[:, int(numbers.integers(donor.length))]
    return replace(piece, main=main)


def mashed(first: Piece, second: Piece) -> Piece:
    """Eighths of two pieces in turn, as long as the shorter one's music."""
    length = min(first.length, second.length)
    second_turn = (torch.arange(length) * 8 // length) % 2 == 1
    main = first.main[:, :length].clone()
    main[:, second_turn] = second.main[:, :length][:, second_turn]
    return Piece(main, length, first.inputs)


class Kept:
    """Pieces by key: in a folder, or the latest ``MEMORY`` bytes of them in memory."""

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self._memory: OrderedDict[str, Piece] = OrderedDict()
        self._bytes = 0

    def get(self, id: str, key: Callable[[], Mapping[str, object]], make: Callable[[], Piece]) -> Piece:
        """The piece of that id; made now where it is not there. ``key`` says on what it depends."""
        if self._cache is not None:
            made = self._cache.get("pieces", key(), lambda: {k: v.cpu().numpy() for k, v in make().arrays().items()})
            return Piece.of({k: torch.from_numpy(v.copy()) for k, v in made.items()})
        if id in self._memory:
            self._memory.move_to_end(id)
            return self._memory[id]
        piece = self._memory[id] = make()
        self._bytes += _size(piece)
        while self._bytes > MEMORY and len(self._memory) > 1:
            self._bytes -= _size(self._memory.popitem(last=False)[1])
        return piece


def _size(piece: Piece) -> int:
    return sum(value.numel() * value.element_size() for value in piece.arrays().values())
