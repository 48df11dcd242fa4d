"""What a worker does with one input: read its bytes, decode it or read its score apart, make and keep its features."""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import time
from dataclasses import dataclass, field
from functools import cache

from ..audio.decoder_child import FLAGGED, words_of
from ..audio.isolated import IsolatedDecoder, Isolation
from ..errors import AudioDecodeError, LimitError, MissingExtra, ParamsError, UnknownPlugin, VersionMatchError
from ..features.view import Track
from ..scores.isolated import IsolatedScores
from ..scores.reading import PEEK, format_of, split_tune
from ..scores.score import Score
from ..scores.sounding import features_of, sound_of
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

    @property
    def file(self) -> str:
        """The file, without the number of a tune in it."""
        return str(split_tune(self.path)[0])


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
        with open(task.file, "rb") as file:
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
    content += task.path.removeprefix(task.file)  # the number of a tune
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
    score = _scores(plan).read(task.path) if task.span is None and _is_score(task.file) else None
    if score is None:
        recording, audio = _decoder(plan).load(task.path, span=task.span)
    else:
        recording, audio = sounded(task.path, score)
    stages.append(("decode", time.perf_counter() - clock))
    if _changed_since(task, found):
        return Made(changed(task), stages=tuple(stages))
    with ended_after(plan.analysis_s):
        artefacts = _features(plan, recording, audio, stages, score)
    return Made(_outcome(task, found, recording, artefacts), recording.duration_s, tuple(stages))


def _is_score(path: str) -> bool:
    """Whether a file begins as a score does; what cannot be opened is the decoder's to tell."""
    try:
        with open(path, "rb") as file:
            return format_of(file.read(PEEK), path) is not None
    except OSError:
        return False


def sounded(path: str, score: Score) -> tuple[Recording, Audio]:
    """A score's sound; AudioDecodeError where it is too long or says too little, as of a recording."""
    try:
        recording, audio = sound_of(score, source=path)
    except LimitError as error:
        raise AudioDecodeError(path, *words_of(error), code="too_long") from error
    for flag, code in FLAGGED:
        if flag in recording.flags:
            raise AudioDecodeError(path, f"its sound says nothing of music ({flag})", "leave it out", code=code)
    return recording, audio


def _features(
    plan: Plan, recording: Recording, audio: Audio, stages: list[tuple[str, float]], score: Score | None = None
) -> tuple[ArtefactRow, ...]:
    """Make and keep the features; what a score has written stands for what its plugin would find in the sound."""
    store = ArtefactStore(plan.root, disk=plan.disk)
    cache_ = ChosenFeatures(store, plan.kinds)
    track = Track(recording, {"audio": audio}, choice=dict(plan.extractors), cache=cache_)
    if score is not None:
        track.standing_in(features_of(score, audio))
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
        now = os.stat(task.file)
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


@cache
def _kept_scores(isolation: Isolation, _process: int) -> IsolatedScores:
    reader = IsolatedScores(isolation)
    atexit.register(reader.close)
    return reader


def _scores(plan: Plan) -> IsolatedScores:
    """The reader of scores of this process."""
    return _kept_scores(plan.isolation, os.getpid())
