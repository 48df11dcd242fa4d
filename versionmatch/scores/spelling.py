"""How pitches and keys are written: key signatures, letters and accidentals."""

from __future__ import annotations

from ..units import PITCH_CLASSES

LETTERS = "FCGDAEB"  # the line of fifths; a step on is a fifth up


def key_signature(label: str) -> tuple[int, str] | None:
    """Sharps (flats below 0) and mode of a key as the features name it; None where it is none.

    >>> key_signature("G major"), key_signature("F♯ minor"), key_signature("E♭ major"), key_signature("")
    ((1, 'major'), (3, 'minor'), (-3, 'major'), None)
    """
    tonic, _, mode = label.partition(" ")
    if tonic not in PITCH_CLASSES or mode not in {"major", "minor"}:
        return None
    relative = PITCH_CLASSES.index(tonic) + (3 if mode == "minor" else 0)
    return (7 * relative + 5) % 12 - 5, mode


def spelled(pitch: int, fifths: int) -> tuple[str, int, int]:
    """Letter, sharps (flats below 0) and octave of a MIDI pitch in a key of so many sharps.

    Of all spellings the one between three fifths below and eight above the major tonic: the raised fourth, fifth,
    tonic and second, the lowered third and seventh.

    >>> spelled(61, 0), spelled(70, -2), spelled(66, 1), spelled(71, -6)
    (('C', 1, 4), ('B', -1, 4), ('F', 1, 4), ('C', -1, 5))
    """
    low = fifths - 3
    place = low + (7 * pitch - low) % 12  # on the line of fifths, C at 0
    letter, alter = LETTERS[(place + 1) % 7], (place + 1) // 7
    return letter, alter, (pitch - alter) // 12 - 1


def signature_alters(fifths: int) -> dict[str, int]:
    """What a key signature makes of each letter.

    >>> signature_alters(2), signature_alters(-1)
    ({'F': 1, 'C': 1}, {'B': -1})
    """
    named = LETTERS[:fifths] if fifths >= 0 else LETTERS[fifths:]
    return dict.fromkeys(named, 1 if fifths > 0 else -1)
