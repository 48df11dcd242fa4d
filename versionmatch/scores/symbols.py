"""Chord symbols as they are written over notes, in Harte's notation."""

from __future__ import annotations

import re

ROOT = re.compile(r"([A-Ga-g])(##|bb|[#b♯♭]?)")
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
KINDS = (  # the first that fits; what a quality adds beyond these is left out
    (r"(maj|major|Maj|M|Δ|\^)-?(7|9|11|13)|major-(seventh|ninth|11th|13th)", "maj7"),
    (r"(min|minor|m|mi|-)(7|9|11|13)|minor-(seventh|ninth|11th|13th)", "min7"),
    (r"minor|min|mi|m(?!a)|-", "min"),
    (r"dim|diminished|o|°|half-diminished|ø|hdim", "dim"),
    (r"aug|augmented|\+", "aug"),
    (r"sus|suspended", "sus4"),
    (r"dominant|7|9|11|13", "7"),
    (r"power|5$", "5"),
)

STEPS_OF = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
    "5": (0, 7),
}


def harte(symbol: str) -> str | None:
    """The chord in Harte's notation by its root and basic quality; None where it is no chord, ``N`` for none.

    >>> [harte(s) for s in ("Am", "F#m7", "Bbmaj7", "G7/B", "C", "Dm7b5", "E:min", "N.C.", "Fine")]
    ['A:min', 'F#:min7', 'Bb:maj7', 'G:7', 'C:maj', 'D:min7', 'E:min', 'N', None]
    """
    text = symbol.strip()
    if text.replace(".", "").upper() in {"N", "NC"}:
        return "N"
    root = ROOT.match(text)
    if root is None:
        return None
    rest = text[root.end() :].strip(" :()").split("/")[0]
    if not re.fullmatch(r"[-\w+#♯♭°øΔ^(), ]*", rest) or (re.fullmatch(r"[a-z]{3,}", rest) and not _known(rest)):
        return None
    return f"{root_name(root[1], root[2])}:{quality(rest)}"


def root_name(step: str, alter: str | int) -> str:
    """A root's usual name from its letter and sharps (1, ``#``) or flats (-1, ``b``)."""
    steps = alter if isinstance(alter, int) else sum({"#": 1, "♯": 1, "b": -1, "♭": -1}[c] for c in alter)
    return ROOTS[(STEPS[step.upper()] + steps) % 12]


def quality(text: str) -> str:
    """The quality that a written kind stands for; ``maj`` where nothing else is said."""
    if text.startswith("minor-major") or text in {"mM7", "mmaj7"}:
        return "min"
    return next((name for pattern, name in KINDS if re.match(pattern, text)), "maj")


def tones(label: str) -> tuple[int, ...]:
    """MIDI pitches of a chord in Harte's notation: its root below C3, its tones from there up; none for ``N``.

    >>> tones("A:min"), tones("N")
    ((45, 57, 60, 64), ())
    """
    root, colon, kind = label.partition(":")
    if not colon:
        return ()
    low = 48 + ROOTS.index(root)
    return (low - 12, *(low + step for step in STEPS_OF[kind]))


def _known(text: str) -> bool:
    return text.startswith(("maj", "min", "dim", "aug", "sus", "add", "hdim"))
