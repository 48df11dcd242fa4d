"""What nulls and the log-odds of elements are fitted to: works as scores, made versions of them, free recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from versionmatch.audio.decode import load
from versionmatch.factory.arrange import Difficulty, arrange
from versionmatch.factory.rendered import RenderedRoute
from versionmatch.factory.soundfonts import training_soundfonts
from versionmatch.factory.work import Work, pitch_classes, read_works
from versionmatch.features.view import Track
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.opening import excerpt
from versionmatch.scores.score import Meter, Score, Symbol, Tempo
from versionmatch.scores.sounding import features_of, sound_of
from versionmatch.types import Audio, Recording

COLLECTIONS = ("pop909", "openewld", "nottingham", "cre")
SEED = 440
NAMES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
QUALITIES = {
    (0, 4, 7): "maj", (0, 3, 7): "min", (0, 3, 6): "dim", (0, 4, 8): "aug", (0, 4, 7, 11): "maj7",
    (0, 3, 7, 10): "min7", (0, 4, 7, 10): "7", (0, 5, 7): "sus4",
}  # fmt: skip
EXCERPT_S = (15.0, 30.0, 60.0)


def works(folder: Path, each: int | None = None) -> list[Work]:
    """Of every collection so many works, spread evenly; in an order drawn once."""
    found: list[Work] = []
    for name in COLLECTIONS:
        known = read_works(folder / f"{name}.npz")
        step = 1 if each is None else max(1, len(known) // each)
        found += known[::step][:each]
    return [found[i] for i in np.random.default_rng(SEED).permutation(len(found))]


def label_of(root: int, mask: float) -> str:
    """Harte's label of a chord, reduced to what it holds of the known qualities."""
    steps = {(c - root) % 12 for c in pitch_classes(mask)}
    fitting = [q for q in QUALITIES if set(q) <= steps]
    if not fitting:
        return "N"
    return f"{NAMES[root]}:{QUALITIES[max(fitting, key=len)]}"


def lead_sheet(work: Work) -> Score:
    """A work as written: its melody under its chord symbols, in strict time."""
    symbols, last = [], ""
    for onset, _, root, _, mask in work.chords.tolist():
        label = label_of(int(root), mask)
        if label != last:
            symbols.append(Symbol(max(onset, 0.0), label))
        last = label
    return scored(work, [("melody", work.melody)], work.bpm, tuple(symbols))


def version_of(work: Work, rng: np.random.Generator) -> Score:
    """An arrangement of it, all kinds of change drawn, in parts without chord symbols."""
    hard = Difficulty.of(float(rng.uniform(0.1, 0.9)))
    made = arrange(work, rng, replace(hard, tempo=0.0))
    usual = float(np.clip(work.bpm, 60, 160))
    parts = []
    for part in made.parts:
        if part.role != "drums":
            rows = part.notes[:, :3].astype(np.float64)
            rows[:, :2] = np.round(rows[:, :2] * usual / 60 * 24) / 24
            rows[:, 1] = np.maximum(rows[:, 1], 1 / 24)
            parts.append(("melody" if part.role in {"voice", "lead"} else part.role, rows))
    return scored(work, parts, usual * float(np.exp(rng.uniform(-0.3, 0.3))), ())


def scored(work: Work, parts: list[tuple[str, np.ndarray]], bpm: float, symbols: tuple[Symbol, ...]) -> Score:
    numbered = [np.column_stack([notes[:, :3], np.full(len(notes), i)]) for i, (_, notes) in enumerate(parts)]
    rows = np.concatenate(numbered)
    rows[:, 0] = np.maximum(rows[:, 0], 0.0)
    rows = rows[np.lexsort((rows[:, 2], rows[:, 0]))]
    meter = {4.0: (4, 4), 3.0: (3, 4), 2.0: (2, 4), 1.5: (3, 8)}.get(work.bar, (6, 8))
    names = tuple(name for name, _ in parts)
    return Score(
        rows[:, 0], rows[:, 1], np.round(rows[:, 2]), rows[:, 3].astype(np.int32), names, "made",
        (Tempo(0.0, bpm),), (Meter(0.0, *meter),), (), symbols, work.id, None,
    )  # fmt: skip


def track_of(score: Score, *, sounded: bool) -> Track:
    """As ``compare`` would open it; without sound only what is written can be asked."""
    if sounded:
        recording, audio = sound_of(score)
        return Track(recording, features_of(score, audio))
    silent = Audio(np.zeros(int((score.end_s + 0.5) * 16000), np.float32), 16000)
    recording = Recording(id=score.id, source="", duration_s=silent.duration_s, codec=f"score: {score.format}")
    given = features_of(score, silent)
    return Track(recording, {kind: value for kind, value in given.items() if kind != "audio"})


def rendered(work: Work, rng: np.random.Generator) -> Track:
    """The sound of an arrangement, played by a soundfont, all kinds of change drawn."""
    strength = float(rng.uniform(0.1, 0.9))
    made = arrange(work, rng, Difficulty.of(strength))
    audio = RenderedRoute(training_soundfonts()).sound(made, rng, strength)
    recording, decoded = load((audio.samples, audio.sr))
    return Track(recording, {"audio": decoded})


def recordings(catalogue: Path, folder: str) -> Iterator[tuple[str, Track]]:
    """Name of the package and track of each recording whose source lies in ``folder``, by id."""
    with Catalogue.open(catalogue) as opened:
        for recording in opened.recordings():
            if folder in recording.source and not recording.low_information:
                yield Path(recording.source).parent.name, opened.view(recording.id)


def shortened(track: Track, rng: np.random.Generator) -> Track:
    """An excerpt of a length drawn."""
    length = float(rng.choice(EXCERPT_S))
    if track.recording.duration_s <= length + 5:
        return track
    start = float(rng.uniform(0, track.recording.duration_s - length))
    return excerpt(track, start, start + length)
