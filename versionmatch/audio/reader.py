"""Any source as blocks of sound at its own rate: libsndfile first, PyAV for what it does not know."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Protocol

import numpy as np
import soundfile

from ..errors import AudioDecodeError, MissingExtra
from ..types import FloatArray
from .container import ContainerReader, demuxers_of
from .headers import cut_off
from .limits import Limits
from .source import OpenFile, Source, as_frames, opened
from .tags import Tags, read_tags

BLOCK = 1 << 14  # what is lost where a file breaks off
FAMILIAR = ("wav", "flac", "ogg", "aiff", "mp3", "caf", "au")  # usually read without PyAV
KNOWN = "wav, flac, ogg, opus, mp3, aiff, m4a/aac and video containers"


class Reader(Protocol):
    """Sound in blocks at its native rate."""

    sr: int
    channels: int
    codec: str

    def blocks(self) -> Iterator[FloatArray]:
        """Consecutive ``(n, channels) float32``; valid until the next is asked for."""

    def truncated(self, n_frames: int) -> bool:
        """Whether the decoder broke off, or over 5 % of the claimed length is missing after ``n_frames``."""


class ArrayReader:
    """Samples that are in memory already."""

    codec = "array"

    def __init__(self, frames: FloatArray, sr: int) -> None:
        self._frames, self.sr, self.channels = frames, sr, frames.shape[1]

    def blocks(self) -> Iterator[FloatArray]:
        """Consecutive copies of the array's parts."""
        for start in range(0, self._frames.shape[0], BLOCK):
            yield self._frames[start : start + BLOCK].copy()

    def truncated(self, n_frames: int) -> bool:
        """Never: an array is as long as it is."""
        return n_frames < len(self._frames)


class _Patient:
    """A file whose decoder may ask for any position: libsndfile seeks before the beginning of broken files."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.read, self.tell = file.read, file.tell

    def readinto(self, buffer: bytearray) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except (ValueError, OSError):
            return self._file.tell()


class SoundfileReader:
    """What libsndfile reads: wav, flac, ogg, opus, mp3, aiff and more."""

    def __init__(self, file: OpenFile) -> None:
        self._file = file
        self._sound = soundfile.SoundFile(_Patient(file.file))
        self.sr, self.channels = int(self._sound.samplerate), int(self._sound.channels)
        self.codec = f"{self._sound.format}/{self._sound.subtype}"
        self._broken = False

    def blocks(self) -> Iterator[FloatArray]:
        """The sound until its claimed length, its end, or the place where it breaks."""
        buffer = np.empty((BLOCK, self.channels), dtype=np.float32)
        left = int(self._sound.frames) if self._sound.frames > 0 else 1 << 62
        while left > 0:
            try:
                block = self._sound.read(out=buffer[: min(BLOCK, left)])
            except soundfile.LibsndfileError:
                self._broken = True
                return
            if not len(block):
                return
            left -= len(block)
            yield block

    def truncated(self, n_frames: int) -> bool:
        """Whether it broke off, or the header claims over 5 % more."""
        claims_more = bool(self._sound.frames > 1.05 * n_frames)
        return self._broken or claims_more or cut_off(self._file, decoded_frames=n_frames)

    def close(self) -> None:
        """Let go of the decoder; the file itself stays open."""
        self._sound.close()


class AvReader:
    """What PyAV reads."""

    def __init__(self, reader: ContainerReader) -> None:
        self._reader = reader
        self.sr, self.channels, self.codec = reader.sr, reader.channels, reader.codec

    def blocks(self) -> Iterator[FloatArray]:
        """The sound until its end or the place where it breaks."""
        return self._reader.blocks()

    def truncated(self, n_frames: int) -> bool:
        """Whether it broke off, or the container claims over 5 % more."""
        return self._reader.broken or self._reader.claimed_frames > 1.05 * n_frames


@contextmanager
def reading(source: Source, limits: Limits) -> Iterator[tuple[Reader, Tags]]:
    """A reader of the source, and its tags.

    Raises AudioDecodeError, LimitError, MissingExtra.
    """
    if isinstance(source, tuple):
        frames, sr = as_frames(*source)
        limits.check_format("array", sr=sr, channels=frames.shape[1])
        yield ArrayReader(frames, sr), Tags()
        return
    with opened(source, limits) as file:
        tags = read_tags(file)  # before the decoder, which relies on the file's position
        with _reader_of(file) as reader:
            limits.check_format(file.label, sr=reader.sr, channels=reader.channels)
            yield reader, tags


@contextmanager
def _reader_of(file: OpenFile) -> Iterator[Reader]:
    try:
        reader = SoundfileReader(file)
    except soundfile.LibsndfileError as error:
        file.file.seek(0)
        with _container_of(file, error) as other:
            yield other
        return
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def _container_of(file: OpenFile, first: soundfile.LibsndfileError) -> Iterator[Reader]:
    demuxers = demuxers_of(file.peek(1024))
    if not demuxers:
        raise AudioDecodeError(
            file.label, "it is not sound in any known format", f"give a file of these kinds: {KNOWN}", code="not_audio"
        ) from first
    for i, demuxer in enumerate(demuxers):
        try:
            container = ContainerReader(file.file, file.label, demuxer)
        except MissingExtra as error:
            if demuxer not in FAMILIAR:
                raise
            raise AudioDecodeError(
                file.label,
                f"this {demuxer} file is cut off, broken or of a rare kind ({first.error_string})",
                "export or download it again, or install versionmatch[av], which reads more kinds",
            ) from error
        except AudioDecodeError:
            if i + 1 == len(demuxers):
                raise
            file.file.seek(0)
            continue
        try:
            yield AvReader(container)
        finally:
            container.close()
        return
