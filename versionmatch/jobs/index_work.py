"""What a worker does with one input: read its bytes, decode it apart, make its features, keep them."""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import time
from dataclasses import dataclass, field
from functools import cache

from ..audio.isolated import IsolatedDecoder, Isolation
from ..errors import AudioDecodeError, MissingExtra, ParamsError, UnknownPlugin, VersionMatchError
from ..features.view import Track
from ..store.artefacts import ArtefactStore
from ..store.disk import Disk
from ..store.kept import ChosenFeatures
from ..store.quarantine import PASSING
from ..store.rows import ArtefactRow, FileRow, RecordingRow
from ..store.runs import Outcome
from ..types import Audio, Recording
from .workers import ended_after

RACY_NS = 2_000_000_000  # a file written so shortly before it was read may change without its time changing


@dataclass(frozen=True, slots=True)
class Plan:
    """What all tasks of a run share."""

    root: str
    kinds: tuple[str, ...]
    extractors: tuple[tuple[str, str], ...] = ()
    isolation: Isolation = field(default_factory=Isolation)
    disk: Disk = field(default_factory=Disk)
    analysis_s: float = 0.0
    """What analysing one recording may take; 0: any time."""


@dataclass(frozen=True, slots=True)
class Task:
    """One input that waits."""

    key: str
    path: str
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Bytes:
    """What a file's bytes are: their sha256 (with the range, where a part is meant), number, and time of change."""

    content: str
    size: int
    mtime_ns: int
    read_ns: int


@dataclass(frozen=True, slots=True)
class Made:
    """An outcome, how much sound it was, and the seconds that each stage took; no stage where nothing was decoded."""

    outcome: Outcome
    duration_s: float = 0.0
    stages: tuple[tuple[str, float], ...] = ()


def read_bytes(task: Task) -> Bytes | Outcome:
    """The sha256 of a file; or why it cannot be read."""
    try:
        with open(task.path, "rb") as file:
            before = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
            raise  # the machine's trouble, not the file's
        return Outcome(task.key, "quarantined", "unreadable_io", f"{error.strerror}; check it and add it again")
    if _state(before) != _state(after):
        return changed(task)
    content = digest if task.span is None else f"{digest}:{task.span[0]:.3f}-{task.span[1]:.3f}"
    return Bytes(content, after.st_size, after.st_mtime_ns, time.time_ns())


def changed(task: Task) -> Outcome:
    """The outcome for a file that did not hold still."""
    return Outcome(task.key, "quarantined", "changed_during_read", "it changed while it was read; add it again")


def take_in(plan: Plan, task: Task, found: Bytes) -> Made:
    """Decode a file and keep its features; a file that cannot be used gives its reason instead.

    Trouble of the machine (no space, no memory for processes) is raised: it says nothing of the file.
    """
    stages: list[tuple[str, float]] = []
    clock = time.perf_counter()
    try:
        return _taken_in(plan, task, found, stages)
    except AudioDecodeError as error:
        same = not _changed_since(task, found)
        refused = _refused(task, found, error.code, f"{error.cause}; {error.remedy}") if same else changed(task)
    except (MissingExtra, UnknownPlugin) as error:
        raise ParamsError(str(error)) from None  # of the settings, not of the file; and it can travel
    except OSError:
        raise
    except MemoryError:
        refused = _refused(task, found, "memory_cap", "analysing it takes more memory than there is")
    except (VersionMatchError, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
        refused = _refused(task, found, "internal_error", f"{type(error).__name__}: {error}")
    return Made(refused, stages=tuple(stages or [("decode", time.perf_counter() - clock)]))


def _taken_in(plan: Plan, task: Task, found: Bytes, stages: list[tuple[str, float]]) -> Made:
    clock = time.perf_counter()
    recording, audio = _decoder(plan).load(task.path, span=task.span)
    stages.append(("decode", time.perf_counter() - clock))
    if _changed_since(task, found):
        return Made(changed(task), stages=tuple(stages))
    with ended_after(plan.analysis_s):
        artefacts = _features(plan, recording, audio, stages)
    return Made(_outcome(task, found, recording, artefacts), recording.duration_s, tuple(stages))


def _features(
    plan: Plan, recording: Recording, audio: Audio, stages: list[tuple[str, float]]
) -> tuple[ArtefactRow, ...]:
    store = ArtefactStore(plan.root, disk=plan.disk)
    cache_ = ChosenFeatures(store, plan.kinds)
    track = Track(recording, {"audio": audio}, choice=dict(plan.extractors), cache=cache_)
    rows = []
    for kind in plan.kinds:
        clock = time.perf_counter()
        settings = track.settings(kind)
        _ = track[kind]
        content = store.path_of(recording.id, kind, settings).read_bytes()
        rows.append(ArtefactRow(recording.id, kind, settings, hashlib.sha256(content).hexdigest(), len(content)))
        stages.append((kind, time.perf_counter() - clock))
    return tuple(rows)


def _outcome(task: Task, found: Bytes, recording: Recording, artefacts: tuple[ArtefactRow, ...]) -> Outcome:
    flags = " ".join(flag for flag in recording.flags if flag != "truncated")
    row = RecordingRow(recording.id, recording.duration_s, recording.sr, recording.channels, flags)
    tags = (recording.title or "", recording.artist or "", recording.isrc or "")
    file = FileRow(found.content, recording.id, recording.codec, *tags, "", "")
    where = (found.size, found.mtime_ns, found.content)
    return Outcome(task.key, "done", "", "", *where, file, row, artefacts)


def _refused(task: Task, found: Bytes, code: str, detail: str) -> Outcome:
    """A quarantined input; what is so for the same bytes always is noted of the bytes."""
    file = None if code in PASSING else FileRow(found.content, "", "", "", "", "", code, detail)
    where = (found.size, found.mtime_ns, found.content)
    return Outcome(task.key, "quarantined", code, detail, *where, file)


def _changed_since(task: Task, found: Bytes) -> bool:
    """Whether the file is not the one whose bytes were read; read again where its time cannot tell."""
    try:
        now = os.stat(task.path)
    except OSError:
        return True
    if (now.st_size, now.st_mtime_ns) != (found.size, found.mtime_ns):
        return True
    if abs(found.read_ns - found.mtime_ns) > RACY_NS:
        return False
    again = read_bytes(task)
    return not isinstance(again, Bytes) or again.content != found.content


def _state(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_size, stat.st_mtime_ns


@cache
def _kept_decoder(isolation: Isolation, _process: int) -> IsolatedDecoder:
    decoder = IsolatedDecoder(isolation)
    atexit.register(decoder.close)
    return decoder


def _decoder(plan: Plan) -> IsolatedDecoder:
    """The decoder of this process for files of a plan."""
    return _kept_decoder(plan.isolation, os.getpid())
