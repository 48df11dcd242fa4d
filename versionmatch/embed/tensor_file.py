"""Checkpoints as safetensors files: tensors by name and nothing else, read without torch.

Whether a file is whole is for the safetensors library to say: it checks on opening that the header is JSON, that each
tensor has just the bytes its shape and type need, and that they fill the file without gap or overlap. Here only the
places of the tensors are read off that header, so that numbers that numpy does not know (bfloat16) are read too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError, LimitError
from .unpickle import Checkpoint, Storage, StoredTensor, read_checkpoint

SUFFIX = ".safetensors"
MAX_HEADER_BYTES = 64 * 2**20
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "bfloat16",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}


def read_weights(path: str | os.PathLike[str]) -> Checkpoint:
    """The structure of a checkpoint of either kind, told by its content and its name; its tensors stay on disk.

    Parameters
    ----------
    path
        A ``.safetensors`` file, or what ``torch.save`` wrote.

    Raises
    ------
    InputError
        Where the file is neither, is damaged, holds numbers of an unknown kind, or names something that runs code.
    LimitError
        Where the header of a safetensors file is longer than ``MAX_HEADER_BYTES``.
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(9)
    if path.suffix.lower() == SUFFIX or head[8:] == b"{":
        return _read_safetensors(path, head)
    return read_checkpoint(path)


def _read_safetensors(path: Path, head: bytes) -> Checkpoint:
    from safetensors import SafetensorError, safe_open

    source, size = path.name, path.stat().st_size
    length = int.from_bytes(head[:8], "little")
    if head[8:] != b"{" or length > size - 8:
        found = f"a header of {length:,} bytes in a file of {size:,}" if head[8:] == b"{" else f"{head!r}"
        raise InputError(f"{source} does not begin as a safetensors file does: found {found}; get the file again")
    if length > MAX_HEADER_BYTES:
        raise LimitError(source, limit="MAX_HEADER_BYTES", found=length, allowed=MAX_HEADER_BYTES, unit="B")
    try:
        with safe_open(path, framework="np"):
            pass
    except (SafetensorError, OSError) as error:
        raise InputError(f"{source} is no whole safetensors file ({error}); get the file again") from error
    with path.open("rb") as file:
        header = json.loads(file.read(8 + length)[8:], object_pairs_hook=lambda pairs: _unique(pairs, source))
    tensors = dict(_tensors(header, source))
    places: dict[str, str | int] = {name: 8 + length + start for name, (_, start) in tensors.items()}
    return Checkpoint(source, path, {name: tensor for name, (tensor, _) in tensors.items()}, size, places)


def _tensors(header: dict[str, object], source: str) -> Iterator[tuple[str, tuple[StoredTensor, int]]]:
    """Each tensor, and where in the file's data its first byte lies."""
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if not isinstance(entry, dict):  # the library has refused it
            raise InputError(f"{source}: {name} is described by {entry!r}; get the file again")
        dtype = DTYPES.get(entry["dtype"])
        if dtype is None:
            raise InputError(
                f"{source}: {name} holds numbers of the kind {entry['dtype']!r}, which is not read here; save it as "
                f"one of {', '.join(DTYPES)}"
            )
        shape = tuple(entry["shape"])
        strides, n_items = [0] * len(shape), 1
        for axis in reversed(range(len(shape))):
            strides[axis] = n_items
            n_items *= shape[axis]
        yield name, (StoredTensor(Storage(name, dtype, n_items), 0, shape, tuple(strides)), entry["data_offsets"][0])


def _unique(pairs: list[tuple[str, object]], source: str) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{source} holds {doubled!r} more than once; get the file again")
    return found
