"""A session of Sonic Visualiser: both recordings in two panes, aligned, with the shared passages marked."""

from __future__ import annotations

import bz2
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import soundfile

from ..align.chain import joint_path
from ..errors import InputError
from ..types import Audio, DoubleArray, Match, Notes, Recording
from .facts import feature, melody_notes, sides
from .path import simplified

DEFAULT_RATE = 44100
PANE_WIDTH = 800  # pixels in which the whole of both shall be seen at first
_COLOURS = {"A": "Blue", "B": "Orange"}
_RGB = {"Blue": "#1f5fa8", "Orange": "#c8641e", "Black": "#202020"}


class SonicVisualiserExporter:
    """An ``.sv`` session. With *Align* on, the panes scroll together and Solo switches between them at the same place.

    Each pane has the waveform, the shared passages (a colour each, the same in both panes; the label tells the
    similarity) and the notes of the melody, which can be corrected there. The session names the sound files
    relative to itself: keep them together. Sound that came from no file is written beside the session, named by
    its id. Everything is counted in frames of the query; a reference of another sample rate is resampled by that
    program as it opens it.
    """

    name, suffix = "sv", ".sv"

    def export(self, match: Match, path: Path) -> None:
        """Write the session (XML under bzip2); raises InputError where a recording has neither a file nor sound."""
        path.write_bytes(bz2.compress(self.document(match, folder=path.parent).encode("utf-8")))

    def document(self, match: Match, *, folder: Path) -> str:
        """The session's XML for a file in that folder; writes sound there that came from no file."""
        sounds = {letter: _sound(recording, track, folder) for letter, _, recording, track in sides(match)}
        session = _Session(rate=sounds["A"][1], end_s=max(match.query.duration_s, match.reference.duration_s))
        waves = {
            letter: session.wave(recording, sounds[letter][0], main=letter == "A")
            for letter, _, recording, _ in sides(match)
        }
        points = joint_path(match.passages)
        if len(points):
            session.alignment(waves["A"], waves["B"], simplified(points, 0.005))
        for letter, side, _, track in sides(match):
            session.pane(_layers(session, match, letter, side, waves[letter], melody_notes(track)))
        return session.text()


def _layers(session: _Session, match: Match, letter: str, side: str, wave: int, notes: Notes | None) -> list[str]:
    """The layers of one pane, from the bottom up."""
    rows = [
        (getattr(p.span, f"{side}_start_s"), getattr(p.span, f"{side}_end_s"), f"P{number} ({p.similarity:.2f})")
        for number, p in enumerate(match.passages, start=1)
    ]
    name = f"{letter} shared passages"
    layers = [
        session.layer("timeruler", "Ruler", wave, "Black"),
        session.layer("regions", name, session.regions(name, rows), _COLOURS[letter], _REGIONS),
        session.layer("waveform", "Waveform", wave, _COLOURS[letter], _WAVEFORM),
    ]
    if notes is not None and len(notes):
        model = session.notes(f"{letter} melody", notes)
        layers.append(session.layer("notes", f"{letter} melody", model, "Black", 'verticalScale="0"'))
    return layers


_REGIONS = 'verticalScale="2" plotStyle="1" fillColourMap="Ice"'
_WAVEFORM = (
    'gain="1" showMeans="1" greyscale="1" channelMode="1" channel="-1" scale="0" middleLineHeight="0.5" '
    'aggressive="0" autoNormalize="1"'
)


def _sound(recording: Recording, track: Mapping[str, Any], folder: Path) -> tuple[str, int]:
    """The sound file's name as seen from the folder, and its sample rate."""
    source = Path(recording.source)
    if source.is_file() and not recording.is_score:
        return Path(os.path.relpath(source.resolve(), folder.resolve())).as_posix(), recording.sr or DEFAULT_RATE
    audio = feature(track, "audio")
    if not isinstance(audio, Audio):
        raise InputError(
            f"{recording.label} came from no file that is still there ({recording.source!r}) and its sound is not at "
            "hand, but Sonic Visualiser opens sound files; compare files, or choose another export"
        )
    name = f"{recording.id[:22] if recording.is_score else recording.id[:16]}.wav"
    soundfile.write(folder / name, audio.samples, audio.sr, subtype="PCM_16")
    return name, audio.sr


