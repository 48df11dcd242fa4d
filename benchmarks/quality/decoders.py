"""Which decoder for which format: speed, length and truth of each, in one run.

    python benchmarks/quality/decoders.py [--seconds 120] [--out benchmarks/results/decoders.json]

A synthetic song (44.1 kHz stereo, 48 kHz for opus) is written in every format and decoded to float32
by libsndfile (soundfile), FFmpeg (PyAV) and librosa.load. Per decoder: audio seconds per CPU second
(best of --repeats), frames beyond the original's, and the loss of level after the best alignment, dB
(an encoder's own loss is in all of them; a decoder that changes the gain stands out).
"""

import argparse
import io
import json
import platform
import time
from pathlib import Path

import av
import librosa
import numpy as np
import soundfile
from scipy import signal

from versionmatch.audio import synth
from versionmatch.audio.container import ContainerReader, demuxers_of
from versionmatch.audio.decode import load

SOUNDFILE = {
    "wav": ("WAV", "PCM_16", 44100),
    "flac": ("FLAC", "PCM_16", 44100),
    "aiff": ("AIFF", "PCM_16", 44100),
    "ogg": ("OGG", "VORBIS", 44100),
    "opus": ("OGG", "OPUS", 48000),
    "mp3": ("MP3", None, 44100),
}
CONTAINERS = {"m4a": ("ipod", "aac", 44100), "mkv": ("matroska", "aac", 44100), "webm": ("webm", "libopus", 48000)}


def song(seconds, sr):
    """Stereo music as int16-exact float32 ``(n, 2)``."""
    verse = synth.song(verses=1, sr=sr).audio.samples
    mono = np.tile(verse, int(np.ceil(seconds * sr / verse.size)))[: seconds * sr]
    return np.round(np.stack([mono, 0.8 * np.roll(mono, 300)], axis=1) * 20000).astype(np.float32) / 32768


def written_by_soundfile(frames, sr, form, subtype):
    target = io.BytesIO()
    with soundfile.SoundFile(target, "w", sr, 2, subtype, format=form) as file:
        for start in range(0, len(frames), 1 << 14):
            file.write(frames[start : start + (1 << 14)])
    return target.getvalue()


def written_by_av(frames, sr, muxer, codec):
    target = io.BytesIO()
    whole = np.round(frames * 32768).astype(np.int16)
    with av.open(target, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=sr)
        stream.layout = "stereo"
        for start in range(0, len(whole), 1024):
            piece = np.ascontiguousarray(whole[start : start + 1024]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = sr, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def by_soundfile(data):
    return soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0]


def by_pyav(data):
    reader = ContainerReader(io.BytesIO(data), "bench", demuxers_of(data[:1024])[0])
    frames = np.concatenate(list(reader.blocks()))
    reader.close()
    return frames


def by_librosa(data):
    return librosa.load(io.BytesIO(data), sr=None, mono=False)[0].T


def by_versionmatch(data):
    return load(data)


def timed(decode, data, repeats):
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        result = decode(data)
        best = min(best, time.process_time() - start)
    return best, result


def level_db(original, decoded):
    """Level of the part of the decoded sound that is the original, dB."""
    n = min(len(original), len(decoded), 20 * 48000)
    one, other = original[:n, 0].astype(np.float64), decoded[:n, 0].astype(np.float64)
    best = signal.correlate(other, one, method="fft").max()
    return round(20 * np.log10(best / (one @ one)), 3)


def measured(name, data, frames, sr, repeats):
    seconds, row = len(frames) / sr, {}
    for decoder in (by_soundfile, by_pyav, by_librosa):
        try:
            cpu_s, decoded = timed(decoder, data, repeats)
        except (soundfile.LibsndfileError, IndexError) as error:
            row[decoder.__name__[3:]] = {"error": type(error).__name__}
            continue
        row[decoder.__name__[3:]] = {
            "audio_s_per_cpu_s": round(seconds / cpu_s),
            "frames_beyond": len(decoded) - len(frames),
            "level_db": level_db(frames, decoded),
            "exact": bool(decoded.shape == frames.shape and np.array_equal(decoded, frames)),
        }
    cpu_s, (recording, _) = timed(by_versionmatch, data, repeats)
    row["load"] = {"audio_s_per_cpu_s": round(seconds / cpu_s), "codec": recording.codec, "flags": recording.flags}
    return {"bytes": len(data), **row}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/decoders.json"))
    arguments = parser.parse_args()
    rows = {}
    for name, (form, subtype, sr) in SOUNDFILE.items():
        frames = song(arguments.seconds, sr)
        rows[name] = measured(name, written_by_soundfile(frames, sr, form, subtype), frames, sr, arguments.repeats)
    for name, (muxer, codec, sr) in CONTAINERS.items():
        frames = song(arguments.seconds, sr)
        rows[name] = measured(name, written_by_av(frames, sr, muxer, codec), frames, sr, arguments.repeats)
    result = {
        "question": "which decoder for which format",
        "seconds": arguments.seconds,
        "repeats": arguments.repeats,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {
            "soundfile": soundfile.__version__,
            "libsndfile": soundfile.__libsndfile_version__,
            "av": av.__version__,
            "librosa": librosa.__version__,
        },
        "formats": rows,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, row in rows.items():
        print(name, {k: v.get("audio_s_per_cpu_s", v.get("error")) for k, v in row.items() if isinstance(v, dict)})


if __name__ == "__main__":
    main()
