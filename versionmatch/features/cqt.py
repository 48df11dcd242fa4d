"""The constant-Q transform that all other features are folded from."""

from __future__ import annotations

import librosa
import numpy as np

from ..errors import InputError
from ..plugins import Track
from ..types import Audio, Features, FloatArray
from .tuning import tuning_cents

SR = 16000
HOP = 320
N_BINS = 84
BINS_PER_OCTAVE = 12
FMIN_HZ = 32.703
BLOCK = 6000 * HOP  # 120 s
HALO = 200 * HOP  # 4 s; the filter of C1 is 0.5 s long, the rest is for the resampling of the low octaves
SHORTEST = 2 * SR


def transform_settings(*, tuning: bool) -> dict[str, object]:
    """What shapes the values of this transform, whoever computes it."""
    return {
        "version": 1,
        "sr": SR,
        "hop_length": HOP,
        "fmin": FMIN_HZ,
        "n_bins": N_BINS,
        "bins_per_octave": BINS_PER_OCTAVE,
        "tuning": tuning,
    }


class LibrosaCQT:
    """Magnitudes of 84 bins, C1 to B7 in semitones, 50 frames a second; librosa's ``cqt`` in blocks.

    Frame ``i`` is centred on sample ``320 i``; there are ``1 + n_samples // 320``. With ``tuning=True`` the
    bins follow the recording's own tuning, and the fact ``tuning_cents`` says by how much.
    Blocks of 120 s overlap by 4 s on either side, so that a recording of any length needs little memory
    beyond the result; against librosa's transform of the whole, no value differs by more than
    10⁻⁵ of the largest magnitude. Sound shorter than 2 s is first lengthened by silence.

    Parameters
    ----------
    tuning : bool
        Whether to estimate the tuning. Without, the bins stand on A4 = 440 Hz.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> cqt = LibrosaCQT().extract({"audio": synth.melody([(69, 0, 2)], timbre="sine")})
    >>> cqt.values.shape, int(cqt.values[:, 50].argmax()) + 24, cqt.facts["tuning_cents"]
    ((84, 101), 69, 0.0)
    """

    name = "cqt-librosa"
    kind = "cqt"
    needs = ("audio",)

    def __init__(self, *, tuning: bool = True) -> None:
        self._tuning = tuning

    @property
    def settings(self) -> dict[str, object]:
        """Everything that shapes the values."""
        return transform_settings(tuning=self._tuning)

    def extract(self, track: Track) -> Features:
        """The transform of ``track["audio"]``, which must be at 16 kHz."""
        audio = checked(track["audio"])
        cents = tuning_cents(audio) if self._tuning else 0.0
        values = np.empty((N_BINS, n_frames(audio)), dtype=np.float32)
        for start, block in audio.blocks(BLOCK, halo=HALO):
            first, skip = start // HOP, min(start, HALO) // HOP
            magnitudes = _magnitudes(block, cents)[:, skip:]
            target = values[:, first : first + BLOCK // HOP + (start + BLOCK >= audio.samples.size)]
            target[:] = magnitudes[:, : target.shape[1]]
        values.flags.writeable = False
        return Features(self.kind, values, SR / HOP, facts={"tuning_cents": cents})


def checked(audio: Audio) -> Audio:
    """The audio itself; InputError unless it is at 16 kHz."""
    if audio.sr != SR:
        raise InputError(f"the CQT reads sound at {SR} Hz; got {audio.sr} Hz; load it with sr={SR}")
    return audio


def n_frames(audio: Audio) -> int:
    """Frames of a recording's transform."""
    return 1 + audio.samples.size // HOP


def _magnitudes(samples: FloatArray, cents: float) -> FloatArray:
    short = SHORTEST - samples.size
    padded = np.pad(samples, (0, short)) if short > 0 else samples
    transform = librosa.cqt(
        padded,
        sr=SR,
        hop_length=HOP,
        fmin=FMIN_HZ,
        n_bins=N_BINS,
        bins_per_octave=BINS_PER_OCTAVE,
        tuning=cents / 100.0,
    )
    magnitudes: FloatArray = np.abs(transform).astype(np.float32, copy=False)
    return magnitudes
