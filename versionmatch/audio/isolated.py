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
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import IO, Any, Protocol, TypeVar

import numpy as np

from ..errors import AudioDecodeError
from ..types import FLAGS, Audio, Recording
from .decode import SampleStore
from .limits import Limits

MAGIC = b"VMD1"
HEADER_BYTES = 1 << 16
T = TypeVar("T")
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


class IsolatedReader:
    """Asks one file after the other of a process that is replaced when it fails."""

    def __init__(self, isolation: Isolation, *, start: Callable[[Isolation], Child] | None = None) -> None:
        self._isolation, self._start = isolation, start or _start
        self._child: Child | None = None

    def asked(self, path: str, request: Mapping[str, Any], answer: Callable[[IO[bytes] | None], T]) -> T:
        """What ``answer`` makes of the process's answer to a request about a file; it raises Nonsense where it cannot.

        Raises AudioDecodeError, whose ``code`` says what is wrong.
        """
        child = self._child = self._child or self._start(self._isolation)
        late = threading.Event()
        watch = threading.Timer(self._isolation.deadline_s, _give_up, (child, late))
        watch.daemon = True
        watch.start()
        try:
            self._ask(child, path, request)
            return answer(child.stdout)
        except Nonsense as error:
            raise self._failed(path, str(error), late=late.is_set()) from None
        except AudioDecodeError as error:
            if error.code == "memory_cap":
                self.close()
            raise
        finally:
            watch.cancel()

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

    def _ask(self, child: Child, path: str, request: Mapping[str, Any]) -> None:
        own = {"path": path, "limits": asdict(self._isolation.limits), "cpu_s": self._isolation.deadline_s}
        try:
            if child.stdin is not None:
                child.stdin.write(json.dumps({**request, **own}).encode() + b"\n")
                child.stdin.flush()
        except (OSError, ValueError):
            raise Nonsense("the decoder ended before it was asked") from None


class IsolatedDecoder(IsolatedReader):
    """Decodes one file after the other, apart."""

    def load(self, path: str, *, sr: int = 16000, span: tuple[float, float] | None = None) -> tuple[Recording, Audio]:
        """The recording and its sound, as ``decode.load`` gives them, checked to be whole.

        Raises AudioDecodeError, whose ``code`` says what is wrong.
        """
        request = {"sr": sr, "span": list(span) if span else None, "partial": self._isolation.partial}
        return self.asked(path, request, lambda pipe: self._answer(pipe, path, sr))

    def _answer(self, pipe: IO[bytes] | None, path: str, sr: int) -> tuple[Recording, Audio]:
        header = answered(pipe, path, magic=MAGIC, most=HEADER_BYTES)
        recording, n_samples = _recording(header, path, sr)
        if n_samples > self._isolation.limits.max_duration_s * sr + 1:
            raise Nonsense("the decoder gave more sound than is allowed")
        return recording, _samples(pipe, n_samples, sr, self._isolation.limits)


class Nonsense(Exception):
    """The process ended, or its answer is none."""


def answered(pipe: IO[bytes] | None, path: str, *, magic: bytes, most: int) -> dict[str, Any]:
    """The JSON object that an answer begins with: ``magic``, its length (at most ``most``), itself.

    Raises AudioDecodeError where it is the answer's reason for having none, Nonsense where it is no answer.
    """
    head = _exactly(pipe, 8)
    length = struct.unpack("<I", head[4:])[0]
    if head[:4] != magic or length > most:
        raise Nonsense("the decoder answered nonsense")
    header = _header(_exactly(pipe, length))
    if "code" in header:
        detail = str(header.get("detail", ""))[:1000]
        cause, _, remedy = detail.rpartition("; ")
        raise AudioDecodeError(path, cause or detail, remedy or "check it", code=str(header["code"]))
    return header


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


def _exactly(pipe: IO[bytes] | None, n: int) -> bytes:
    found = pipe.read(n) if pipe is not None else b""
    if len(found) != n:
        raise Nonsense("the decoder crashed, or ended in the middle of its answer")
    return found


def _header(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Nonsense("the decoder answered nonsense") from None
    if not isinstance(found, dict):
        raise Nonsense("the decoder answered nonsense")
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
        raise Nonsense("the decoder's answer does not hold together")
    return recording, n_samples


def _samples(pipe: IO[bytes] | None, n_samples: int, sr: int, limits: Limits) -> Audio:
    with SampleStore(memory_samples=int(limits.memory_s * sr)) as store:
        left = n_samples
        while left:
            part = np.frombuffer(_exactly(pipe, 4 * min(left, 1 << 18)), dtype="<f4")
            if not np.isfinite(part).all():
                raise Nonsense("the decoder gave numbers that are not finite")
            store.append(part)
            left -= part.size
        return Audio(store.finish(), sr)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        pass
