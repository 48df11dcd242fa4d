"""Which General MIDI instruments play which role."""

from __future__ import annotations

import numpy as np

PIANOS = (0, 1, 2, 3, 4, 5, 6, 7)
ORGANS = (16, 17, 18, 19, 20, 21)
ACOUSTIC_GUITARS = (24, 25)
CLEAN_GUITARS = (26, 27, 28)
DRIVEN_GUITARS = (29, 30)
STRINGS = (48, 49, 50, 51)
CHOIRS = (52, 53, 54)
WINDS = (64, 65, 66, 67, 68, 69, 71, 72, 73, 74, 75, 77, 78, 79)
BOWED = (40, 41, 42, 110)
BRASS = (56, 57, 59, 60, 61, 62)
SYNTH_LEADS = (80, 81, 82, 83, 84, 87)
SYNTH_PADS = (88, 89, 90, 91, 92, 94, 95)
MALLETS = (8, 9, 10, 11, 12, 13, 14, 108)
PLUCKED = (15, 45, 46, 104, 105, 106, 107)
BASSES = (32, 33, 34, 35, 36, 37)
SYNTH_BASSES = (38, 39)
DRUM_KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)

FAMILIES: dict[str, tuple[tuple[int, ...], ...]] = {
    "voice": (CHOIRS, (53, 54, 85), WINDS, BOWED, BRASS, SYNTH_LEADS, CLEAN_GUITARS, (22,), PIANOS),
    "lead": (WINDS, WINDS, BOWED, BRASS, SYNTH_LEADS, CLEAN_GUITARS, DRIVEN_GUITARS, (22,), PIANOS, MALLETS, PLUCKED),
    "counter": (WINDS, BOWED, BRASS, CHOIRS, SYNTH_LEADS, CLEAN_GUITARS, MALLETS, PIANOS),
    "chords": (PIANOS, PIANOS, ORGANS, CLEAN_GUITARS, ACOUSTIC_GUITARS, BRASS),
    "strum": (ACOUSTIC_GUITARS, ACOUSTIC_GUITARS, CLEAN_GUITARS, (105, 15)),
    "arpeggio": (PIANOS, ACOUSTIC_GUITARS, CLEAN_GUITARS, MALLETS, PLUCKED, SYNTH_LEADS),
    "pad": (STRINGS, STRINGS, CHOIRS, SYNTH_PADS, ORGANS),
    "power": (DRIVEN_GUITARS,),
    "riff": (DRIVEN_GUITARS, CLEAN_GUITARS, BRASS, SYNTH_LEADS, PIANOS),
    "drone": (ORGANS, STRINGS, (109, 111, 21, 20), BOWED),
    "bass": (BASSES, BASSES, SYNTH_BASSES, (43, 58)),
}
"""Families by role; a family named twice is twice as likely."""

ONE_AT_A_TIME = frozenset({"voice", "lead", "counter", "riff", "bass"})
"""Roles that play a line: their notes are bent one by one."""

RINGING = frozenset((*PIANOS, *ACOUSTIC_GUITARS, *CLEAN_GUITARS, *MALLETS, *PLUCKED))
"""Programs that may be left to ring: a pedal, or strings that nobody stops."""

GLIDING = frozenset((*CHOIRS, 85, *WINDS, *BOWED, *SYNTH_LEADS, *CLEAN_GUITARS, *DRIVEN_GUITARS))
"""Programs whose players slide from note to note."""


def draw_program(role: str, rng: np.random.Generator) -> int:
    """A program for the role; of drums, a kit."""
    if role == "drums":
        return int(rng.choice(DRUM_KITS))
    families = FAMILIES[role]
    return int(rng.choice(families[int(rng.integers(len(families)))]))
