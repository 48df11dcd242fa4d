"""FluidSynth inside this process: General MIDI soundfonts turn channels of notes into sound.

The same channels give the same samples, whatever was rendered before: every render has a synth of its own,
reverb and chorus stay off, and sound is written in whole blocks.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, MissingExtra
from ..types import FloatArray
from .events import BEND, NOTE_ON, Channel, events_of
from .soundfonts import REMEDY

BLOCK = 64  # samples; FluidSynth hears of events between blocks of this length only
CHANNELS = 32
POLYPHONY = 48
GAIN = 0.6
NOTE_RMS = 0.016  # of a usual instrument's note at velocity 0.8 and 0 dB
_LINEAR = 1  # interpolation between a sample's points; enough below the 8 kHz that the transform reads


class Synthesiser:
    """FluidSynth with one bank; ask ``synthesiser`` for it, as loading a bank takes up to 3 s.

    The bank is loaded once, and lent to a new synth for every render: a synth's voices remember the loudness
    of what they played before, so that one synth for all would not give the same samples twice.

    Parameters
    ----------
    path : Path
        An sf2 or sf3 bank.
    sr : int
        Samples per second of what it renders.

    Raises
    ------
    InputError
        If the file is absent or no bank.
    MissingExtra
        If pyfluidsynth or FluidSynth's library is absent.
    """

    def __init__(self, path: Path, sr: int = 16000) -> None:
        if not path.is_file():
            raise InputError(f"there is no soundfont {path}; {REMEDY}")
        self.path, self.sr = path, sr
        self._module, self._library = _fluidsynth()
        owner = self._new()
        if owner.sfload(str(path)) < 0:
            owner.delete()
            raise InputError(f"{path} is no soundfont that FluidSynth can read; name an sf2 or sf3 bank, or {REMEDY}")
        self._bank = self._library.fluid_synth_get_sfont(owner.synth, 0)
        self._library.fluid_synth_remove_sfont(owner.synth, self._bank)
        owner.delete()
        self._loudness: dict[tuple[int, int], float] = {}

    def loudness_db(self, program: int, pitch: float) -> float:
        """How much louder (−18 to 18 dB) than ``NOTE_RMS`` a program sounds near a pitch; measured once an octave."""
        key = 12 * int(np.clip(round(pitch / 12), 2, 8))
        if (program, key) not in self._loudness:
            note = np.array([[0.0, 0.6, key, 0.8]], dtype=np.float32)
            sound = self.render([Channel(note, program)], int(0.6 * self.sr))
            level = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
            self._loudness[program, key] = float(np.clip(20 * np.log10(max(level, 1e-9) / NOTE_RMS), -18, 18))
        return self._loudness[program, key]

    def render(self, channels: Sequence[Channel], n_samples: int) -> FloatArray:
        """``(n_samples,)``, mono, what the channels sound like together; parts beyond ``CHANNELS`` share channels."""
        synth = self._new()
        bank = self._library.fluid_synth_add_sfont(synth.synth, self._bank)
        try:
            for number, channel in enumerate(channels):
                _prepare(synth, number % CHANNELS, bank, channel)
            mono: FloatArray = self._played(synth, channels, n_samples)
        finally:
            self._silence(synth)
            self._library.fluid_synth_remove_sfont(synth.synth, self._bank)
            synth.delete()
        return mono

    def _new(self) -> Any:
        quiet = {"synth.reverb.active": 0, "synth.chorus.active": 0, "synth.lock-memory": 0, "synth.cpu-cores": 1}
        synth = self._module.Synth(
            gain=GAIN, samplerate=self.sr, channels=CHANNELS, **quiet, **{"synth.polyphony": POLYPHONY}
        )
        self._library.fluid_synth_set_interp_method(synth.synth, -1, _LINEAR)
        return synth

    def _played(self, synth: Any, channels: Sequence[Channel], n_samples: int) -> FloatArray:
        n_blocks = -(-n_samples // BLOCK)
        stereo = np.zeros((2, n_blocks * BLOCK), dtype=np.float32)
        position = 0
        for block, kind, number, value, strength in events_of(channels, self.sr, BLOCK, n_blocks, CHANNELS):
            if block > position:
                self._write(synth, stereo, position, block)
                position = block
            if kind == NOTE_ON:
                synth.noteon(number, value, strength)
            elif kind == BEND:
                synth.pitch_bend(number, value)
            else:
                synth.noteoff(number, value)
        self._write(synth, stereo, position, n_blocks)
        return (stereo[0, :n_samples] + stereo[1, :n_samples]) * np.float32(0.5)

    def _write(self, synth: Any, stereo: FloatArray, first: int, last: int) -> None:
        left, right = stereo[0].ctypes.data, stereo[1].ctypes.data
        self._library.fluid_synth_write_float(
            synth.synth, (last - first) * BLOCK, left, first * BLOCK, 1, right, first * BLOCK, 1
        )

    def _silence(self, synth: Any) -> None:
        """End every voice, so that none holds on to a sample of the bank."""
        synth.system_reset()
        rest = np.zeros((2, BLOCK), dtype=np.float32)
        for _ in range(100):
            self._write(synth, rest, 0, 1)
            if self._library.fluid_synth_get_active_voice_count(synth.synth) == 0:
                break


def _prepare(synth: Any, number: int, bank: int, channel: Channel) -> None:
    if synth.program_select(number, bank, channel.bank, channel.program) != 0:
        synth.program_select(number, bank, channel.bank, 0)
    for controller, value in ((7, channel.volume), (11, 127), (10, channel.pan), (1, channel.modulation)):
        synth.cc(number, controller, value)
    for controller, value in ((101, 0), (100, 0), (6, channel.bend_range), (38, 0)):  # RPN 0: range of the bend
        synth.cc(number, controller, value)
    synth.pitch_bend(number, 0)


@lru_cache(maxsize=8)
def synthesiser(path: Path) -> Synthesiser:
    """The process's only synthesiser of this bank."""
    return Synthesiser(path)


@lru_cache(maxsize=1)
def _fluidsynth() -> tuple[Any, ctypes.CDLL]:
    """The module pyfluidsynth, and FluidSynth's library itself for the calls that the module lacks."""
    try:
        import fluidsynth
    except ImportError as error:
        raise MissingExtra(
            f"rendering with soundfonts (FluidSynth's own library comes from the system: {REMEDY})", extra="train"
        ) from error
    library = ctypes.CDLL(fluidsynth.lib)
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    library.fluid_synth_write_float.argtypes = [pointer, integer, *(pointer, integer, integer) * 2]
    library.fluid_synth_set_interp_method.argtypes = [pointer, integer, integer]
    library.fluid_synth_get_active_voice_count.argtypes = [pointer]
    library.fluid_synth_get_sfont.argtypes = [pointer, ctypes.c_uint]
    library.fluid_synth_get_sfont.restype = pointer
    library.fluid_synth_add_sfont.argtypes = [pointer, pointer]
    library.fluid_synth_remove_sfont.argtypes = [pointer, pointer]
    library.fluid_set_log_function.argtypes = [integer, pointer, pointer]
    for level in range(5):  # a kit that a bank lacks is replaced by the standard one; no need to say so on stderr
        library.fluid_set_log_function(level, None, None)
    return fluidsynth, library
