"""The predominant melody of a mix."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import median_filter

from ..plugins import Track
from ..types import DoubleArray, Features, FloatArray
from .melody_kernels import track_pitch
from .salience import GAMMA, HARMONICS, HIGHEST, LOWEST, salience, weights_digest
from .spectrum import LOWEST_MIDI, checked_cqt, pooled

BLOCK = 30_000  # frames


class SalienceMelody:
    """Pitch and voicing of the voice or instrument that carries the tune: ``(2, n)`` at the CQT's frame rate.

    Row 0 is the pitch as a fractional MIDI number from C2 to C6, the best guess also where nothing sings;
    row 1 the confidence, 0 to 1, that there is a melody. Pitches count from the recording's own tuning, as
    the CQT's bins do; the fact ``tuning_cents`` is handed on.

    A salience of harmonic sums whose weights were fitted (see ``salience``) is tracked by Viterbi at about
    17 frames a second, each semitone of a move costing the same; then each frame's pitch is refined to a
    fraction of a semitone by parabolas through the bins around its first harmonics.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> from versionmatch.features.cqt import LibrosaCQT
    >>> cqt = LibrosaCQT().extract({"audio": synth.melody([(62, 0, 1), (69, 1, 1)], timbre="voice")})
    >>> melody = SalienceMelody().extract({"cqt": cqt})
    >>> melody.values[0, [25, 75]].round().tolist()
    [62.0, 69.0]

    References
    ----------
    .. [1] Salamon, Gómez, "Melody extraction from polyphonic music signals using pitch contour characteristics", 2012.
    .. [2] Bittner et al., "Deep salience representations for f0 estimation in polyphonic music", 2017.
    """

    name, kind, needs = "melody", "melody", ("cqt",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {
            "version": 1,
            "rate_hz": 50 / 3,
            "move": 1.0,
            "reach": 12,
            "harmonics": [1, 2, 3, 4],
            "smooth_s": 0.14,
            "gamma": GAMMA,
            "weights": weights_digest(),
        }

    def extract(self, track: Track) -> Features:
        cqt = checked_cqt(track["cqt"])
        settings = self.settings
        rate = cqt.frame_rate / max(1, round(cqt.frame_rate / settings["rate_hz"]))
        likelihood, voicing = salience(pooled(cqt, settings["rate_hz"])[0])
        path = LOWEST + track_pitch(likelihood, settings["move"], settings["reach"])
        frames = np.arange(cqt.n_frames)
        centres = (np.arange(path.size) + 0.5) * (cqt.frame_rate / rate) - 0.5
        semitone = path[np.minimum((frames * (rate / cqt.frame_rate)).astype(int), path.size - 1)]
        pitch = _refined(cqt.values, semitone, round(settings["smooth_s"] * cqt.frame_rate))
        confidence = np.where(cqt.values.max(axis=0) > 0, np.interp(frames, centres, voicing), 0.0)
        facts = {name: value for name, value in cqt.facts.items() if name == "tuning_cents"}
        return Features("melody", np.stack([pitch, confidence]).astype(np.float32), cqt.frame_rate, facts=facts)


def _refined(magnitude: FloatArray, semitone: Any, frames_smoothed: int) -> DoubleArray:
    """Fractional pitch: moved by how far the peaks at harmonics 1 to 4 lie from their bins, one bin at most."""
    quiet = 1e-9 * (float(magnitude.max()) or 1.0)
    moved = np.empty(magnitude.shape[1])
    for start in range(0, moved.size, BLOCK):  # so that hours of sound take no more room than minutes
        part = slice(start, start + BLOCK)
        moved[part] = _moved(magnitude[:, part].astype(np.float64), semitone[part], quiet)
    out: DoubleArray = semitone + median_filter(moved, 2 * (frames_smoothed // 2) + 1, mode="nearest")
    return out


def _moved(magnitude: DoubleArray, semitone: Any, quiet: float) -> DoubleArray:
    """How far the harmonics' peaks lie from the bins of ``semitone``, weighed by their height, ``(n,)`` in bins."""
    level = np.log(magnitude + quiet)
    frames = np.arange(level.shape[1])
    offsets, weights = np.zeros(frames.size), np.full(frames.size, 1e-12)
    for number, steps in enumerate(HARMONICS[1:5], start=1):
        bins = semitone - LOWEST_MIDI + steps
        inside = (bins >= 1) & (bins < level.shape[0] - 1)
        at = np.where(inside, bins, 1)
        left, top, right = level[at - 1, frames], level[at, frames], level[at + 1, frames]
        bend = left - 2 * top + right
        peak = inside & (bend < -1e-9) & (top >= np.minimum(left, right))
        shift = np.where(peak, 0.5 * (left - right) / np.where(peak, bend, -1.0), 0.0)
        expected = 12 * np.log2(number) - steps  # where a pure harmonic lies beside its bin
        usable = peak & (np.abs(shift) <= 1.2)
        weight = np.where(usable, magnitude[at, frames], 0.0)
        offsets += weight * (shift - expected)
        weights += weight
    clipped: DoubleArray = np.clip(offsets / weights, -1.0, 1.0)
    return clipped


RANGE = (LOWEST, HIGHEST)
"""Lowest and highest pitch that is looked for, MIDI."""
