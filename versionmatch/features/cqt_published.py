"""The constant-Q transforms that published networks were trained on, where they are not this package's own."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import librosa
import numpy as np
import scipy.fft
import scipy.sparse

from ..errors import InputError
from ..types import Audio, Features

VINET_SR, VINET_HOP = 22050, 512
VINET_BINS = 84
EDGE_S = 4.0
"""Seconds of sound beyond the last frame wanted, so that the cut is not heard in it."""
SHORTEST_S = 2.0

COVERHUNTER_SR, COVERHUNTER_HOP = 16000, 640
COVERHUNTER_FMIN_HZ = 32.0
COVERHUNTER_BINS = 96
THRESHOLD = 0.01
FRAMES_AT_ONCE = 128


def vinet_cqt(audio: Audio, frames: int) -> Features:
    """Magnitudes that Discogs-VINet reads: ``librosa.cqt`` at 22.05 kHz, hop 512, 84 bins from C1, in semitones.

    Parameters
    ----------
    audio : Audio
        At 22,050 Hz.
    frames : int
        No more frames than these are made; ``(84, min(frames, 1 + n_samples // 512))``.

    Bins stand on A4 = 440 Hz. Sound shorter than 2 s is first lengthened by silence. InputError at another rate.
    """
    _check_rate(audio, VINET_SR)
    n_frames = min(frames, 1 + audio.samples.size // VINET_HOP)
    sound = audio.piece(0, n_frames * VINET_HOP + int(EDGE_S * VINET_SR))
    short = int(SHORTEST_S * VINET_SR) - sound.size
    transform = librosa.cqt(
        np.pad(sound, (0, max(0, short))), sr=VINET_SR, hop_length=VINET_HOP, n_bins=VINET_BINS, tuning=0.0
    )
    return Features("cqt", np.abs(transform[:, :n_frames]), VINET_SR / VINET_HOP)


def coverhunter_cqt(audio: Audio) -> Features:
    """Magnitudes that CoverHunter reads: 96 bins from 32 Hz in semitones, every 40 ms, by sparse spectral kernels [1]_.

    The sound is first scaled to a peak of .999; windows are Hamming's, and what is below .01 in a kernel's spectrum is
    left out. Written from these facts alone. What they leave open, and what is done here: frame ``i`` is centred on
    sample ``640 i``, silence lies beyond both ends, there is a frame for each 40 ms begun, and a kernel is divided by
    its length.

    Parameters
    ----------
    audio : Audio
        At 16 kHz; InputError at another rate.

    Returns
    -------
    Features
        ``(96, ceil(n_samples / 640))``, 25 a second.

    References
    ----------
    .. [1] Brown, Puckette, "An efficient algorithm for the calculation of a constant Q transform", JASA 92, 1992.
    """
    _check_rate(audio, COVERHUNTER_SR)
    kernels, size = _kernels()
    peak = max(float(np.abs(block).max()) for _, block in audio.blocks(60 * COVERHUNTER_SR))
    scale = np.float32(0.999 / peak if peak > 0 else 1.0)
    n_frames = -(-audio.samples.size // COVERHUNTER_HOP)
    values = np.empty((COVERHUNTER_BINS, n_frames), dtype=np.float32)
    offsets = np.arange(size)[None]
    for at in range(0, n_frames, FRAMES_AT_ONCE):
        count = min(FRAMES_AT_ONCE, n_frames - at)
        first = at * COVERHUNTER_HOP - size // 2
        last = first + (count - 1) * COVERHUNTER_HOP + size
        sound = audio.piece(max(0, first), min(last, audio.samples.size)) * scale
        sound = np.pad(sound, (max(0, -first), max(0, last - audio.samples.size)))
        blocks = sound[np.arange(count)[:, None] * COVERHUNTER_HOP + offsets]
        values[:, at : at + count] = np.abs(kernels @ scipy.fft.fft(blocks, axis=1).T)
    return Features("cqt", values, COVERHUNTER_SR / COVERHUNTER_HOP)


@lru_cache(maxsize=1)
def _kernels() -> tuple[Any, int]:
    """Conjugate spectra of all bins, ``(96, size)`` sparse, and how many samples they look at."""
    quality = 1.0 / (2.0 ** (1.0 / 12) - 1.0)
    size = 2 ** math.ceil(math.log2(quality * COVERHUNTER_SR / COVERHUNTER_FMIN_HZ))
    rows = np.stack([_kernel(COVERHUNTER_FMIN_HZ * 2.0 ** (i / 12), quality, size) for i in range(COVERHUNTER_BINS)])
    rows[np.abs(rows) <= THRESHOLD] = 0
    return scipy.sparse.csr_matrix((rows.conj() / size).astype(np.complex64)), size


def _kernel(frequency_hz: float, quality: float, size: int) -> Any:
    length = math.ceil(quality * COVERHUNTER_SR / frequency_hz)
    time = np.arange(length) - length // 2
    wave = np.zeros(size, dtype=np.complex128)
    start = size // 2 - length // 2
    wave[start : start + length] = np.exp(2j * np.pi * frequency_hz / COVERHUNTER_SR * time) * np.hamming(length)
    return scipy.fft.fft(wave / length)


def _check_rate(audio: Audio, sr: int) -> None:
    if audio.sr != sr:
        raise InputError(f"this transform reads sound at {sr} Hz; got {audio.sr} Hz; load it with sr={sr}")
