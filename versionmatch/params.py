"""The settings of each job: library keywords, command-line flags and the manifest say the same words."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.util import find_spec
from typing import Any, Self

from .errors import ParamsError

CUES = ("harmony", "melody", "rhythm")
"""The elements in which two recordings are compared."""

MEASURES = (
    "tune", "pmi", "figures", "tversky", "intervals", "ornamented", "contour",
    "chords", "tonal-space", "progressions",
    "patterns", "drums", "tune-rhythm",
)  # fmt: skip
"""Further measures of melody, harmony and rhythm; with the first three they are added up by element."""

FUSED = (*CUES, "passages", "embedding")
"""All that is weighed together: the elements, how much is shared passage by passage, and the learned embedding."""

CORRECTABLE = ("melody", "chords", "key", "beats")
"""What a person may have corrected of a recording."""


def at_hand(cues: Sequence[str]) -> tuple[str, ...]:
    """Those of the cues that can be asked here: the embedding needs torch, an optional dependency.

    What is left out is not weighed; a comparison names the cues that it asked.
    """
    return tuple(cue for cue in cues if cue != "embedding" or find_spec("torch") is not None)


def usual_cues() -> tuple[str, ...]:
    """The cues that a comparison asks unless told otherwise: the elements, the embedding if at hand, the sound.

    ``recording`` is not weighed with the others: it says whether there is anything to weigh.
    """
    return at_hand((*CUES, *MEASURES, "embedding", "recording"))


def weighed_cues() -> tuple[str, ...]:
    """The cues of which the probability of recordings is made, and the sound: what a scan of many pairs asks."""
    return at_hand((*CUES, "embedding", "recording"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What all jobs' settings can do: be checked, be written down, be told apart."""

    def __post_init__(self) -> None:
        """Overridden where there is something to check."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Settings from a mapping; an unknown name raises ParamsError with the nearest spelling."""
        known = [f.name for f in fields(cls)]
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise ParamsError(f"{cls.__name__} has no setting {name!r}; there are: {', '.join(known)}.{hint}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data; ``of`` turns it back into the same settings."""
        data: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return data

    def digest(self) -> str:
        """Short sha256 of the settings."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def check(ok: bool, name: str, value: object, wanted: str) -> None:
    """Raise ParamsError that names the setting, its value and what it must be, unless ``ok``."""
    if not ok:
        raise ParamsError(f"{name} = {value!r}; it must be {wanted}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareParams(Params):
    """Settings of ``compare``.

    Parameters
    ----------
    cues : tuple of str
        Which cues are asked, in this order; by default ``usual_cues()``.
    query_range, reference_range : (start_s, end_s), optional
        Only this part of a recording is compared; times in the result are still those of the whole.
    extractors : mapping
        Kind → name of an extractor plugin, where it is not the default, such as ``{"melody": "melody-essentia"}``.
    query_melody_part, reference_melody_part : str
        Of a score: the part that carries the melody, by name or number, or ``"skyline"``; empty: chosen by its name.
    corrections_a, corrections_b : mapping
        What was corrected by hand, of the query and of the reference: ``"melody"``, ``"chords"``, ``"beats"`` → path
        of a table, ``"key"`` → a key such as ``"G major"``; see ``docs/scores.md``.
    transposition : int, optional
        Semitones (0…11) that raise the reference to the query; None: found.
    min_passage_s : float
        Shorter shared passages are not reported; seconds on the query's side.
    max_passages : int
        No more passages than this are reported.
    max_duration_s : float
        A longer recording is refused with LimitError.
    controls : bool
        Whether each measure is also taken on material whose answer is known (``Match.controls``); a scan of many pairs
        does without.
    """

    cues: tuple[str, ...] = field(default_factory=usual_cues)
    query_range: tuple[float, float] | None = None
    reference_range: tuple[float, float] | None = None
    extractors: Mapping[str, str] = field(default_factory=dict)
    query_melody_part: str = ""
    reference_melody_part: str = ""
    corrections_a: Mapping[str, str] = field(default_factory=dict)
    corrections_b: Mapping[str, str] = field(default_factory=dict)
    transposition: int | None = None
    min_passage_s: float = 6.0
    max_passages: int = 12
    max_duration_s: float = 6 * 3600.0
    controls: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "cues", tuple(self.cues))
        object.__setattr__(self, "extractors", dict(self.extractors))
        for name in ("corrections_a", "corrections_b"):
            given = {kind: os.fspath(value) for kind, value in getattr(self, name).items()}
            object.__setattr__(self, name, given)
            check(given.keys() <= set(CORRECTABLE), name, sorted(given), f"of the kinds {', '.join(CORRECTABLE)}")
        check(len(self.cues) > 0, "cues", self.cues, "at least one cue")
        check(len(set(self.cues)) == len(self.cues), "cues", self.cues, "different cues")
        for name in ("query_range", "reference_range"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, tuple(float(v) for v in value))
                check(
                    len(value) == 2 and 0 <= value[0] < value[1], name, value, "(start_s, end_s) with 0 <= start < end"
                )
        t = self.transposition
        check(t is None or 0 <= t <= 11, "transposition", t, "0 to 11 semitones, or None to have it found")
        check(self.min_passage_s > 0, "min_passage_s", self.min_passage_s, "above 0 seconds")
        check(self.max_passages >= 1, "max_passages", self.max_passages, "1 or more")
        check(self.max_duration_s > 0, "max_duration_s", self.max_duration_s, "above 0 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexParams(Params):
    """Settings of adding to a catalogue. None of them changes what a file gives, only whether and how it is read.

    Parameters
    ----------
    jobs : int
        Processes; 0: as many as there are cores. With an executor of the caller's: how many tasks are under way.
    max_memory_mib : int
        All processes together; fewer are started where it would not do. 0: no bound but the decoder's own.
    deadline_s : float
        Nothing new is begun after so many seconds; what is left waits for the next run. 0: no deadline.
    decode_deadline_s : float
        A file whose decoding takes longer is quarantined.
    analysis_deadline_s : float
        So is one whose features take longer, whatever their extractors are busy with; 0: no deadline.
    max_duration_s : float
        A longer recording is quarantined.
    partial : bool
        A file whose end is missing is taken as far as it goes; by default it is quarantined.
    follow_symlinks : bool
        Symbolic links stand for their targets; by default they are quarantined.
    rehash : bool
        Files are read again even if size and time are as before.
    retry : bool
        Files in quarantine are decoded again; by default only where that could help.
    restore : bool
        Recordings that were removed may return.
    partition : str
        The part of the catalogue that inputs belong to whose manifest names none.
    """

    jobs: int = 0
    max_memory_mib: int = 0
    deadline_s: float = 0.0
    decode_deadline_s: float = 120.0
    analysis_deadline_s: float = 3600.0
    max_duration_s: float = 6 * 3600.0
    partial: bool = False
    follow_symlinks: bool = False
    rehash: bool = False
    retry: bool = False
    restore: bool = False
    partition: str = ""

    def __post_init__(self) -> None:
        for name in ("jobs", "max_memory_mib", "deadline_s", "analysis_deadline_s"):
            check(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for name in ("decode_deadline_s", "max_duration_s"):
            check(getattr(self, name) > 0, name, getattr(self, name), "above 0 seconds")

    def workers(self, cores: int) -> int:
        """How many processes: as wished, and as fit into the memory."""
        return _workers(self.jobs or cores, self.max_memory_mib)


WORKER_MIB = 1024
"""What a worker may need for recordings of some minutes, its decoder included."""


def _workers(wished: int, max_memory_mib: int) -> int:
    return max(1, min(wished, max_memory_mib // WORKER_MIB)) if max_memory_mib else wished


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanParams(Params):
    """Settings of ``scan``.

    Parameters
    ----------
    by : tuple of str
        What proposes pairs: ``"recording"`` (fingerprints) and ``"version"`` (vectors). With ``"recording"`` alone
        nothing but same and altered recordings is looked for.
    warps : str
        What may have been done to a recording for its fingerprint to be found: ``"none"``, ``"speed"`` (within 5 %),
        ``"single"`` (also tempo or pitch), ``"full"`` (tempo and pitch together).
    k : int
        So many recordings are proposed to each by their vectors.
    prior : float
        The share of the proposed pairs that are taken to be versions before any is compared: ``compare`` supposes one
        in five, which holds for pairs that a person has picked.
    least : float
        Pairs below this probability of being versions, at that prior, are not reported, unless they share sound.
    cues : tuple of str
        What the proposed pairs are compared in, as for ``compare``.
    partition : str
        Only recordings of this part of the catalogue; empty: all.
    """

    by: tuple[str, ...] = ("recording", "version")
    warps: str = "single"
    k: int = 20
    prior: float = 0.01
    least: float = 0.5
    cues: tuple[str, ...] = field(default_factory=weighed_cues)
    partition: str = ""

    def __post_init__(self) -> None:
        for name in ("by", "cues"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        known = ("recording", "version")
        check(bool(self.by) and set(self.by) <= set(known), "by", self.by, f"some of {', '.join(known)}")
        warps = ("none", "speed", "single", "full")
        check(self.warps in warps, "warps", self.warps, f"one of {', '.join(warps)}")
        check(self.k >= 1, "k", self.k, "1 or more")
        check(0 < self.prior < 1, "prior", self.prior, "between 0 and 1")
        check(0 <= self.least <= 1, "least", self.least, "from 0 to 1")
        check(len(self.cues) > 0, "cues", self.cues, "at least one cue")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLimits(Params):
    """How much a scan may take. None of them changes what a pair comes to, only whether and when it is compared.

    Parameters
    ----------
    jobs : int
        Processes; 0: as many as there are cores. With an executor of the caller's: how many tasks are under way.
    max_memory_mib : int
        All processes together; fewer are started where it would not do. A pair that takes more than its process may
        is recorded as failed. 0: no bound.
    deadline_s : float
        No pair is begun after so many seconds; those that are left wait for the next scan. 0: no deadline.
    pair_deadline_s : float
        A pair whose comparison takes longer is recorded as failed. 0: none is given up.
    retry : bool
        Pairs that failed are compared again.
    """

    jobs: int = 0
    max_memory_mib: int = 0
    deadline_s: float = 0.0
    pair_deadline_s: float = 600.0
    retry: bool = False

    def __post_init__(self) -> None:
        for name in ("jobs", "deadline_s", "pair_deadline_s"):
            check(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        enough = self.max_memory_mib == 0 or self.max_memory_mib >= LEAST_MIB
        check(enough, "max_memory_mib", self.max_memory_mib, f"{LEAST_MIB} MiB or more, or 0 for no bound")

    def workers(self, cores: int) -> int:
        """How many processes: as wished, and as fit into the memory."""
        return _workers(self.jobs or cores, self.max_memory_mib)

    @property
    def worker_bytes(self) -> int:
        """What each process may take; 0: no bound."""
        return (self.max_memory_mib << 20) // self.workers(os.cpu_count() or 1)


LEAST_MIB = 768
"""A process that compares takes so much before it has compared anything, its libraries included."""
