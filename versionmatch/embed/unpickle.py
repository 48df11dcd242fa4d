"""Checkpoints of torch (``.pt .pth .ckpt .tar``) read without running anything in them, and without torch.

Both formats are read: the zip archive (torch 1.6 and later) and the earlier sequence of pickles. The structure is
read by ``pickle_data``, which calls nothing; tensors stay on disk until ``Checkpoint.arrays`` is asked for some of
them, so the state of an optimiser is never loaded. Every size is checked against the file's own before memory is
taken.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import InputError, LimitError
from .pickle_data import Inert, Malformed, read_pickle

MAX_PICKLE_BYTES = 64 * 2**20
MAX_ENTRIES = 100_000
LEGACY_MAGIC, LEGACY_VERSION = 0x1950A86A20F9469CFC6C, 1001

Array = np.ndarray[Any, np.dtype[Any]]
DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """A run of numbers somewhere in the file."""

    key: str
    dtype: str  # numpy's name, or "bfloat16"
    n_items: int

    @property
    def item_bytes(self) -> int:
        return 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize

    @property
    def n_bytes(self) -> int:
        return self.n_items * self.item_bytes


@dataclass(frozen=True, slots=True, eq=False)
class StoredTensor:
    """A tensor still on disk: a view of a storage; strides and the offset count items."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def n_items(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What a checkpoint holds: ``root`` is built of dictionaries, lists, plain values, StoredTensor and Inert."""

    source: str
    path: Path
    root: object
    n_bytes: int
    _places: Mapping[str, str | int]  # storage key → archive entry, or position of its first byte

    def arrays(self, wanted: Mapping[str, StoredTensor]) -> dict[str, Array]:
        """Those tensors, read now, each contiguous and of its own; bfloat16 becomes float32.

        Raises InputError where they would take much more memory than the file has bytes.
        """
        total = sum(t.n_items * t.storage.item_bytes for t in wanted.values())
        if total > 2 * self.n_bytes + 2**20:
            raise InputError(
                f"{self.source} has {self.n_bytes:,} bytes, but its tensors would take {total:,}; get the file again"
            )
        with self.path.open("rb") as file:
            read = self._reader(file)
            return {name: _view(tensor, read(tensor.storage)) for name, tensor in wanted.items()}

    def _reader(self, file: IO[bytes]) -> Callable[[Storage], bytes]:
        archive = zipfile.ZipFile(file) if any(isinstance(place, str) for place in self._places.values()) else None

        def read(storage: Storage) -> bytes:
            place = self._places.get(storage.key)
            if isinstance(place, str) and archive is not None:
                try:
                    content = archive.read(place)
                except zipfile.BadZipFile as error:
                    raise InputError(f"{self.source}: {place} is damaged ({error}); get the file again") from error
            elif isinstance(place, int):
                file.seek(place)
                content = file.read(storage.n_bytes)
            else:
                raise InputError(f"{self.source}: the storage {storage.key!r} is missing; get the file again")
            if len(content) != storage.n_bytes:
                raise InputError(
                    f"{self.source}: the storage {storage.key!r} has {len(content):,} bytes, not {storage.n_bytes:,}; "
                    "get the file again"
                )
            return content

        return read


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """The structure of a checkpoint; its tensors stay on disk.

    Raises
    ------
    InputError
        Where the file is no checkpoint, is damaged, or names something that runs code.

    Examples
    --------
    >>> read_checkpoint("README.md")
    Traceback (most recent call last):
        ...
    versionmatch.errors.InputError: README.md is no checkpoint of torch; ...
    """
    path = Path(path)
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(512)
        file.seek(0)
        if head[:2] == b"PK":
            return _read_archive(file, path, size)
        if head[:1] == b"\x80":
            return _read_legacy(file, path, size)
    if head[257:262] == b"ustar":
        raise InputError(
            f"{path.name} is a tar archive; where it is the format of torch before 0.1.10, load and save it with that "
            "torch, otherwise unpack it and name the checkpoint inside"
        )
    raise InputError(f"{path.name} is no checkpoint of torch; name the .pt, .pth, .ckpt or .tar that torch.save wrote")


