"""Layers of Sonic Visualiser (``.svl``): one recording's notes, chords or beats, to be seen and corrected there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from ..types import Annotation, Notes
from .facts import annotation, melody_notes

DEFAULT_RATE = 44100
KINDS = ("notes", "chords", "beats")


def layer(track: Mapping[str, Any], kind: str, *, rate: int = DEFAULT_RATE) -> str:
    """The layer's XML, its times in frames of ``rate`` (that of the sound file); empty of points where there are none.

    Notes are a notes layer (MIDI pitch), chords regions with labels, beats instants. In Sonic Visualiser: *File ›
    Import Annotation Layer*.
    """
    if kind == "notes":
        notes = melody_notes(track)
        return _notes(notes, rate) if notes is not None and len(notes) else _empty("note", "notes", "Melody", rate)
    found = annotation(track, kind)
    if kind == "chords":
        return _chords(found, rate) if found is not None and len(found) else _empty("region", "regions", "Chords", rate)
    return _beats(found, rate)


def _notes(notes: Notes, rate: int) -> str:
    points = [
        f'<point frame="{round(start * rate)}" value="{pitch:.4f}" duration="{max(1, round(length * rate))}" '
        f'level="{max(0.0, min(1.0, sure)):.3f}" label=""/>'
        for start, length, pitch, sure in zip(
            notes.onset_s.tolist(),
            notes.duration_s.tolist(),
            notes.pitch.tolist(),
            notes.confidence.tolist(),
            strict=True,
        )
    ]
    extent = float(notes.pitch.min()), float(notes.pitch.max())
    model = _model(3, rate, f'subtype="note" {_extent(extent)} valueQuantization="0" units="MIDI Pitch"')
    return _document(model, 3, points, "notes", "Melody")


def _chords(chords: Annotation, rate: int) -> str:
    names = sorted(set(chords.labels))
    points = [
        f'<point frame="{round(start * rate)}" value="{names.index(label)}" '
        f'duration="{max(1, round(length * rate))}" label={quoteattr(label)}/>'
        for start, length, label in zip(chords.onset_s.tolist(), chords.duration_s.tolist(), chords.labels, strict=True)
    ]
    model = _model(3, rate, f'subtype="region" {_extent((0, len(names)))} valueQuantization="1" units=""')
    return _document(model, 3, points, "regions", "Chords")


def _beats(beats: Annotation | None, rate: int) -> str:
    times = [] if beats is None else beats.onset_s.tolist()
    points = [f'<point frame="{round(t * rate)}" label="{i}"/>' for i, t in enumerate(times, start=1)]
    return _document(_model(1, rate, ""), 1, points, "timeinstants", "Beats")


def _empty(subtype: str, kind: str, name: str, rate: int) -> str:
    return _document(_model(3, rate, f'subtype="{subtype}" {_extent((0, 1))} units=""'), 3, [], kind, name)


def _extent(extent: tuple[float, float]) -> str:
    return f'minimum="{extent[0]:g}" maximum="{extent[1]:g}"'


def _model(dimensions: int, rate: int, more: str) -> str:
    return (
        f'<model id="1" name="" sampleRate="{rate}" start="0" end="1" type="sparse" dimensions="{dimensions}" '
        f'resolution="1" notifyOnAdd="true" dataset="0" {more}/>'
    )


def _document(model: str, dimensions: int, points: list[str], kind: str, name: str) -> str:
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            "<!DOCTYPE sonic-visualiser>",
            "<sv>",
            "<data>",
            model,
            f'<dataset id="0" dimensions="{dimensions}">',
            *points,
            "</dataset>",
            "</data>",
            "<display>",
            f'<layer id="2" type="{kind}" name="{name}" model="1" colourName="Orange" colour="#c8641e" '
            'darkBackground="false"/>',
            "</display>",
            "</sv>",
            "",
        ]
    )
