"""Chords as degrees of a key: roman numerals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from .chord import Chord
from .key import Key
from .progression import Progression, of_track

_IN_MAJOR = ("I", "♭II", "II", "♭III", "III", "IV", "♯IV", "V", "♭VI", "VI", "♭VII", "VII")
_IN_MINOR = ("I", "♭II", "II", "III", "♯III", "IV", "♯IV", "V", "VI", "♯VI", "VII", "♯VII")
_LEADING = {1: "♯I", 3: "♯II", 8: "♯V"}  # diminished chords on chromatic steps lead upward
_ENDING = {
    "maj": "", "min": "", "7": "7", "maj7": "maj7", "min7": "7", "maj6": "6", "min6": "6", "minmaj7": "maj7",
    "dim": "°", "dim7": "°7", "hdim7": "ø7", "aug": "+", "sus4": "sus4", "sus2": "sus2", "5": "5",
}  # fmt: skip
SMALL = ("min", "min7", "min6", "minmaj7", "dim", "dim7", "hdim7")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A chord of a recording with its degree: from ``start_s`` to ``end_s`` seconds, ``label``, ``numeral``."""

    start_s: float
    end_s: float
    label: str
    numeral: str


def roman(chord: Chord | str, key: Key | str) -> str:
    """The chord as a degree of the key; ``N`` for no chord.

    Upper case where the third is major or missing, lower case where it is minor; ``°``, ``ø7``, ``+``, ``7``, ``maj7``,
    ``6`` (a sixth that is added, no inversion), ``sus4``, ``sus2``, ``5`` follow. Steps outside the key's scale get ♭
    or ♯ before them. In minor the scale is the natural one: III, VI and VII are its own, and a diminished chord on the
    leading tone is vii°. Diminished chords on chromatic steps are named as leading tones (♯iv°). Inversions are not
    told.

    >>> [roman(c, "C major") for c in ("D:min7", "G:7", "Bb", "F#:dim7", "C:maj7")]
    ['ii7', 'V7', '♭VII', '♯iv°7', 'Imaj7']
    >>> [roman(c, "A minor") for c in ("Am", "E:7", "G", "G#:dim7", "B:hdim7")]
    ['i', 'V7', 'VII', 'vii°7', 'iiø7']
    """
    x, k = Chord.of(chord) if isinstance(chord, str) else chord, Key.of(key) if isinstance(key, str) else key
    if not x.sounds:
        return x.label
    return _degree(x, k) + _ENDING[x.quality]


def _degree(chord: Chord, key: Key) -> str:
    step = (chord.root - key.tonic) % 12
    name = (_IN_MINOR if key.minor else _IN_MAJOR)[step]
    if chord.quality in {"dim", "dim7", "hdim7"}:
        if key.minor and step == 11:
            name = "VII"
        elif not key.minor or step == 1:
            name = _LEADING.get(step, name)
    return name.lower() if chord.quality in SMALL else name


def romans(progression: Progression, key: Key | str | None = None) -> tuple[str, ...]:
    """The degrees of a progression in ``key``, else in its own; InputError where there is neither.

    A major triad or dominant seventh that does not belong to the key and moves on to the degree a fifth below, where
    that is a degree of the key other than its tonic and no diminished one, is named as that degree's dominant. In
    minor the dominant with its raised leading tone belongs to the key.

    >>> romans(Progression.of("C A:7 Dm D:7 G:7 C C:7 F C".split(), key="C major"))
    ('I', 'V7/ii', 'ii', 'V7/V', 'V7', 'I', 'V7/IV', 'IV', 'I')
    """
    chosen = Key.of(key) if isinstance(key, str) else key or progression.key
    if chosen is None:
        raise InputError("roman numerals need a key, and the progression has none; give one, such as 'G major'")
    following = [*progression.chords[1:], None]
    return tuple(
        _secondary(chord, after, chosen) or roman(chord, chosen)
        for chord, after in zip(progression.chords, following, strict=True)
    )


def _secondary(chord: Chord, after: Chord | None, key: Key) -> str | None:
    if after is None or not (chord.sounds and after.sounds) or chord.quality not in {"maj", "7"}:
        return None
    if (chord.root - after.root) % 12 != 7 or after.root not in key.scale[1:]:
        return None
    own = {*key.scale, *([(key.tonic + 11) % 12] if key.minor and chord.root == (key.tonic + 7) % 12 else [])}
    if chord.tones <= own or after.quality in {"dim", "dim7", "hdim7"}:
        return None
    return f"V{_ENDING[chord.quality]}/{_degree(after, key)}"


def numerals(track: Mapping[str, Any], key: Key | str | None = None) -> tuple[Numeral, ...]:
    """The chords of a track with their times and degrees, in ``key`` if it is given, else in the track's own.

    A key that was found wrongly shows at once, as a piece full of ♭ and ♯: give the right one. Empty where the track
    has no harmony of its own (``has_harmony``) or no key.
    """
    progression = of_track(track)
    if progression.times_s is None or (key is None and progression.key is None):
        return ()
    named = romans(progression, key)
    rows = zip(progression.times_s.tolist(), progression.labels, named, strict=True)
    return tuple(Numeral(start, end, label, numeral) for (start, end), label, numeral in rows)