def _read_archive(file: IO[bytes], path: Path, size: int) -> Checkpoint:
    source = path.name
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{source}: its archive is damaged ({error}); get the file again") from error
    entries = {entry.filename: entry for entry in archive.infolist()}
    _check_entries(archive.infolist(), source, size)
    pickles = [name for name in entries if name.endswith("/data.pkl")]
    if len(pickles) != 1 or any("/code/" in name for name in entries):
        raise InputError(
            f"{source} holds {len(pickles)} data.pkl"
            f"{' and program code (TorchScript)' if len(pickles) == 1 else ''}; name the file that torch.save wrote "
            "of a state dict, not an archive around it"
        )
    folder = pickles[0].removesuffix("data.pkl")
    order = f"{folder}byteorder"
    if order in entries and _small(archive, order, source) != b"little":
        raise InputError(f"{source} was written on a big-endian machine; load and save it on another")
    content = _small(archive, pickles[0], source)
    places: dict[str, str | int] = {
        name.removeprefix(f"{folder}data/"): name for name in entries if name.startswith(f"{folder}data/")
    }
    room = {key: entries[str(place)].file_size for key, place in places.items()}
    root = read_pickle(io.BytesIO(content), source=source, known=KNOWN, stored=_storages(room))
    return Checkpoint(source, path, root, size, places)


def _check_entries(entries: list[zipfile.ZipInfo], source: str, size: int) -> None:
    """Refuse archives that torch does not write: compressed, overlapping, doubled, or leading elsewhere."""
    if len(entries) > MAX_ENTRIES:
        raise LimitError(source, limit="MAX_ENTRIES", found=len(entries), allowed=MAX_ENTRIES, unit="entries")
    doubled = [name for name, n in Counter(e.filename for e in entries).items() if n > 1]
    if doubled:
        raise InputError(f"{source} holds {doubled[0]!r} more than once; get the file again")
    for entry in entries:
        name = entry.filename
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise InputError(f"{source} holds {name!r}, a name that leads out of the archive; get the file again")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size or entry.flag_bits & 1:
            raise InputError(
                f"{source}: {name!r} is compressed or encrypted, which torch.save never does; unpack it if the "
                "checkpoint lies inside, or get the file again"
            )
    claimed = sum(entry.file_size for entry in entries)
    if claimed > size:
        raise InputError(f"{source}: its entries claim {claimed:,} bytes of {size:,} in the file; get the file again")


