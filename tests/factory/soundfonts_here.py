"""The banks of this machine, or why the tests that need one are skipped."""

import importlib.util
import shutil
from ctypes.util import find_library

import pytest

from versionmatch.factory.soundfonts import installed_soundfonts

FONTS = installed_soundfonts()
_MISSING = [
    what
    for what, there in (
        ("pyfluidsynth", importlib.util.find_spec("fluidsynth") is not None),
        ("FluidSynth's library", find_library("fluidsynth") is not None or shutil.which("fluidsynth") is not None),
        ("the soundfont timgm", "timgm" in FONTS),
    )
    if not there
]
needs_soundfont = pytest.mark.skipif(
    bool(_MISSING), reason=f"{', '.join(_MISSING)} not installed: run tools/soundfonts.sh"
)