class _Session:
    """The XML of a session, put together piece by piece."""

    def __init__(self, *, rate: int, end_s: float) -> None:
        self._rate, self._end_s = rate, end_s
        self._n_ids = 0
        self._data: list[str] = []
        self._panes: list[list[str]] = []

    def _id(self) -> int:
        self._n_ids += 1
        return self._n_ids

    def _frame(self, seconds: float) -> int:
        return round(seconds * self._rate)

    def wave(self, recording: Recording, file: str, *, main: bool) -> int:
        """A sound file, brought to the session's sample rate when it is opened."""
        model = self._id()
        end = self._frame(recording.duration_s)
        self._data.append(
            f'<model id="{model}" name={quoteattr(recording.label)} sampleRate="{self._rate}" start="0" end="{end}" '
            f'type="wavefile" file={quoteattr(file)} mainModel="{str(main).lower()}"/>'
        )
        self._data.append(f'<playparameters mute="false" pan="0" gain="1" model="{model}"/>')
        return model

    def alignment(self, reference: int, aligned: int, path_s: DoubleArray) -> None:
        """``path_s (n, 2)``: times in the reference pane's recording, and in the aligned one's."""
        dataset, path, alignment = self._id(), self._id(), self._id()
        self._data.append(
            f'<model id="{path}" name="Alignment path" sampleRate="{self._rate}" start="0" '
            f'end="{self._frame(path_s[-1, 1]) + 1}" type="sparse" dimensions="2" resolution="1" notifyOnAdd="true" '
            f'dataset="{dataset}" subtype="path"/>'
        )
        points = (f'<point frame="{self._frame(b)}" mapframe="{self._frame(a)}"/>' for a, b in path_s.tolist())
        self._data.append(f'<dataset id="{dataset}" dimensions="2">{"".join(points)}</dataset>')
        self._data.append(
            f'<model id="{alignment}" name="" sampleRate="{self._rate}" start="0" end="0" type="alignment" '
            f'reference="{reference}" aligned="{aligned}" path="{path}"/>'
        )

    def regions(self, name: str, rows: list[tuple[float, float, str]]) -> int:
        """Rows of start, end and label; the value is the row's number, which gives each its colour."""
        points = [
            f'<point frame="{self._frame(start)}" value="{number}" '
            f'duration="{self._frame(end) - self._frame(start)}" label={quoteattr(label)}/>'
            for number, (start, end, label) in enumerate(rows, start=1)
        ]
        n = max(len(rows), 3)
        extent = 1 - 0.5 * n, 1.8 * n  # the middle of the colour map, light enough for the waveform before it
        return self._sparse(name, "region", points, extent, 'valueQuantization="1" units=""')

    def notes(self, name: str, notes: Notes) -> int:
        columns = zip(notes.onset_s.tolist(), notes.duration_s.tolist(), notes.pitch.tolist(), strict=True)
        points = [
            f'<point frame="{self._frame(start)}" value="{pitch:.3f}" '
            f'duration="{max(1, self._frame(length))}" level="0.8" label=""/>'
            for start, length, pitch in columns
        ]
        extent = float(notes.pitch.min()), float(notes.pitch.max())
        return self._sparse(name, "note", points, extent, 'valueQuantization="0" units="MIDI Pitch"')

    def _sparse(self, name: str, subtype: str, points: list[str], extent: tuple[float, float], more: str) -> int:
        dataset, model = self._id(), self._id()
        low, high = extent
        self._data.append(
            f'<model id="{model}" name={quoteattr(name)} sampleRate="{self._rate}" start="0" end="1" type="sparse" '
            f'dimensions="3" resolution="1" notifyOnAdd="true" dataset="{dataset}" subtype="{subtype}" '
            f'minimum="{low:g}" maximum="{high:g}" {more}/>'
        )
        self._data.append(f'<dataset id="{dataset}" dimensions="3">{"".join(points)}</dataset>')
        return model

    def layer(self, kind: str, name: str, model: int, colour: str, more: str = "") -> str:
        """Defines a layer; gives the element by which a pane shows it."""
        layer = self._id()
        element = f'<layer id="{layer}" type="{kind}" name={quoteattr(name)} model="{model}"'
        look = f'colourName="{colour}" colour="{_RGB[colour]}" darkBackground="false"'
        self._data.append(f"{element} {look} {more}/>")
        return f'{element} visible="true"/>'

    def pane(self, layers: list[str]) -> None:
        """One pane with those layers."""
        self._panes.append(layers)

    def text(self) -> str:
        centre, zoom = self._frame(self._end_s / 2), max(1, self._frame(self._end_s) // PANE_WIDTH + 1)
        views = [
            f'<view centre="{centre}" zoom="{zoom}" deepZoom="1" followPan="1" followZoom="1" tracking="page" '
            f'type="pane" centreLineVisible="1" height="360">{"".join(pane)}</view>'
            for pane in self._panes
        ]
        return "\n".join(
            [
                '<?xml version="1.0" encoding="UTF-8"?>',
                "<!DOCTYPE sonic-visualiser>",
                "<sv>",
                "<data>",
                *self._data,
                "</data>",
                "<display>",
                '<window width="1400" height="900"/>',
                *views,
                "</display>",
                "<selections></selections>",
                "</sv>",
                "",
            ]
        )