def _small(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    found = archive.getinfo(name).file_size
    if found > MAX_PICKLE_BYTES:
        raise LimitError(f"{source}: {name}", limit="MAX_PICKLE_BYTES", found=found, allowed=MAX_PICKLE_BYTES, unit="B")
    try:
        return archive.read(name)
    except zipfile.BadZipFile as error:
        raise InputError(f"{source}: {name} is damaged ({error}); get the file again") from error


def _read_legacy(file: IO[bytes], path: Path, size: int) -> Checkpoint:
    """Three short pickles, the object, the storages' keys, then each storage's length and bytes."""
    source = path.name
    sizes: dict[str, Storage] = {}
    pickles = io.BytesIO(file.read(MAX_PICKLE_BYTES))

    def stored(reference: object) -> object:
        storage = _storages(None)(reference)
        return sizes.setdefault(storage.key, storage)

    def value() -> object:
        return read_pickle(pickles, source=source, known=KNOWN, stored=stored)

    if value() != LEGACY_MAGIC or value() != LEGACY_VERSION:
        raise InputError(f"{source} is a pickle, but none of torch; save the state dict with torch.save")
    system = value()
    if not (isinstance(system, dict) and system.get("little_endian") is True):
        raise InputError(f"{source} was written on a big-endian machine; load and save it on another")
    root, keys = value(), value()
    if not isinstance(keys, list):
        raise InputError(f"{source}: the list of its storages is missing; get the file again")
    places: dict[str, str | int] = {}
    file.seek(pickles.tell())
    for key in map(str, keys):
        n_items = int.from_bytes(file.read(8), "little")
        start = file.tell()
        if key not in sizes or n_items != sizes[key].n_items or start + sizes[key].n_bytes > size:
            raise InputError(f"{source}: the storage {key!r} is not as announced; get the file again")
        places[key] = start
        file.seek(start + sizes[key].n_bytes)
    return Checkpoint(source, path, root, size, places)


def _storages(room: Mapping[str, int] | None) -> Callable[[object], Storage]:
    """What a persistent id stands for; with ``room``, only where the archive has exactly the bytes for it."""

    def stored(reference: object) -> Storage:
        if not (isinstance(reference, tuple) and len(reference) >= 5 and reference[0] == "storage"):
            raise Malformed("a persistent id is no storage")
        _, kind, key, _, n_items = reference[:5]
        dtype = DTYPES.get(kind.name.rpartition(".")[2]) if isinstance(kind, Inert) else None
        if dtype is None or not isinstance(key, (str, int)) or not isinstance(n_items, int) or n_items < 0:
            raise Malformed(f"a storage is of a kind that is not known here; there are {', '.join(DTYPES)}")
        storage = Storage(str(key), dtype, n_items)
        if room is not None and room.get(storage.key) != storage.n_bytes:
            raise Malformed(f"the storage {key!r} has {room.get(storage.key)} bytes, not {storage.n_bytes:,}")
        if len(reference) > 5 and reference[5] is not None:
            raise Malformed(f"the storage {key!r} is a view of another")
        return storage

    return stored


def _rebuilt_tensor(arguments: tuple[object, ...]) -> StoredTensor:
    storage, offset, shape, strides = arguments[:4]
    if not (isinstance(storage, Storage) and isinstance(offset, int)):
        raise Malformed("a tensor has no storage")
    tensor = StoredTensor(storage, offset, _sizes(shape), _sizes(strides))
    if len(tensor.shape) != len(tensor.strides):
        raise Malformed("a tensor's shape and strides do not match")
    reach = offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True)) + 1
    if tensor.n_items and (offset < 0 or reach > storage.n_items or tensor.n_items > storage.n_items):
        raise Malformed(f"a tensor of shape {tensor.shape} reaches beyond its {storage.n_items:,} numbers")
    return tensor


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple) or len(value) > 16 or not all(isinstance(n, int) and n >= 0 for n in value):
        raise Malformed("a shape is no tuple of sizes")
    return value


def _ordered(arguments: tuple[object, ...]) -> object:
    found: dict[Any, Any] = {}
    for pair in arguments[0] if arguments and isinstance(arguments[0], list) else ():
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], (str, int))):
            raise Malformed("an ordered dictionary is not made of pairs")
        found[pair[0]] = pair[1]
    return found


def _first(arguments: tuple[object, ...]) -> object:
    return arguments[0] if arguments else Inert("nothing")


KNOWN: dict[str, Callable[[tuple[object, ...]], object]] = {
    "collections.OrderedDict": _ordered,
    "collections.defaultdict": lambda _: {},
    "torch._utils._rebuild_tensor": _rebuilt_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuilt_tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch.Size": _first,
}


def _view(tensor: StoredTensor, content: bytes) -> Array:
    brain = tensor.storage.dtype == "bfloat16"
    numbers: Array = np.frombuffer(content, dtype="<u2" if brain else tensor.storage.dtype)
    if not tensor.n_items:
        numbers = numbers[:0].reshape(tensor.shape)
    else:
        strides = tuple(s * numbers.itemsize for s in tensor.strides)
        numbers = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides, writeable=False)
    if brain:
        return np.asarray(numbers.astype("<u4") << 16).view("<f4")
    return np.array(numbers, order="C")
