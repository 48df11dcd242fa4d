"""MusicXML as scores: partwise and timewise, plain and compressed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from ..errors import InputError
from .score import Score
from .symbols import STEPS, quality, root_name
from .writing import Draft, fraction, later, meter, whole
from .xml_tree import parse, unpacked

NAMES = ("whole", "half", "quarter", "eighth", "16th", "32nd")
UNITS = {name: Fraction(4, 2**i) for i, name in enumerate(NAMES)}


@dataclass(slots=True)
class Place:
    """Where the reader stands in a part."""

    part: int
    at: Fraction = Fraction(0)  # quarters
    furthest: Fraction = Fraction(0)
    last: Fraction = Fraction(0)  # onset of the last note, for chords
    divisions: Fraction = Fraction(1)
    raised: int = 0  # semitones from what is written to what sounds


def read_musicxml(data: bytes) -> Score:
    """The score of a MusicXML document or of a compressed one; notes of transposing instruments as they sound.

    Cue notes and unpitched ones are left out. Raises InputError or LimitError.
    """
    root = parse(unpacked(data) if data[:2] == b"PK" else data)
    if root.tag not in {"score-partwise", "score-timewise"}:
        raise InputError(f"this XML is a {root.tag[:40]!r}, not a score-partwise or score-timewise of MusicXML")
    draft = Draft("musicxml")
    draft.title = _text(root, "work/work-title") or _text(root, "movement-title")
    draft.composer = next((_text(c, ".") for c in root.iter("creator") if c.get("type") == "composer"), None)
    names = {p.get("id", ""): _text(p, "part-name") for p in root.iter("score-part")}
    for name, measures in _parts(root).items():
        place = Place(draft.new_part(names.get(name) or name))
        for measure in measures:
            _measure(draft, place, measure)
    return draft.finish()


def _parts(root: Element) -> dict[str, list[Element]]:
    """The measures of each part, by the part's id."""
    if root.tag == "score-partwise":
        return {p.get("id", str(i)): p.findall("measure") for i, p in enumerate(root.findall("part"))}
    parts: dict[str, list[Element]] = {}
    for measure in root.findall("measure"):
        for part in measure.findall("part"):
            parts.setdefault(part.get("id", ""), []).append(part)
    return parts


def _measure(draft: Draft, place: Place, measure: Element) -> None:
    place.furthest = place.at
    for item in measure:
        if item.tag == "note":
            _note(draft, place, item)
        elif item.tag in {"backup", "forward"}:
            place.at = later(place.at, _duration(place, item) * (1 if item.tag == "forward" else -1))
            if place.at < 0:
                raise InputError(
                    f"a backup in measure {measure.get('number')!r} leads to before the score begins; mend it"
                )
        elif item.tag == "attributes":
            _attributes(draft, place, item)
        elif item.tag in {"direction", "sound"}:
            _tempo(draft, place, item)
        elif item.tag == "harmony":
            _harmony(draft, place, item)
        place.furthest = max(place.furthest, place.at)
    place.at = place.furthest


def _note(draft: Draft, place: Place, note: Element) -> None:
    if note.find("grace") is not None:
        return
    duration = _duration(place, note)
    onset = place.last if note.find("chord") is not None else place.at
    if note.find("chord") is None:
        place.last, place.at = place.at, later(place.at, duration)
    pitch = note.find("pitch")
    if pitch is None or note.find("cue") is not None:
        return
    step = _text(pitch, "step")
    if step not in STEPS:
        raise InputError(f"a note of this MusicXML has the step {step[:20]!r}; A to G can be read")
    alter = fraction(_text(pitch, "alter") or "0", "the alter of a note", most=12)
    octave = whole(_text(pitch, "octave"), "the octave of a note", low=-1, high=10)
    sounding = 12 * (octave + 1) + STEPS[step] + float(alter) + place.raised
    ties = any(tie.get("type") == "start" for tie in note.findall("tie"))
    draft.add(onset, duration, sounding, place.part, ties=ties)


def _duration(place: Place, item: Element) -> Fraction:
    return fraction(_text(item, "duration") or "0", "a duration", most=10**9) / place.divisions


def _attributes(draft: Draft, place: Place, item: Element) -> None:
    if _text(item, "divisions"):
        place.divisions = fraction(_text(item, "divisions"), "the divisions of a quarter", most=10**6)
        if place.divisions <= 0:
            raise InputError(f"the divisions of a quarter are {place.divisions}; more than 0 are needed")
    move = item.find("transpose")
    if move is not None:
        chromatic = fraction(_text(move, "chromatic") or "0", "a transposition", most=127)
        octaves = whole(_text(move, "octave-change") or "0", "an octave-change", low=-9, high=9)
        place.raised = round(chromatic) + 12 * octaves
    beats, unit, fifths = _text(item, "time/beats"), _text(item, "time/beat-type"), _text(item, "key/fifths")
    if beats and unit:
        draft.meters.setdefault(place.at, meter(beats, unit, "a time signature"))
    if fifths:
        written = whole(fifths, "the fifths of a key", low=-11, high=11)
        sharps = (written + 7 * place.raised + 6) % 12 - 6 if place.raised % 12 else written
        mode = _text(item, "key/mode").lower()
        draft.keys.setdefault(place.at, (sharps, mode if mode in {"major", "minor"} else ""))


def _tempo(draft: Draft, place: Place, item: Element) -> None:
    """What a ``sound`` says counts before what a metronome mark says."""
    offset = fraction(_text(item, "offset") or "0", "the offset of a direction", most=10**9) / place.divisions
    at = max(Fraction(0), place.at + (offset if item.tag == "direction" else 0))
    sound = item if item.tag == "sound" else item.find("sound")
    if sound is not None and sound.get("tempo"):
        draft.tempi[at] = float(fraction(sound.get("tempo", ""), "a tempo", most=10**6))
        return
    mark = item.find("direction-type/metronome")
    unit = UNITS.get(_text(mark, "beat-unit")) if mark is not None else None
    if mark is None or unit is None:
        return
    digits = "".join(c for c in _text(mark, "per-minute") if c.isdigit() or c == ".")
    if digits:
        dots = len(mark.findall("beat-unit-dot"))
        length = unit * (2 - Fraction(1, 2**dots))
        draft.tempi.setdefault(at, float(fraction(digits, "a tempo", most=10**6) * length))


def _harmony(draft: Draft, place: Place, item: Element) -> None:
    offset = fraction(_text(item, "offset") or "0", "the offset of a chord", most=10**9) / place.divisions
    kind, step = _text(item, "kind"), _text(item, "root/root-step")
    if kind == "none":
        draft.symbols[place.at + offset] = "N"
    elif step in STEPS:
        alter = whole(_text(item, "root/root-alter") or "0", "the alter of a chord's root", low=-2, high=2)
        semitones = STEPS[step] + alter + place.raised
        root = root_name("C", semitones)
        draft.symbols[place.at + offset] = f"{root}:{quality(kind)}"


def _text(item: Element, path: str) -> str:
    """The text below ``path``, without white space around it; empty where there is none."""
    found = item if path == "." else item.find(path)
    return (found.text or "").strip() if found is not None else ""
