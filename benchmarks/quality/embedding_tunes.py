"""Tunes as notes, played: folk tunes from different books, and chorales set more than once.

Every tune is played by an instrument of its own, at a tempo of its own and in a key of its own; the sound is damaged a
little (difficulty .2). A folk tune has one part, a chorale four. The embedding hears the sound. Beside it, on the notes
themselves: the melody cue, fed with the pitches as if they had been tracked without a fault; and a plain edit distance
of pitch intervals. The groups of folk tunes were kept by an alignment of intervals, which flatters the latter, and some
of the tunes stem from collections that the shipped weights learned from: queries without such are also told apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from benchmarks.quality.embedding_common import (
    SEED,
    Settings,
    both_entries,
    compared,
    digest,
    entry,
    kept,
    of_queries,
)
from benchmarks.quality.interval_distance import interval_distances
from versionmatch.embed.levels import FRAME_RATE
from versionmatch.factory.performance import Part, Performance
from versionmatch.factory.rendered import RenderedRoute
from versionmatch.factory.soundfonts import UNSEEN_SOUNDFONT, soundfonts_named
from versionmatch.files import write_atomically
from versionmatch.match.cues.melody import MelodyCue
from versionmatch.match.metrics import rank
from versionmatch.match.normalise import normalised
from versionmatch.match.ranking import reversed_rows, similarity
from versionmatch.types import DoubleArray, Features, FloatArray

SOUND = 0.2
LEARNED = ("nottingham", "cre")
LONGEST_S = 150.0
MELODY_RATE = 10.0
Notes = list[list[float]]  # onset and duration in quarter notes, pitch


@dataclass(frozen=True, slots=True)
class Tune:
    """One setting of a tune, its parts from high to low; ``learned`` where its collection was learned from."""

    name: str
    group: str
    parts: tuple[Notes, ...]
    learned: bool = False


def folk(data: Path) -> list[Tune]:
    """All groups that span collections and are not near-identical."""
    groups = json.loads((data / "dev/folk/folk_variants.json").read_text())["groups"]
    return [
        Tune(f"{name}/{k}", name, (version["notes"],), version["collection"] in LEARNED)
        for name, group in sorted(groups.items())
        if group["cross_collection"] and not group["near_identical"]
        for k, version in enumerate(group["versions"])
    ]


def chorales(data: Path) -> list[Tune]:
    """Every setting of a title that was set twice or more."""
    pieces = json.loads((data / "dev/chorales/groups_notes.json").read_text())["pieces"]
    return [Tune(name, p["group"], tuple(p["parts_high_to_low"])) for name, p in sorted(pieces.items())]


READERS: dict[str, Callable[[Path], list[Tune]]] = {"folk": folk, "chorales": chorales}


def performed(tune: Tune, rng: np.random.Generator) -> Performance:
    """The tune in a key and at a tempo of its own; what is longer than two and a half minutes is cut."""
    bpm, key = float(np.exp(rng.uniform(np.log(80), np.log(150)))), int(rng.integers(-5, 6))
    parts = []
    for notes in tune.parts:
        rows = np.array(notes, dtype=np.float64)
        rows[:, :2] *= 60 / bpm
        rows = rows[rows[:, 0] < LONGEST_S]
        velocity = rng.uniform(0.6, 0.9, len(rows))
        parts.append(np.column_stack([rows[:, :2], rows[:, 2] + key, velocity]))
    roles = ("lead",) if len(parts) == 1 else ("lead", *["counter"] * (len(parts) - 2), "bass")
    end = max(float(rows[:, :2].sum(axis=1).max()) for rows in parts)
    played = [Part(role, rows.astype(np.float32)) for role, rows in zip(roles, parts, strict=True)]
    return Performance(tune.group, tuple(played), end)


def rendered(settings: Settings, name: str, tunes: Sequence[Tune]) -> list[FloatArray]:
    """Levels of every tune, played once and then kept."""
    path = settings.cache / f"{name}-{digest([t.name for t in tunes], SEED, SOUND, FRAME_RATE)}.safetensors"
    if not path.is_file():
        route = RenderedRoute(soundfonts_named([UNSEEN_SOUNDFONT]))
        arrays = {}
        for i, tune in enumerate(tunes):
            seed = int.from_bytes(hashlib.sha256(tune.name.encode()).digest()[:6], "big")
            rng = np.random.default_rng([SEED, seed])
            arrays[f"{i:04d}"] = route.synthesise(performed(tune, rng), rng, SOUND)
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as file:
            file.write(save(arrays))
    return [x.astype(np.float32) / np.float32(255) for _, x in sorted(load_file(path).items())]


def prepare(settings: Settings, name: str) -> None:
    """Play the tunes and nothing else."""
    rendered(settings, name, READERS[name](settings.data))


def measure(settings: Settings, name: str) -> dict[str, Any]:
    """The embedding of the sound, and two measures of the notes."""
    tunes = READERS[name](settings.data)
    groups = [t.group for t in tunes]
    heard = settings.heard(rendered(settings, name, tunes))
    tables = {f"embedding of the sound, {k}": v for k, v in compared(heard, heard).pairs().items()}
    for system, table in (("melody cue on the notes", melody_cue(settings, name, tunes)),
                          ("edit distance of intervals", intervals(settings, name, tunes))):  # fmt: skip
        tables[system] = (table, normalised(table))
    report = {"n_items": len(tunes), "n_groups": len(set(groups)), "soundfont": UNSEEN_SOUNDFONT,
              "systems": {system: both_entries(*pair, groups) for system, pair in tables.items()}}  # fmt: skip
    strangers = [g not in {t.group for t in tunes if t.learned} for g in groups]
    if not all(strangers):
        which = np.flatnonzero(strangers)
        report["from collections that were not learned from"] = {
            system: {k: entry(of_queries(rank(t, groups), which)) for k, t in zip(("raw", "z"), pair, strict=True)}
            for system, pair in tables.items()
        }
    return report


def melody_cue(settings: Settings, name: str, tunes: Sequence[Tune]) -> DoubleArray:
    """The melody cue as it ranks, on the highest part at 100 quarter notes a minute."""

    def make() -> DoubleArray:
        cue = MelodyCue()
        sketches = [cue.sketch({"melody": as_tracked(t.parts[0])}) for t in tunes]
        rows = np.full((len(tunes), len(tunes), 13), np.nan)
        for i, j in combinations(range(len(tunes)), 2):
            found = cue.by_key(sketches[i], sketches[j])
            if found is not None:
                rows[i, j], rows[j, i] = found, reversed_rows(found)
        return similarity("melody", rows)

    return kept(settings.cache, f"{name}-melody-{digest([t.name for t in tunes], dict(MelodyCue.settings))}", make)


def as_tracked(notes: Notes, bpm: float = 100.0) -> Features:
    """Notes as a melody that was tracked without a fault: pitch and confidence, 10 frames a second.

    >>> as_tracked([[0, 1, 60], [2, 1, 64]], bpm=600).values.tolist()
    [[60.0, 60.0, 64.0], [1.0, 0.0, 1.0]]
    """
    rows = np.array(notes, dtype=np.float64)
    rows[:, :2] *= 60 / bpm * MELODY_RATE
    frames = np.arange(int(np.ceil(rows[:, :2].sum(axis=1).max() - 1e-6)))
    last = np.maximum(np.searchsorted(rows[:, 0], frames + 1e-6, side="right") - 1, 0)
    voiced = frames < rows[last, 0] + rows[last, 1] - 1e-6
    return Features("melody", np.stack([rows[last, 2], voiced]), MELODY_RATE)


def intervals(settings: Settings, name: str, tunes: Sequence[Tune]) -> DoubleArray:
    """1 less the edit distance of pitch intervals, of the highest part."""
    sequences = [np.diff([pitch for _, _, pitch in t.parts[0]]).astype(int) for t in tunes]
    label = f"{name}-intervals-{digest([t.name for t in tunes])}"
    return kept(settings.cache, label, lambda: 1 - interval_distances(sequences))
