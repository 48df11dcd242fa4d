"""What happens to a query before it is looked up: one function a cell, sound at 16 kHz in, sound out."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import numpy as np
import soundfile as sf
import soxr

from versionmatch.factory import damage, noise

SR = damage.SR
Sound = np.ndarray
Change = Callable[[Sound, np.random.Generator], Sound]


def mp3(kbps: int, samples: Sound, rng: np.random.Generator) -> Sound:
    """MPEG-2 layer III at 16 kHz mono: constant rates from 8 to 160 kb/s."""
    peak = max(float(np.abs(samples).max()), 1e-9)
    level = (160 - kbps) / 152
    file = io.BytesIO()
    sf.write(file, 0.9 / peak * samples, SR, format="MP3", bitrate_mode="CONSTANT", compression_level=level)
    file.seek(0)
    return sf.read(file, dtype="float32")[0][: samples.size] * np.float32(peak / 0.9)


def gsm(samples: Sound, rng: np.random.Generator) -> Sound:
    """A mobile telephone: GSM 06.10 at 8 kHz."""
    file = io.BytesIO()
    narrow = soxr.resample(samples, SR, 8000)
    narrow = narrow * (0.9 / max(float(np.abs(narrow).max()), 1e-9))
    sf.write(file, narrow, 8000, format="WAV", subtype="GSM610")
    file.seek(0)
    return soxr.resample(sf.read(file, dtype="float32")[0], 8000, SR).astype(np.float32)


def phone(samples: Sound, rng: np.random.Generator) -> Sound:
    """A telephone line: compressed, 300 to 3400 Hz, eight bits by the µ-law."""
    line = damage.band_limit(damage.compress(samples, -6.0, 6.0), 300, 3400)
    file = io.BytesIO()
    narrow = soxr.resample(line, SR, 8000)
    sf.write(file, narrow * (0.9 / max(float(np.abs(narrow).max()), 1e-9)), 8000, format="WAV", subtype="ULAW")
    file.seek(0)
    return soxr.resample(sf.read(file, dtype="float32")[0], 8000, SR).astype(np.float32)


def pink(snr_db: float, samples: Sound, rng: np.random.Generator) -> Sound:
    return noise.added(samples, noise.pink(samples.size, rng), snr_db)


def reverb(samples: Sound, rng: np.random.Generator) -> Sound:
    """A hall of 1.6 s, as loud as the direct sound."""
    return damage.room(samples, 1.6, 0.0, rng)


def speed(factor: float, samples: Sound, rng: np.random.Generator) -> Sound:
    return damage.varispeed(samples, 1200 * np.log2(factor))


def tempo(factor: float, samples: Sound, rng: np.random.Generator) -> Sound:
    """Another tempo at the same pitch: FFmpeg's ``atempo``, overlapping windows of the sound itself."""
    import av

    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SR, format="flt", layout="mono", time_base="1/16000")
    chain = [source, graph.add("atempo", str(factor)), graph.add("abuffersink")]
    graph.link_nodes(*chain).configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples[None], dtype=np.float32), format="flt", layout="mono"
    )
    frame.sample_rate, frame.pts = SR, 0
    graph.push(frame)
    graph.push(None)
    parts = []
    while True:
        try:
            parts.append(graph.pull().to_ndarray()[0])
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts).astype(np.float32)


def pitch(semitones: float, samples: Sound, rng: np.random.Generator) -> Sound:
    factor = 2 ** (semitones / 12)
    return tempo(1 / factor, speed(factor, samples, rng), rng)


def both(tempo_factor: float, semitones: float, samples: Sound, rng: np.random.Generator) -> Sound:
    return tempo(tempo_factor, pitch(semitones, samples, rng), rng)


def clean(samples: Sound, rng: np.random.Generator) -> Sound:
    return samples


CELLS: dict[str, Change] = {
    "clean": clean,
    "mp3 64 kb/s": partial(mp3, 64),
    "mp3 32 kb/s": partial(mp3, 32),
    "pink noise 10 dB": partial(pink, 10.0),
    "pink noise 0 dB": partial(pink, 0.0),
    "pink noise -5 dB": partial(pink, -5.0),
    "GSM": gsm,
    "phone band, µ-law": phone,
    "reverb 1.6 s": reverb,
    **{
        f"speed {100 * (f - 1):+.1f} %": partial(speed, f) for f in (1.01, 0.99, 1.015, 0.975, 1.025, 0.965, 1.04, 0.96)
    },
    **{f"tempo {100 * (f - 1):+.0f} %": partial(tempo, f) for f in (1.04, 0.92, 1.15, 0.85)},
    **{f"pitch {s:+.0f} semitones": partial(pitch, s) for s in (1, -1, 2, -2)},
    "tempo +10 %, pitch -2 semitones": partial(both, 1.10, -2),
}
"""By name. Pitch, tempo and both need all warps; the others at most those of speed."""
WIDE = tuple(name for name in CELLS if name.startswith(("tempo", "pitch")))
