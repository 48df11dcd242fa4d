"""Works as they are written: melody, chords and further parts in beats, and a compact file that holds many of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files import write_atomically
from ..types import FloatArray

FORMAT = 1


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """One composition.

    Parameters
    ----------
    id, collection : str
        Where it comes from.
    bpm : float
        Its usual tempo, quarter notes a minute.
    length : float
        Quarter notes.
    bar : float
        Quarter notes in a bar: 4, 3, 2, or 1.5 for two beats of 6/8.
    melody : (n, 3) float32
        Onset and duration in quarter notes, MIDI pitch; sorted.
    chords : (m, 5) float32
        Onset and duration in quarter notes, root and bass as pitch classes, and the pitch classes as a 12-bit mask.
    parts : mapping of str to (k, 3) float32
        What else was written, such as ``"piano"``; as the melody.
    """

    id: str
    collection: str
    bpm: float
    length: float
    bar: float
    melody: FloatArray
    chords: FloatArray
    parts: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.melody) == 0 or self.length <= 0 or self.bpm <= 0:
            raise InputError(f"{self.id}: a work needs a melody, a length and a tempo; got {len(self.melody)} notes")
        object.__setattr__(self, "melody", _rows(self.melody, 3))
        object.__setattr__(self, "chords", _rows(self.chords, 5))
        object.__setattr__(self, "parts", {name: _rows(notes, 3) for name, notes in self.parts.items()})


def _rows(values: FloatArray, width: int) -> FloatArray:
    rows = np.array(values, dtype=np.float32).reshape(-1, width)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    rows.flags.writeable = False
    return rows


def pitch_classes(mask: float) -> list[int]:
    """The pitch classes in a chord's mask, ascending.

    >>> pitch_classes(0b000010010001)
    [0, 4, 7]
    """
    return [i for i in range(12) if int(mask) >> i & 1]


def chord_mask(classes: Iterable[int]) -> int:
    """The 12-bit mask of pitch classes; the inverse of ``pitch_classes``."""
    return sum(1 << c for c in {c % 12 for c in classes})


def write_works(works: Iterable[Work], path: Path) -> None:
    """All works in one ``.npz`` file, without pickle."""
    arrays: dict[str, Any] = {}
    entries = []
    for i, work in enumerate(works):
        entries.append(
            {
                **{name: getattr(work, name) for name in ("id", "collection", "bpm", "length", "bar")},
                "parts": list(work.parts),
            }
        )
        arrays[f"{i}.melody"], arrays[f"{i}.chords"] = work.melody, work.chords
        arrays.update({f"{i}.part.{name}": notes for name, notes in work.parts.items()})
    index = np.frombuffer(json.dumps({"format": FORMAT, "works": entries}).encode(), dtype=np.uint8)
    with write_atomically(path) as file:
        np.savez_compressed(file, index=index, **arrays)


def read_works(path: Path) -> tuple[Work, ...]:
    """The works of a file that ``write_works`` made; InputError where it is none."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            index = json.loads(archive["index"].tobytes())
            if index["format"] != FORMAT:
                raise InputError(f"{path} has format {index['format']}, this version reads {FORMAT}; prepare it again")
            return tuple(_work(archive, i, entry) for i, entry in enumerate(index["works"]))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} is no file of works: {error}; make one with `versionmatch train prepare`") from error


def _work(archive: Mapping[str, FloatArray], i: int, entry: dict[str, object]) -> Work:
    names = entry.pop("parts")
    parts = {name: archive[f"{i}.part.{name}"] for name in names}  # type: ignore[attr-defined]
    return Work(melody=archive[f"{i}.melody"], chords=archive[f"{i}.chords"], parts=parts, **entry)  # type: ignore[arg-type]
