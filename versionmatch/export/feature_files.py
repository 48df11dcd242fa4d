"""What was found in one recording, as files that a person can correct and ``compare`` takes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ParamsError
from ..scores.midi_writing import midi_bytes
from ..scores.musicxml_writing import melody_musicxml
from ..types import Match, Recording
from .facts import annotation, key, melody_notes, side_path, sides
from .feature_table import COLUMNS, table
from .sv_layer import DEFAULT_RATE, KINDS, layer

EXPORTED = tuple(COLUMNS)
FORMATS = ("csv", "midi", "musicxml", "svl")


def files(
    recording: Recording, track: Mapping[str, Any], kinds: Iterable[str] = EXPORTED, formats: Iterable[str] = FORMATS
) -> dict[str, bytes]:
    """Content by the end of the file's name, such as ``.notes.csv`` or ``.mid``; raises ParamsError for other words.

    A table and a layer for each of ``kinds`` (a key has no layer); MIDI and MusicXML hold the notes, and with them of
    chords, beats and key what is among ``kinds``.
    """
    wanted, written = _known(kinds, EXPORTED, "export"), _known(formats, FORMATS, "format")
    out: dict[str, bytes] = {}
    if "csv" in written:
        out |= {f".{kind}.csv": table(track, kind).encode("utf-8") for kind in wanted}
    if "svl" in written:
        rate = recording.sr or DEFAULT_RATE
        out |= {f".{kind}.svl": layer(track, kind, rate=rate).encode("utf-8") for kind in KINDS if kind in wanted}
    if "midi" in written:
        out[".mid"] = midi(track, wanted)
    if "musicxml" in written:
        out[".musicxml"] = musicxml(recording, track, wanted)
    return out


def check(kinds: Iterable[str], formats: Iterable[str]) -> None:
    """Raise ParamsError unless all of them are known."""
    _known(kinds, EXPORTED, "export")
    _known(formats, FORMATS, "format")


def midi(track: Mapping[str, Any], kinds: Iterable[str] = EXPORTED) -> bytes:
    """The MIDI file of a recording's melody."""
    notes, beats, chords, label = _heard(track, tuple(kinds))
    return midi_bytes(notes, beats, key=label, chords=chords)


def musicxml(recording: Recording, track: Mapping[str, Any], kinds: Iterable[str] = EXPORTED) -> bytes:
    """The MusicXML of a recording's melody."""
    notes, beats, chords, label = _heard(track, tuple(kinds))
    return melody_musicxml(notes, beats, key=label, chords=chords, title=recording.label).encode("utf-8")


def _heard(track: Mapping[str, Any], kinds: tuple[str, ...]) -> tuple[Any, Any, Any, str]:
    found = key(track) if "key" in kinds else None
    return (
        melody_notes(track) if "notes" in kinds else None,
        annotation(track, "beats") if "beats" in kinds else None,
        annotation(track, "chords") if "chords" in kinds else None,
        "" if found is None else found[0],
    )


def _known(words: Iterable[str], known: tuple[str, ...], what: str) -> tuple[str, ...]:
    given = tuple(words)
    strange = [word for word in given if word not in known]
    if strange or not given:
        raise ParamsError(f"no {what} named {', '.join(strange) or 'nothing'}; there are: {', '.join(known)}")
    return tuple(word for word in known if word in given)


class _BothSides:
    """One kind of file for each side: A's at the path, B's beside it as ``….reference.…``."""

    suffix = ""
    formats: tuple[str, ...] = ()

    def export(self, match: Match, path: Path) -> None:
        """Write the files of both recordings."""
        stem = path.name.removesuffix(self.suffix) if path.name.endswith(self.suffix) else path.stem
        for _, side, recording, track in sides(match):
            for end, content in files(recording, track, formats=self.formats).items():
                target = path if end == self.suffix else path.with_name(stem + end)
                Path(side_path(str(target), side)).write_bytes(content)


class FeaturesExporter(_BothSides):
    """Notes, chords, beats and key of both recordings as tables, in the columns of corrections."""

    name, suffix = "features", ".notes.csv"
    formats = ("csv",)


class LayersExporter(_BothSides):
    """Notes, chords and beats of both recordings as layers for Sonic Visualiser."""

    name, suffix = "svl", ".notes.svl"
    formats = ("svl",)


class MidiExporter(_BothSides):
    """The melodies as MIDI files, with the beats as tempi and the chords as markers."""

    name, suffix = "midi", ".mid"
    formats = ("midi",)


class MusicXmlExporter(_BothSides):
    """The melodies as MusicXML, on sixteenths and triplets of the beats, with chord symbols and key."""

    name, suffix = "musicxml", ".musicxml"
    formats = ("musicxml",)
