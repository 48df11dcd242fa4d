"""From a work to a version: key, tempo, course, chords, melody and accompaniment of a new arrangement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from ..embed.levels import FRAME_RATE
from ..types import FloatArray
from . import accompany
from .harmony import reharmonised
from .lines import Rows, improvised, second_voice, varied, with_velocity, without_phrases
from .performance import Part, Performance
from .structure import Stretch, TempoMap, placed, plan, positions, tempo_map
from .work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """How far each kind of change goes, from 0 (as written) to 1.

    ``key``, ``tempo``, ``structure``, ``harmony``, ``melody``, ``accompaniment``: the arrangement;
    ``sound``: timbre, room, noise and damage.
    """

    key: float = 1.0
    tempo: float = 1.0
    structure: float = 1.0
    harmony: float = 1.0
    melody: float = 1.0
    accompaniment: float = 1.0
    sound: float = 1.0

    @classmethod
    def of(cls, value: float) -> Self:
        """Everything equally far."""
        return cls(**{f.name: value for f in fields(cls)})

    @classmethod
    def only(cls, kind: str, value: float = 1.0) -> Self:
        """One kind of change, the others 0."""
        return cls(**{f.name: value if f.name == kind else 0.0 for f in fields(cls)})

    def to_dict(self) -> dict[str, float]:
        """By kind."""
        return {f.name: float(getattr(self, f.name)) for f in fields(self)}


KINDS = tuple(f.name for f in fields(Difficulty))

_SECOND_VOICE, _ORIGINAL_PART = 0.25, 0.45


@dataclass(slots=True)
class _Draft:
    """What is being arranged: parts in quarter notes of the version, with roles and levels."""

    work: Work
    stretches: tuple[Stretch, ...]
    rng: np.random.Generator
    parts: list[tuple[str, Rows, float]]

    def add(self, role: str, notes: Rows, level_db: float, spread_db: float) -> None:
        """Keep a part, at about that level."""
        if len(notes):
            self.parts.append((role, notes, level_db + float(self.rng.normal(0, spread_db))))


def arrange(work: Work, rng: np.random.Generator, difficulty: Difficulty) -> Performance:
    """One version of a work, deterministic by the generator's state.

    What was done is told in ``Performance.changes``: ``key`` in semitones, ``tempo`` as a ratio to the usual
    one, the kind of ``harmony``, the ``lead``, the ``accompaniment``'s styles and the ``course`` (number of stretches).
    """
    spread = 0.42 * difficulty.tempo
    usual = float(np.clip(work.bpm, 60, 160))
    bpm = float(np.clip(usual * np.exp(rng.uniform(-spread, spread)), 45, 220))
    key = round(float(rng.integers(-6, 6)) * (1.0 if rng.random() < difficulty.key else 0.0))
    stretches = plan(work, rng, difficulty.structure, bpm)
    end = stretches[-1].at + stretches[-1].length
    times = tempo_map(end, bpm, rng, difficulty.tempo)
    chords, harmony = reharmonised(work.chords, rng, difficulty.harmony)
    draft = _Draft(work, stretches, rng, [])
    lead = _melody(draft, chords, difficulty)
    if rng.random() < 0.9 * difficulty.accompaniment + 0.05:
        styles = _accompanied(draft, chords, difficulty.accompaniment)
    else:
        styles = _as_written(draft, chords)
    swing = _swing(rng, difficulty.tempo)
    parts = tuple(_sounding(role, notes, gain, key, times, swing) for role, notes, gain in draft.parts)
    changes: Mapping[str, float | str] = {
        "key": float(key),
        "tempo": bpm / usual,
        "harmony": harmony,
        "lead": lead,
        "accompaniment": ", ".join(styles),
        "course": float(len(stretches)),
    }
    return Performance(work.id, parts, times.duration_s, dict(changes), positions(stretches, times, FRAME_RATE))


def _melody(draft: _Draft, chords: FloatArray, difficulty: Difficulty) -> str:
    rng, strength = draft.rng, difficulty.melody
    tune = with_velocity(placed(draft.work.melody, draft.stretches), rng)
    tune = varied(tune, rng, strength)
    share = float(rng.choice([0, 0, 0.1, 0.3])) * strength
    tune, gaps = without_phrases(tune, rng, share, draft.work.bar)
    if gaps and len(chords) and rng.random() < 0.7:
        here = placed(chords, draft.stretches)
        draft.add("lead", improvised(gaps, here, rng), 0.0, 3.0)
    if rng.random() < 0.07 * strength:
        return "absent"
    role = "voice" if rng.random() < 0.6 else "lead"
    octave = int(rng.choice([-1, 0, 0, 0, 1])) if rng.random() < strength else 0
    tune[:, 2] += 12 * octave
    draft.add(role, tune, 2.0, 3.5 * strength)
    if rng.random() < _SECOND_VOICE * strength:
        draft.add("counter", second_voice(tune, rng), -6.0, 3.0)
    return role


def _as_written(draft: _Draft, chords: FloatArray) -> list[str]:
    """The work's own further parts; a plain accompaniment where it has none."""
    styles = []
    for name, notes in draft.work.parts.items():
        draft.add(
            "chords" if name == "piano" else "counter", with_velocity(placed(notes, draft.stretches), draft.rng), -3, 1
        )
        styles.append(name)
    if "piano" not in draft.work.parts and len(chords):
        plain = np.random.default_rng(440)
        draft.add("chords", placed(accompany.block(chords, draft.work.bar, plain), draft.stretches), -3, 1)
        draft.add("bass", placed(accompany.bass(chords, draft.work.bar, plain), draft.stretches), -2, 1)
        styles.append("block")
    return styles


