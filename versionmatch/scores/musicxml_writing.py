"""MusicXML of written melodies: one part for each, with key, chord symbols and the recording's tempo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from ..types import Annotation, Notes
from .beat_grid import BeatGrid
from .pieces import BAR, Piece, bars
from .quantised import UNITS, Written, quantised
from .spelling import key_signature, signature_alters, spelled

KINDS = {
    "maj": "major",
    "min": "minor",
    "7": "dominant",
    "maj7": "major-seventh",
    "min7": "minor-seventh",
    "dim": "diminished",
    "aug": "augmented",
    "sus4": "suspended-fourth",
    "5": "power",
}
SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)


@dataclass(frozen=True, slots=True)
class Part:
    """A written melody and its name; its notes' ids are ``prefix`` and their index among the notes."""

    name: str
    written: Written
    prefix: str = "n"


def melody_musicxml(
    notes: Notes | None,
    beats: Annotation | None,
    *,
    key: str = "",
    chords: Annotation | None = None,
    title: str = "",
) -> str:
    """A recording's melody as MusicXML, on sixteenths and triplets of its beats.

    Bars are of four beats from the first one found on, as no metre is known. Each beat's tempo is written (but not
    shown), so that what is read back lies where it sounded, to within the rounding of its rhythm. ``chords`` in
    Harte's notation; ``key`` such as ``"G major"``.
    """
    grid = BeatGrid.of(beats)
    nothing = Notes(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
    written = quantised(nothing if notes is None else notes, grid)
    return musicxml([Part("Melody", written)], key=key, grid=grid, chords=chords, title=title)


def musicxml(
    parts: Sequence[Part],
    *,
    key: str = "",
    grid: BeatGrid | None = None,
    chords: Annotation | None = None,
    title: str = "",
) -> str:
    """Parts above each other; tempi and chords stand in the first one where a grid is given."""
    signature = key_signature(key)
    lead = 0 if grid is None else grid.lead
    pickup = lead % 4 * UNITS
    asides = [] if grid is None else _asides(grid, chords)
    end = max([part.written.end for part in parts] + [u + 1 for u, _ in asides] + [1])
    n_bars = int(np.ceil(max(1, end - pickup) / BAR)) + (pickup > 0)
    names = "".join(
        f'<score-part id="P{i}"><part-name>{escape(part.name)}</part-name></score-part>'
        for i, part in enumerate(parts, start=1)
    )
    work = f"<work><work-title>{escape(title)}</work-title></work>" if title else ""
    body = [
        f'<part id="P{i}">{"".join(_measures(part, n_bars, pickup, signature, asides if i == 1 else []))}</part>'
        for i, part in enumerate(parts, start=1)
    ]
    return f'{HEAD}<score-partwise version="4.0">{work}<part-list>{names}</part-list>{"".join(body)}</score-partwise>\n'


Aside = tuple[int, str]
"""Something that is no note, and its place in 24ths of a quarter."""


def _asides(grid: BeatGrid, chords: Annotation | None) -> list[Aside]:
    out: list[Aside] = []
    last = 0.0
    for quarter, bpm in enumerate(grid.tempi.tolist()):
        if abs(bpm - last) > 1e-9:
            out.append((quarter * UNITS, f'<sound tempo="{bpm:.9f}"/>'))
        last = bpm
    if chords is not None:
        for place, label in zip(grid.quarters(chords.onset_s).tolist(), chords.labels, strict=True):
            out.append((max(0, round(place * UNITS)), _harmony(label)))
    return sorted(out, key=lambda aside: aside[0])


def _harmony(label: str) -> str:
    root, _, kind = label.partition(":")
    if kind not in KINDS:
        return '<harmony><root><root-step text="">C</root-step></root><kind text="N.C.">none</kind></harmony>'
    sign = {"#": 1, "b": -1}.get(root[1:], 0)
    alter = f"<root-alter>{sign}</root-alter>" if sign else ""
    return f"<harmony><root><root-step>{root[0]}</root-step>{alter}</root><kind>{KINDS[kind]}</kind></harmony>"


def _measures(
    part: Part, n_bars: int, pickup: int, signature: tuple[int, str] | None, asides: Sequence[Aside]
) -> Iterator[str]:
    fifths = signature[0] if signature else 0
    start = 0
    for i, bar in enumerate(bars(part.written, n_bars, pickup=pickup)):
        number = i if pickup else i + 1
        hidden = ' implicit="yes"' if pickup and i == 0 else ""
        end = bar[-1].end if bar else start
        said = _attributes(part.written, signature) if i == 0 else ""
        said += "".join(_notes(bar, part.prefix, fifths, part.written))
        said += _beside([a for a in asides if start <= a[0] < end], start, end)
        yield f'<measure number="{number}"{hidden}>{said}</measure>'
        start = end


def _attributes(written: Written, signature: tuple[int, str] | None) -> str:
    key = f"<key><fifths>{signature[0]}</fifths><mode>{signature[1]}</mode></key>" if signature else ""
    low = len(written) > 0 and float(np.median(written.pitch)) < 56
    clef = "<sign>F</sign><line>4</line>" if low else "<sign>G</sign><line>2</line>"
    return (
        f"<attributes><divisions>{UNITS}</divisions>{key}<time><beats>4</beats><beat-type>4</beat-type></time>"
        f"<clef>{clef}</clef></attributes>"
    )


def _beside(asides: Sequence[Aside], start: int, end: int) -> str:
    """Tempi and chords of a bar, behind its notes, each at its place."""
    if not asides:
        return ""
    out, at = [f"<backup><duration>{end - start}</duration></backup>"], start
    for place, text in [*asides, (end, "")]:
        if place > at:
            out.append(f"<forward><duration>{place - at}</duration></forward>")
        out.append(text)
        at = place
    return "".join(out)


def _notes(bar: Sequence[Piece], prefix: str, fifths: int, written: Written) -> Iterator[str]:
    shown: dict[tuple[str, int], int] = {}
    usual = signature_alters(fifths)
    for at, piece in enumerate(bar):
        kind, dots = piece.value
        within = piece.start % UNITS
        brackets = (within == 0, piece.end % UNITS == 0) if piece.triplet else (False, False)
        ratio = "<actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
        end = f"<duration>{piece.length}</duration>"
        looks = f"<voice>1</voice><type>{kind}</type>" + "<dot/>" * dots
        modified = f"<time-modification>{ratio}</time-modification>" if piece.triplet else ""
        marks = [f'<tuplet type="{t}"/>' for t, on in zip(("start", "stop"), brackets, strict=True) if on]
        if piece.pitch is None:
            alone = len(bar) == 1 and piece.length == BAR
            rest = '<rest measure="yes"/>' if alone else "<rest/>"
            yield f"<note>{rest}{end}{looks}{modified}{_notations(marks)}</note>"
            continue
        letter, alter, octave = spelled(piece.pitch, fifths)
        sign = ""
        if shown.get((letter, octave), usual.get(letter, 0)) != alter and (piece.nth == 0 or at > 0):
            shown[letter, octave] = alter
            sign = f"<accidental>{SIGNS[alter]}</accidental>"
        ties = [t for t, on in (("stop", piece.nth > 0), ("start", not piece.last)) if on]
        tied = "".join(f'<tie type="{t}"/>' for t in ties)
        marks = [f'<tied type="{t}"/>' for t in ties] + marks
        beams = "".join(f'<beam number="{n}">{b}</beam>' for n, b in enumerate(piece.beams, start=1))
        name = f"{prefix}{written.index[piece.note]}" + (f"-{piece.nth}" if piece.nth else "")
        raised = f"<alter>{alter}</alter>" if alter else ""
        pitch = f"<pitch><step>{letter}</step>{raised}<octave>{octave}</octave></pitch>"
        yield (f"<note id={quoteattr(name)}>{pitch}{end}{tied}{looks}{sign}{modified}{beams}{_notations(marks)}</note>")


def _notations(marks: Sequence[str]) -> str:
    return f"<notations>{''.join(marks)}</notations>" if marks else ""
