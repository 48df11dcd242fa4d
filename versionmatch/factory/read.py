"""Readers of the score collections that works are taken from.

POP909 (MIDI with melody, bridge and piano, chords and beats as text), OpenEWLD (MusicXML lead sheets), the Nottingham
collection (ABC with chords) and Ceol Rince na hÉireann (MIDI, melody alone; its chords come from ``harmonise``).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, MissingExtra
from ..types import DoubleArray
from .harmonise import harmonised
from .work import Work, chord_mask

_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_QUALITIES = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "7": (0, 4, 7, 10),
    "dim7": (0, 3, 6, 9),
    "hdim7": (0, 3, 6, 10),
    "minmaj7": (0, 3, 7, 11),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "9": (0, 2, 4, 7, 10),
    "maj9": (0, 2, 4, 7, 11),
    "min9": (0, 2, 3, 7, 10),
    "11": (0, 4, 5, 7, 10),
    "13": (0, 4, 7, 9, 10),
}
_DEGREES = {"b2": 1, "2": 2, "b3": 3, "3": 4, "4": 5, "b5": 6, "5": 7, "#5": 8, "b6": 8, "6": 9, "b7": 10, "7": 11}
SHORTEST = 16  # notes of a melody; shorter ones are no work to recognise


def harte_chord(label: str) -> tuple[int, int, int] | None:
    """Root, bass and mask of a chord in Harte's notation; None of ``N`` and ``X``.

    >>> harte_chord("A:min/b3")
    (9, 0, 529)
    """
    if label in {"N", "X"}:
        return None
    name, _, inversion = label.partition("/")
    letter, _, quality = name.partition(":")
    root = (_NATURALS[letter[0]] + letter.count("#") - letter[1:].count("b")) % 12
    quality = re.sub(r"\(.*\)", "", quality) or "maj"
    intervals = _QUALITIES.get(quality) or _QUALITIES.get(quality.rstrip("0123456789")) or _QUALITIES["maj"]
    return root, (root + _DEGREES.get(inversion, 0)) % 12, chord_mask(root + i for i in intervals)


def read_pop909(folder: Path) -> Iterator[Work]:
    """The songs of POP909; ``folder`` holds one folder per song."""
    for song in sorted(p for p in folder.iterdir() if (p / f"{p.name}.mid").is_file()):
        beats = np.loadtxt(song / "beat_midi.txt", ndmin=2)
        times = beats[:, 0]
        step = float(np.median(np.diff(times)))
        wide = np.concatenate([[times[0] - 8 * step], times, [times[-1] + 8 * step]])
        numbers = np.concatenate([[-8.0], np.arange(len(times)), [len(times) + 7.0]])
        tracks = {
            name: _in_beats(notes, wide, numbers) for name, notes in midi_tracks(song / f"{song.name}.mid").items()
        }
        chords = []
        for line in (song / "chord_midi.txt").read_text(encoding="utf-8").splitlines():
            start_s, end_s, label = line.split()[:3]
            chord = harte_chord(label)
            start, end = (float(np.interp(float(t), wide, numbers)) for t in (start_s, end_s))
            if chord is not None and end > start:
                chords.append((start, end - start, *chord))
        if "MELODY" in tracks and len(tracks["MELODY"]) >= SHORTEST and chords:
            parts = {name.lower(): tracks[name] for name in ("BRIDGE", "PIANO") if name in tracks}
            length = max(float(notes[:, :2].sum(axis=1).max()) for notes in tracks.values())
            yield Work(f"pop909/{song.name}", "pop909", 60 / step, length, 4.0, tracks["MELODY"], _rows(chords), parts)


def _in_beats(notes: DoubleArray, times: DoubleArray, numbers: DoubleArray) -> Any:
    start = np.interp(notes[:, 0], times, numbers)
    end = np.interp(notes[:, 0] + notes[:, 1], times, numbers)
    return np.column_stack([start, np.maximum(end - start, 0.1), notes[:, 2]]).astype(np.float32)


def _rows(chords: Sequence[tuple[float, ...]]) -> Any:
    return np.array(chords, dtype=np.float32).reshape(-1, 5)


def midi_tracks(path: Path) -> dict[str, DoubleArray]:
    """The notes of each track, ``(n, 3)``: onset and duration in seconds, pitch; drums left out."""
    mido = _library("mido")
    midi = mido.MidiFile(path)
    tempi, tick = [(0, 500_000)], 0
    for message in mido.merge_tracks(midi.tracks):
        tick += message.time
        if message.type == "set_tempo":
            tempi.append((tick, message.tempo))
    at = np.array([t for t, _ in tempi], dtype=np.float64)
    pace = np.array([p for _, p in tempi]) / 1e6 / midi.ticks_per_beat
    elapsed = np.concatenate([[0.0], np.cumsum(np.diff(at) * pace[:-1])])
    found = {}
    for number, track in enumerate(midi.tracks):
        ticks = _note_ticks(track)
        if len(ticks):
            edges = ticks[:, :2]
            which = np.maximum(np.searchsorted(at, edges, side="right") - 1, 0)
            seconds = elapsed[which] + (edges - at[which]) * pace[which]
            name = track.name.strip() or f"track {number}"
            found[name] = np.column_stack([seconds[:, 0], seconds[:, 1] - seconds[:, 0], ticks[:, 2]])
    return found


def _note_ticks(track: Any) -> DoubleArray:
    """``(n, 3)``: first and last tick and pitch of each note, sorted by onset."""
    tick, notes = 0, []
    sounding: dict[int, int] = {}
    for message in track:
        tick += message.time
        if message.type not in {"note_on", "note_off"} or message.channel == 9:
            continue
        if message.type == "note_on" and message.velocity > 0:
            sounding.setdefault(message.note, tick)
        elif message.note in sounding:
            notes.append((sounding.pop(message.note), tick, message.note))
    return np.array(sorted(notes), dtype=np.float64).reshape(-1, 3)


def left_out() -> frozenset[str]:
    """Titles of OpenEWLD that are not used: composed, or not surely composed before, 1930."""
    lines = (files(__package__) / "openewld_left_out.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def read_openewld(folder: Path) -> Iterator[Work]:
    """The lead sheets of OpenEWLD that were composed before 1930."""
    omitted = left_out()
    for path in sorted(folder.rglob("*.mxl")):
        if path.parent.name not in omitted:
            for score in _scores(path):
                work = _lead_sheet(score, f"openewld/{path.parent.name}", "openewld", repeats=True)
                if work is not None:
                    yield work


def read_nottingham(folder: Path) -> Iterator[Work]:
    """The tunes of the Nottingham collection."""
    for path in sorted(folder.rglob("*.abc")):
        for number, score in enumerate(_scores(path)):
            work = _lead_sheet(score, f"nottingham/{path.stem}-{number}", "nottingham", repeats=False)
            if work is not None:
                yield work


def read_cre(folder: Path) -> Iterator[Work]:
    """The tunes of Ceol Rince na hÉireann, harmonised here."""
    for path in sorted(folder.rglob("*.mid")):
        tracks = midi_tracks(path)
        notes = max(tracks.values(), key=len, default=np.zeros((0, 3)))
        if len(notes) < SHORTEST:
            continue
        step = float(np.median(notes[:, 1]))
        melody = notes.astype(np.float32)
        melody[:, :2] = np.round(notes[:, :2] / step * 12) / 24.0  # the usual note of a dance tune is a quaver
        melody[:, 1] = np.maximum(melody[:, 1], 0.1)
        bar = 1.5 if re.search(r"jig|slide", path.stem, re.IGNORECASE) else 4.0
        length = float(melody[:, :2].sum(axis=1).max())
        yield Work(
            f"cre/{path.stem}", "cre", 110.0, length, bar, melody, harmonised(melody, 2 * bar if bar < 2 else bar / 2)
        )


def _scores(path: Path) -> list[Any]:
    music21 = _library("music21")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            score = music21.converter.parse(path)
        except Exception as error:  # noqa: BLE001 (a reader of strangers' files: anything may be raised; the file is named)
            warnings.warn(f"{path.name} was skipped: {error}", stacklevel=2)
            return []
    return list(score.scores) if hasattr(score, "scores") else [score]


def _lead_sheet(score: Any, name: str, collection: str, *, repeats: bool) -> Work | None:
    """Melody and chord symbols of the first part; None where there is too little of a melody."""
    music21 = _library("music21")
    part = score.parts[0] if score.parts else score
    if repeats:
        with suppress(music21.exceptions21.Music21Exception, AttributeError, IndexError):
            part = part.expandRepeats()  # where the signs contradict each other, the part stays as it is written
    melody, symbols = [], []
    flat = part.flatten()
    for element in flat.notes:
        if isinstance(element, music21.harmony.ChordSymbol):
            if isinstance(element, music21.harmony.NoChord) or not element.pitches:
                continue
            pitches = [p.pitchClass for p in element.pitches]
            symbols.append(
                (float(element.offset), element.root().pitchClass, element.bass().pitchClass, chord_mask(pitches))
            )
        elif element.quarterLength > 0:
            melody.append((float(element.offset), float(element.quarterLength), max(p.midi for p in element.pitches)))
    if len(melody) < SHORTEST:
        return None
    notes = np.array(melody, dtype=np.float32)
    length = float(notes[:, :2].sum(axis=1).max())
    ends = [*(s[0] for s in symbols[1:]), length][: len(symbols)]
    chords = [(s[0], e - s[0], *s[1:]) for s, e in zip(symbols, ends, strict=True) if e > s[0]]
    meter = next(iter(flat.getElementsByClass(music21.meter.TimeSignature)), None)
    bar = float(meter.barDuration.quarterLength) if meter is not None else 4.0
    bar = 1.5 if meter is not None and meter.ratioString in {"6/8", "12/8", "9/8"} else bar
    table = _rows(chords) if chords else harmonised(notes, 2 * bar if bar < 2 else bar / 2)
    return Work(name, collection, 120.0, length, bar, notes, table)


READERS: dict[str, Callable[[Path], Iterator[Work]]] = {
    "pop909": read_pop909,
    "openewld": read_openewld,
    "nottingham": read_nottingham,
    "cre": read_cre,
}
"""Collection → reader of its unpacked folder."""


def read_collection(name: str, folder: Path) -> Iterator[Work]:
    """The works of a named collection."""
    if name not in READERS:
        raise InputError(f"there is no reader for the collection {name!r}; there are: {', '.join(READERS)}")
    return READERS[name](folder)


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra(f"reading scores with {name}", extra="train") from error