def _accompanied(draft: _Draft, chords: FloatArray, strength: float) -> list[str]:
    """New parts over the chords; sections that alternate may be accompanied differently."""
    rng, work, styles = draft.rng, draft.work, []
    for name, notes in work.parts.items():
        if rng.random() < _ORIGINAL_PART:
            role = ("chords" if rng.random() < 0.7 else "arpeggio") if name == "piano" else "counter"
            draft.add(role, with_velocity(placed(notes, draft.stretches), rng), -3, 4 * strength)
            styles.append(name)
    if len(chords) == 0:
        return styles
    scenes: list[int | None] = [0, 1] if rng.random() < 0.4 * strength else [None]
    for scene in scenes:
        n = int(rng.choice([0, 1, 1, 2])) if styles else int(rng.choice([1, 1, 2]))
        for style in rng.choice(list(accompany.STYLES), n, replace=False, p=_STYLE_SHARES):
            role, make = accompany.STYLES[str(style)]
            draft.add(role, placed(make(chords, work.bar, rng), draft.stretches, scene), -4, 4 * strength)
            styles.append(str(style))
        if rng.random() < 0.85:
            draft.add("bass", placed(accompany.bass(chords, work.bar, rng), draft.stretches, scene), 0, 4 * strength)
    if rng.random() < 0.7:
        last = draft.stretches[-1]
        start = 0.0 if rng.random() < 0.6 else last.at * rng.uniform(0, 0.3)
        draft.add("drums", accompany.drums(start, last.at + last.length, work.bar, rng), -2, 4 * strength)
    return styles


_STYLE_SHARES = (0.15, 0.16, 0.08, 0.16, 0.16, 0.09, 0.08, 0.08, 0.04)


def _swing(rng: np.random.Generator, strength: float) -> float:
    """How late the second quaver of a beat comes, in quarter notes."""
    return float(rng.uniform(0.06, 0.17)) if rng.random() < 0.2 * strength else 0.0


def _sounding(role: str, notes: Rows, gain_db: float, key: int, times: TempoMap, swing: float) -> Part:
    onset, duration = notes[:, 0].astype(np.float64), notes[:, 1].astype(np.float64)
    if swing:
        offset = onset - np.floor(onset)
        onset = onset + swing * ((offset > 0.45) & (offset < 0.55))
    start, end = times.at(onset), times.at(onset + duration)
    pitch = notes[:, 2] + (0 if role == "drums" else key)
    velocity = np.clip(notes[:, 3], 0.05, 1.0)
    return Part(
        role, np.column_stack([start, np.maximum(end - start, 0.03), pitch, velocity]).astype(np.float32), gain_db
    )
