"""Decoding in a process of its own: what crashes, hangs or answers nonsense there is an error here, and no more."""

from __future__ import annotations

import json
import math
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import IO, Any, Protocol

import numpy as np

from ..errors import AudioDecodeError
from ..types import FLAGS, Audio, Recording
from .decode import SampleStore
from .limits import Limits

MAGIC = b"VMD1"
HEADER_BYTES = 1 << 16
CHILD = (sys.executable, "-m", "versionmatch.audio.decoder_child")


class Child(Protocol):
    """What the decoder needs of a process; ``subprocess.Popen`` has it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def kill(self) -> None: ...

    def wait(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Isolation:
    """How decoders are kept apart.

    Attributes
    ----------
    max_memory : int
        Bytes of address space that the decoder's process may take.
    deadline_s : float
        A file whose decoding takes longer is given up.
    limits : Limits
        How large an input may be.
    partial : bool
        Whether a file whose end is missing is taken as far as it goes, flagged ``truncated``.
    command : tuple of str
        What is run; ``max_memory`` is appended.
    """

    max_memory: int = 3 << 30
    deadline_s: float = 120.0
    limits: Limits = field(default_factory=Limits)
    partial: bool = False
    command: tuple[str, ...] = CHILD


class IsolatedDecoder:
    """Decodes one file after the other in a process that is replaced when it fails."""

    def __init__(self, isolation: Isolation, *, start: Callable[[Isolation], Child] | None = None) -> None:
        self._isolation, self._start = isolation, start or _start
        self._child: Child | None = None

    def load(self, path: str, *, sr: int = 16000, span: tuple[float, float] | None = None) -> tuple[Recording, Audio]:
        """The recording and its sound, as ``decode.load`` gives them, checked to be whole.

        Raises AudioDecodeError, whose ``code`` says what is wrong.
        """
        child = self._child = self._child or self._start(self._isolation)
        late = threading.Event()
        watch = threading.Timer(self._isolation.deadline_s, _give_up, (child, late))
        watch.daemon = True
        watch.start()
        try:
            _ask(child, path, sr, span, self._isolation)
            found = self._answer(child, path, sr)
        except _Nonsense as error:
            raise self._failed(path, str(error), late=late.is_set()) from None
        finally:
            watch.cancel()
        if isinstance(found, AudioDecodeError):
            if found.code == "memory_cap":
                self.close()
            raise found
        return found

    def close(self) -> None:
        """End the process; the next file starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                _close(pipe)

    def _failed(self, path: str, what: str, *, late: bool) -> AudioDecodeError:
        child = self._child
        self.close()
        status = child.wait() if child is not None else 0
        if late or status == -24:  # SIGXCPU
            most = f"{self._isolation.deadline_s:g} s"
            return AudioDecodeError(path, f"decoding it took longer than {most}", "raise the deadline", code="timeout")
        return AudioDecodeError(path, what, "export it again, or report it", code="decoder_error")

    def _answer(self, child: Child, path: str, sr: int) -> tuple[Recording, Audio] | AudioDecodeError:
        pipe = child.stdout
        head = _exactly(pipe, 8)
        length = struct.unpack("<I", head[4:])[0]
        if head[:4] != MAGIC or length > HEADER_BYTES:
            raise _Nonsense("the decoder answered nonsense")
        header = _header(_exactly(pipe, length))
        if "code" in header:
            detail = str(header.get("detail", ""))[:1000]
            cause, _, remedy = detail.rpartition("; ")
            return AudioDecodeError(path, cause or detail, remedy or "check it", code=str(header["code"]))
        recording, n_samples = _recording(header, path, sr)
        if n_samples > self._isolation.limits.max_duration_s * sr + 1:
            raise _Nonsense("the decoder gave more sound than is allowed")
        return recording, _samples(pipe, n_samples, sr, self._isolation.limits)


class _Nonsense(Exception):
    """The process ended, or its answer is none."""


def _give_up(child: Child, late: threading.Event) -> None:
    late.set()
    child.kill()


def _start(isolation: Isolation) -> Child:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # threads' stacks count as memory
    return subprocess.Popen(
        [*isolation.command, str(isolation.max_memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **dict.fromkeys(names, "1")},
    )


def _ask(child: Child, path: str, sr: int, span: tuple[float, float] | None, isolation: Isolation) -> None:
    request = {
        "path": path,
        "sr": sr,
        "span": list(span) if span else None,
        "limits": asdict(isolation.limits),
        "partial": isolation.partial,
        "cpu_s": isolation.deadline_s,
    }
    try:
        if child.stdin is not None:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
    except (OSError, ValueError):
        raise _Nonsense("the decoder ended before it was asked") from None


def _exactly(pipe: IO[bytes] | None, n: int) -> bytes:
    found = pipe.read(n) if pipe is not None else b""
    if len(found) != n:
        raise _Nonsense("the decoder crashed, or ended in the middle of its answer")
    return found


def _header(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _Nonsense("the decoder answered nonsense") from None
    if not isinstance(found, dict):
        raise _Nonsense("the decoder answered nonsense")
    return found


def _recording(header: dict[str, Any], path: str, sr: int) -> tuple[Recording, int]:
    """The header's recording, every field of the kind and size that it must be."""
    try:
        values = {f.name: header["recording"][f.name] for f in fields(Recording)}
        recording = Recording(**{**values, "source": path, "flags": tuple(values["flags"])})
        n_samples = int(header["n_samples"])
        numbers = recording.duration_s > 0 and math.isfinite(recording.duration_s) and n_samples > 0
        expected = recording.duration_s * sr
        fits = numbers and abs(n_samples - expected) <= 2 + 0.001 * expected
        texts = (recording.title, recording.artist, recording.isrc, recording.codec)
        sound = bool(
            fits
            and re.fullmatch("[0-9a-f]{64}", recording.id)
            and set(recording.flags) <= set(FLAGS)
            and all(text is None or (isinstance(text, str) and len(text) <= 500) for text in texts)
            and isinstance(recording.sr, int)
            and isinstance(recording.channels, int)
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        sound = False
    if not sound:
        raise _Nonsense("the decoder's answer does not hold together")
    return recording, n_samples


def _samples(pipe: IO[bytes] | None, n_samples: int, sr: int, limits: Limits) -> Audio:
    with SampleStore(memory_samples=int(limits.memory_s * sr)) as store:
        left = n_samples
        while left:
            part = np.frombuffer(_exactly(pipe, 4 * min(left, 1 << 18)), dtype="<f4")
            if not np.isfinite(part).all():
                raise _Nonsense("the decoder gave numbers that are not finite")
            store.append(part)
            left -= part.size
        return Audio(store.finish(), sr)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        pass
