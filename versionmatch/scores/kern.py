"""Humdrum kern as scores: each ``**kern`` spine is a part, at the pitch that it writes, which is the sounding one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from ..errors import InputError
from .score import Score
from .symbols import STEPS, harte
from .writing import Draft, fraction, later, meter, whole

LENGTH = re.compile(r"(\d+)(?:%(\d+))?(\.*)")
PITCH = re.compile(r"([a-gA-G])\1*")
CHORDS = ("**harte", "**mxhm", "**chord")
MODES = {True: "major", False: "minor"}
MAX_SPINES = 512


@dataclass(slots=True)
class Spine:
    """One column: what it holds, which part it belongs to, and until when its last token lasts."""

    kind: str
    part: int = -1
    until: Fraction = Fraction(0)


def read_kern(text: str) -> Score:
    r"""The score of a kern file; spines that split stay one part. Raises InputError that names the line.

    >>> read_kern("**kern\n*M2/4\n4c\n8d\n8e\n*-\n").pitch.tolist()
    [60.0, 62.0, 64.0]
    """
    draft, at = Draft("kern"), Fraction(-1)
    spines: list[Spine] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("!!!"):
            _record(draft, line)
        if not line.strip() or line.startswith("!"):
            continue
        tokens = line.rstrip("\r\n").split("\t")
        if line.startswith("**"):
            spines = [Spine(t, draft.new_part("") if t == "**kern" else -1) for t in tokens]
            continue
        if len(tokens) != len(spines):
            raise InputError(f"line {number} has {len(tokens)} columns where there are {len(spines)} spines; mend it")
        if line.startswith("*"):
            spines = _interpreted(draft, spines, tokens, _next(spines, at), number)
        elif not line.startswith("="):
            at = _row(draft, spines, tokens, at, number)
    return draft.finish()


def _record(draft: Draft, line: str) -> None:
    kind, _, value = line[3:].partition(":")
    if kind.startswith("OTL") and not draft.title:
        draft.title = value.strip()
    elif kind == "COM" and not draft.composer:
        draft.composer = value.strip()
    elif kind == "ODT" and not draft.date:
        draft.date = value.strip()[:200]


def _next(spines: list[Spine], at: Fraction) -> Fraction:
    """When the first note or rest ends that still lasts at the row before, whose time is ``at``."""
    return min((s.until for s in spines if s.kind == "**kern" and s.until > at), default=max(at, Fraction(0)))


def _row(draft: Draft, spines: list[Spine], tokens: list[str], at: Fraction, line: int) -> Fraction:
    """Add the notes of a row; its time, which is when what its spines held before has ended.

    A row of grace notes alone takes no time.
    """
    pairs = [pair for pair in zip(spines, tokens, strict=True) if pair[1] != "."]
    timed = [(spine, token) for spine, token in pairs if spine.kind == "**kern" and _lasts(token)]
    begun = max((spine.until for spine, _ in timed), default=at)
    start = begun if begun > at else _next(spines, at)
    for spine, token in timed:
        lengths = [_note(draft, spine.part, start, note, line) for note in token.split(" ") if note]
        spine.until = later(start, max(lengths))
    for spine, token in pairs:
        symbol = harte(token) if spine.kind in CHORDS else None
        if symbol is not None:
            draft.symbols[start] = symbol
    return start if timed else at


def _lasts(token: str) -> bool:
    return any("q" not in note.lower() and ("r" in note or PITCH.search(note)) for note in token.split(" "))


def _note(draft: Draft, part: int, at: Fraction, token: str, line: int) -> Fraction:
    """Add one note; its length in quarters, 0 for grace notes."""
    if "q" in token or "Q" in token:
        return Fraction(0)
    length = LENGTH.search(token)
    if length is None:
        if "r" in token or not PITCH.search(token):
            return Fraction(0)
        raise InputError(f"line {line}: the note {token[:20]!r} has no length; write such as 4c")
    duration = _length(length, line)
    pitch = PITCH.search(token)
    if pitch is None or "r" in token:
        return duration
    letter, count = pitch[1], len(pitch[0])
    octave = 3 + count if letter.islower() else 4 - count
    alter = token.count("#") - token.count("-")
    if not -1 <= octave <= 9 or abs(alter) > 3:
        raise InputError(f"line {line}: the note {token[:20]!r} is out of range; mend it")
    sounding = float(12 * (octave + 1) + STEPS[letter.upper()] + alter)
    draft.add(at, duration, sounding, part, ties="_" in token or "[" in token)
    return duration


def _length(found: re.Match[str], line: int) -> Fraction:
    """A length such as ``4``, ``8.``, ``0`` (a breve) or ``3%2``, in quarters."""
    digits, below, dots = found.groups()
    if len(digits) > 4 or len(below or "") > 4 or len(dots) > 4 or (below and not int(below)):
        raise InputError(f"line {line}: the length {found[0][:20]!r} cannot be read; write such as 4 or 8.")
    plain = Fraction(4 * 2 ** len(digits)) if not int(digits) else Fraction(4 * int(below or 1), int(digits))
    return plain * (2 - Fraction(1, 2 ** len(dots)))


def _interpreted(draft: Draft, spines: list[Spine], tokens: list[str], at: Fraction, line: int) -> list[Spine]:
    """Splits, joins, exchanges and ends of spines; names, key, time and tempo."""
    out: list[Spine] = []
    for i, (spine, token) in enumerate(zip(spines, tokens, strict=True)):
        beside = (
            i > 0 and tokens[i - 1] == "*v" and (spines[i - 1].kind, spines[i - 1].part) == (spine.kind, spine.part)
        )
        if token == "*^":
            out += [spine, Spine(spine.kind, spine.part, spine.until)]
        elif token == "*+":
            out += [spine, Spine("", until=at)]
        elif token == "*v" and beside:
            out[-1].until = max(out[-1].until, spine.until)
        elif token != "*-":
            out.append(spine)
            _told(draft, spine, token, at, line)
    moved = [i for i, token in enumerate(tokens) if token == "*x"]
    if len(moved) == 2 and len(out) == len(spines):
        out[moved[0]], out[moved[1]] = out[moved[1]], out[moved[0]]
    if len(out) > MAX_SPINES:
        raise InputError(f"line {line}: there are {len(out)} spines; {MAX_SPINES} can be read")
    return out


def _told(draft: Draft, spine: Spine, token: str, at: Fraction, line: int) -> None:
    if token.startswith("**"):
        spine.kind, spine.part = token, draft.new_part("") if token == "**kern" else -1
    elif spine.kind != "**kern":
        return
    elif token.startswith('*I"'):
        draft.parts[spine.part] = token[3:].strip()
    elif re.fullmatch(r"\*MM\d+(\.\d+)?", token):
        draft.tempi[at] = float(fraction(token[3:], f"line {line}: the tempo", most=10**6))
    elif re.fullmatch(r"\*M[\d+]+/\d+", token):
        beats, unit = token[2:].split("/")
        draft.meters.setdefault(at, meter(beats, unit, f"line {line}: the time signature"))
    elif re.fullmatch(r"\*k\[[a-g#n-]*\]", token):
        sharps = whole(str(token.count("#") - token.count("-")), f"line {line}: the key signature", low=-7, high=7)
        draft.keys.setdefault(at, (sharps, ""))
    elif re.fullmatch(r"\*[A-Ga-g][#-]?:", token):
        _key(draft, token, at)


def _key(draft: Draft, token: str, at: Fraction) -> None:
    """A named key, such as ``*a:`` for A minor: the signature it has, and its mode."""
    letter, major = token[1].upper(), token[1].isupper()
    alter = token.count("#") - token.count("-")
    fifths = "FCGDAEB".index(letter) - 1 + 7 * alter - (0 if major else 3)
    draft.keys[at] = (fifths, MODES[major])
