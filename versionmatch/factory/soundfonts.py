"""Where Debian keeps the General MIDI banks that versions are rendered with, and which of them is kept unseen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError

SOUNDFONT_FILES: dict[str, tuple[str, ...]] = {
    "fluid": ("/usr/share/sounds/sf2/FluidR3_GM.sf2",),
    "timgm": ("/usr/share/sounds/sf2/TimGM6mb.sf2",),
    "opl3": ("/usr/share/sounds/sf2/OPL-3_FM_128M.sf2",),
    "fluid-mono": (
        "/usr/share/sounds/sf3/FluidR3Mono_GM.sf3",
        "/usr/share/fluidr3mono-gm-soundfont/FluidR3Mono_GM.sf3",
    ),
    "musescore-general": ("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3",),
}
"""Where Debian's packages put the banks; freepats is left out: its patches are not a bank that FluidSynth reads."""

UNSEEN_SOUNDFONT = "timgm"
"""Kept out of training, so that there is a synthesiser that a network has never heard.

MuseScore General derives in part from FluidR3, so it would be less of a stranger.
"""

PACKAGES = (
    "libfluidsynth3 fluid-soundfont-gm timgm6mb-soundfont opl3-soundfont fluidr3mono-gm-soundfont "
    "musescore-general-soundfont-small"
)
REMEDY = f"run tools/soundfonts.sh, or install Debian's {PACKAGES}"


def installed_soundfonts() -> dict[str, Path]:
    """Name and path of every known soundfont on this machine, the unseen one included; may be empty."""
    found = {}
    for name, candidates in SOUNDFONT_FILES.items():
        there = [Path(path) for path in candidates if Path(path).is_file()]
        if there:
            found[name] = there[0]
    return found


def soundfonts_named(names: Sequence[str]) -> list[Path]:
    """Paths of the named soundfonts; InputError lists those there are."""
    found = installed_soundfonts()
    missing = [name for name in names if name not in found]
    if missing:
        known = ", ".join(found)
        raise InputError(f"the soundfont {missing[0]!r} is not on this machine; there are: {known}; {REMEDY}")
    return [found[name] for name in names]


def training_soundfonts() -> list[Path]:
    """Paths of the soundfonts to train with: all that are installed but ``UNSEEN_SOUNDFONT``.

    Raises
    ------
    InputError
        Where there is none.
    """
    paths = [path for name, path in installed_soundfonts().items() if name != UNSEEN_SOUNDFONT]
    if not paths:
        known = ", ".join(name for name in SOUNDFONT_FILES if name != UNSEEN_SOUNDFONT)
        raise InputError(f"none of the soundfonts {known} is on this machine; {REMEDY}")
    return paths
