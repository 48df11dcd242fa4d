"""What a caller may hand over as sound, opened: a path, bytes, an open file, or samples."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias

import numpy as np

from ..errors import AudioDecodeError, InputError, LimitError
from ..types import FloatArray
from .limits import Limits

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | tuple[np.ndarray[Any, Any], int]"
)

PEEK = 1 << 16


@dataclass(frozen=True, eq=False, slots=True)
class OpenFile:
    """A seekable binary file at its beginning, and what to call it."""

    file: IO[bytes]
    label: str
    size: int

    def peek(self, n_bytes: int = PEEK, *, offset: int = 0) -> bytes:
        """Bytes from ``offset`` on; the position is back at 0 afterwards."""
        self.file.seek(max(0, offset))
        head = self.file.read(n_bytes)
        self.file.seek(0)
        return head


@contextmanager
def opened(source: Source, limits: Limits) -> Iterator[OpenFile]:
    """The source as a seekable file; closed at the end if it was opened here.

    Raises AudioDecodeError where there is nothing that could be read, LimitError where it is too large.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        limits.check_size("the bytes", len(source))
        with io.BytesIO(bytes(source)) as file:
            yield _sized(file, "bytes", limits)
    elif isinstance(source, (str, os.PathLike)):
        with _open_path(Path(source)) as file:
            yield _sized(file, str(source), limits)
    elif not isinstance(source, tuple) and hasattr(source, "read"):
        with _seekable(source, limits) as file:
            yield _sized(file, label_of(source), limits)
    else:
        raise InputError(
            f"sound comes from a path, bytes, an open binary file or (samples, sr); got {type(source).__name__}"
        )


def label_of(source: Source) -> str:
    """What to call a source: its path, the open file's name, or what kind of thing it is."""
    if isinstance(source, tuple):
        return "array"
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "bytes"
    if isinstance(source, (str, os.PathLike)):
        return str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "stream"


def _open_path(path: Path) -> BinaryIO:
    label = str(path)
    try:
        mode = path.stat().st_mode
        regular = path.open("rb") if stat.S_ISREG(mode) else None
    except FileNotFoundError as error:
        raise AudioDecodeError(label, "there is no such file", "check the path", code="unreadable_io") from error
    except PermissionError as error:
        raise AudioDecodeError(
            label, "no permission to read it", "change its permissions or ask its owner", code="unreadable_io"
        ) from error
    except (OSError, ValueError) as error:
        raise AudioDecodeError(
            label, f"it cannot be opened ({error})", "check the path", code="unreadable_io"
        ) from error
    if regular is not None:
        return regular
    if stat.S_ISDIR(mode):
        raise AudioDecodeError(label, "it is a directory", "name a file in it", code="special_file")
    raise AudioDecodeError(
        label, "it is not a regular file", "open it yourself and pass the open file", code="special_file"
    )


def _sized(file: IO[bytes], label: str, limits: Limits) -> OpenFile:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size == 0:
        raise AudioDecodeError(label, "the file is empty (0 bytes)", "export or download it again", code="empty_file")
    limits.check_size(label, size)
    return OpenFile(file, label, size)


@contextmanager
def _seekable(file: BinaryIO, limits: Limits) -> Iterator[IO[bytes]]:
    """The caller's file from where it stands; a pipe is first written to a temporary file."""
    if isinstance(file, io.TextIOBase):
        raise InputError(f"{label_of(file)} is open as text; open it in binary mode ('rb')")
    if file.seekable() and file.tell() == 0 and file.seek(0, os.SEEK_END) > 0:  # a device may claim to be seekable
        yield file
        return
    with tempfile.TemporaryFile(prefix="versionmatch-") as copy:
        _copy_bounded(file, copy, limits)
        yield copy


def _copy_bounded(file: BinaryIO, copy: IO[bytes], limits: Limits) -> None:
    total = 0
    while block := file.read(1 << 20):
        total += len(block)
        if total > limits.max_bytes:
            raise LimitError(label_of(file), limit="max_bytes", found=total, allowed=limits.max_bytes, unit="bytes")
        copy.write(block)


def as_frames(samples: object, sr: object) -> tuple[FloatArray, int]:
    """Samples of a caller as ``(n, channels) float32`` and a checked rate.

    One dimension is mono; of two, the shorter one is the channels (a square array is refused).
    Integers are scaled to [-1, 1) by their type's range, unsigned 8 bit around 128; floats are taken as they are.
    """
    array = np.asarray(samples)
    rate = np.asarray(sr)
    if rate.ndim or rate.dtype.kind not in "iuf" or not np.isfinite(rate) or rate <= 0 or rate != np.floor(rate):
        raise InputError(f"the sample rate must be a whole number of Hz above 0; got {sr!r}")
    if array.ndim not in {1, 2} or (array.ndim == 2 and array.shape[0] == array.shape[1] > 1):
        raise InputError(
            f"samples must have shape (n,), (n, channels) or (channels, n) with n above channels; got {array.shape}"
        )
    if array.size == 0:
        raise InputError(f"the array holds no samples at all; its shape is {array.shape}")
    if array.ndim == 1:
        array = array[:, None]
    elif array.shape[0] < array.shape[1]:
        array = array.T
    return _scaled(array), int(rate)


def _scaled(array: np.ndarray[Any, Any]) -> FloatArray:
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "f":
        with np.errstate(over="ignore"):  # what is too large becomes inf and is reported as such
            return np.ascontiguousarray(array, dtype=np.float32)
    if kind == "i" and size <= 4:
        return np.ascontiguousarray(array * (1.0 / 2 ** (8 * size - 1)), dtype=np.float32)
    if kind == "u" and size == 1:
        return np.ascontiguousarray((array.astype(np.float32) - 128.0) / 128.0, dtype=np.float32)
    raise InputError(f"samples must be float, int8, int16, int32 or uint8; got {array.dtype}; convert them first")
