"""One tune in five notations, and the smallest files around a few notes of each."""

import io
import zipfile

import mido

TUNE = [(60, 1), (62, 0.5), (64, 0.5), (65, 1), (67, 2), (66, 1 / 3), (67, 1 / 3), (69, 1 / 3), (67, 1), (60, 2)]
"""MIDI pitch and quarters, one after another."""

ABC = """X:1
T:A tune
M:4/4
L:1/4
Q:1/4=120
K:C
C D/E/ F G- | G (3^F/G/A/ G C- | C |]
"""

KERN = """!!!OTL: A tune
**kern
*k[]
*M4/4
*MM120
4c
8d
8e
4f
[4g
=
4g]
12f#
12g
12a
4g
[4c
=
4c]
*-
"""


def midi(tracks, *, ticks=480, kind=1):
    """A MIDI file of tracks of mido messages."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    file.tracks += [mido.MidiTrack([*track, mido.MetaMessage("end_of_track")]) for track in tracks]
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def played(notes, *, ticks=480, channel=0, name=None):
    """A track of ``(onset, duration, pitch)`` in quarters."""
    events = []
    for onset, duration, pitch in notes:
        events.append((round(onset * ticks), 1, mido.Message("note_on", note=pitch, velocity=80, channel=channel)))
        off = mido.Message("note_off", note=pitch, velocity=0, channel=channel)
        events.append((round((onset + duration) * ticks), 0, off))
    track, now = [mido.MetaMessage("track_name", name=name)] if name else [], 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def note(pitch, duration, *inside, chord=False):
    """A MusicXML note such as ``note("F#4", 6)``; ``inside`` is further XML."""
    step, alter, octave = pitch[0], pitch.count("#") - pitch.count("b"), pitch[-1]
    body = f"<pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
    return f"<note>{'<chord/>' * chord}{body}<duration>{duration}</duration>{''.join(inside)}</note>"


def musicxml(*parts, head=""):
    """A partwise document; each part is ``(name, measures)``, a measure is XML."""
    listed = "".join(f'<score-part id="P{i}"><part-name>{n}</part-name></score-part>' for i, (n, _) in enumerate(parts))
    written = "".join(
        f'<part id="P{i}">'
        + "".join(f'<measure number="{k}">{m}</measure>' for k, m in enumerate(measures))
        + "</part>"
        for i, (_, measures) in enumerate(parts)
    )
    text = f'<?xml version="1.0"?>{head}<score-partwise><part-list>{listed}</part-list>{written}</score-partwise>'
    return text.encode()


def attributes(divisions=6, inside=""):
    return f"<attributes><divisions>{divisions}</divisions>{inside}</attributes>"


def mxl(document, name="score.xml"):
    """The document compressed, with the container that names it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        found = f'<container><rootfiles><rootfile full-path="{name}"/></rootfiles></container>'
        archive.writestr("META-INF/container.xml", found)
        archive.writestr(name, document)
    return out.getvalue()


def tune_as(kind):
    """The tune as bytes of that format."""
    onsets = [sum(d for _, d in TUNE[:i]) for i in range(len(TUNE))]
    if kind == "midi":
        track = played([(onset, d, p) for onset, (p, d) in zip(onsets, TUNE, strict=True)])
        return midi([[mido.MetaMessage("set_tempo", tempo=500_000)], track])
    if kind == "csv":
        rows = [f"{o / 2!r},{(o + d) / 2!r},{p}" for o, (p, d) in zip(onsets, TUNE, strict=True)]
        return "\n".join(["onset,offset,pitch", *rows]).encode()
    if kind in {"musicxml", "mxl"}:
        names = ("C4", "D4", "E4", "F4", "G4", "F#4", "G4", "A4", "G4", "C4")
        time = attributes(6, "<time><beats>4</beats><beat-type>4</beat-type></time>") + '<sound tempo="120"/>'
        notes = [note(name, round(6 * d)) for name, (_, d) in zip(names, TUNE, strict=True)]
        tied = note("G4", 6, '<tie type="start"/>'), note("G4", 6, '<tie type="stop"/>')
        last = note("C4", 6, '<tie type="start"/>'), note("C4", 6, '<tie type="stop"/>')
        bars = time + "".join(notes[:4]) + tied[0], tied[1] + "".join(notes[5:9]) + last[0], last[1]
        document = musicxml(("Tune", bars))
        return mxl(document) if kind == "mxl" else document
    return {"abc": ABC, "kern": KERN}[kind].encode()
