"""Any sound as a ``Recording`` and its ``Audio``: decoded, mixed to mono, resampled, looked over.

What a file is depends on its content, never on its name. See ``docs/sound.md`` for every kind of
file and what odd ones give.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
import tempfile
from typing import IO

import numpy as np

from ..errors import AudioDecodeError, InputError
from ..types import Audio, FloatArray, Recording
from .limits import Limits
from .quality import Quality, clean_blocks
from .reader import reading
from .resample import Resampler, downmixed
from .source import Source, label_of
from .span import SpanReader
from .stream import probe, stream

__all__ = ["Limits", "Source", "load", "probe", "stream"]

DIGEST_NAME = b"versionmatch-pcm-1"


def load(
    source: Source,
    *,
    sr: int = 16000,
    limits: Limits | None = None,
    span: tuple[float, float] | None = None,
) -> tuple[Recording, Audio]:
    """Who a recording is, and its sound: mono float32 at ``sr``.

    Parameters
    ----------
    source : path, bytes, open binary file or (samples, sr)
        wav, flac, ogg, opus, mp3, aiff and whatever else libsndfile reads; m4a/aac, wma and the sound of
        video containers with the extra ``av``. Samples have shape ``(n,)``, ``(n, channels)`` or
        ``(channels, n)`` (the shorter axis is the channels); integers are scaled by their type's range.
    sr : int
        Sample rate of the audio, Hz. Channels are averaged, then resampled by soxr (HQ).
    limits : Limits, optional
        How large an input may be.
    span : (start_s, end_s), optional
        Only this part of it, as if it were a recording of its own.

    Returns
    -------
    Recording
        ``id`` is the sha256 of ``b"versionmatch-pcm-1"``, the native rate and the number of channels (both
        little-endian uint32) and the decoded samples (native rate, interleaved, little-endian float32,
        broken ones as 0): the same for wav and flac of the same samples, whatever their names and tags.
        ``flags`` say what is remarkable; see ``Quality``.
    Audio
        Longer than ``limits.memory_s``, it lies in an unlinked temporary file; read it in ``blocks``.

    Raises
    ------
    AudioDecodeError
        Where the source cannot be read, is not sound, holds no sound, or is broken.
    LimitError
        Where it is larger than a limit.
    MissingExtra
        Where decoding it needs the extra ``av``.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> a440 = synth.melody([(69, 0.0, 5.0)], sr=44100, timbre="sine")
    >>> recording, audio = load((a440.samples, a440.sr))
    >>> recording.duration_s, audio.sr, audio.samples.size, recording.flags
    (5.0, 16000, 80000, ('low_information', 'tone'))
    """
    if sr <= 0:
        raise InputError(f"the sample rate must be above 0; got {sr}")
    allowed = limits or Limits()
    with reading(source, allowed) as (whole, tags):
        reader = whole if span is None else SpanReader(whole, *span)
        label = label_of(source)
        quality = Quality(reader.sr, reader.channels)
        digest = hashlib.sha256(DIGEST_NAME + struct.pack("<II", reader.sr, reader.channels))
        with SampleStore(memory_samples=int(allowed.memory_s * sr)) as store:
            resampler = Resampler(reader.sr, sr)
            for frames in clean_blocks(reader, quality, label, allowed):
                digest.update(np.ascontiguousarray(frames, dtype="<f4").data)
                mono = downmixed(frames)
                quality.add(frames, mono)
                store.append(resampler.push(mono))
            _check_content(label, quality)
            store.append(resampler.push(np.empty(0, dtype=np.float32), last=True))
            samples = store.finish()
        recording = Recording(
            id=digest.hexdigest(),
            source=label,
            duration_s=quality.n_frames / reader.sr,
            title=tags.title,
            artist=tags.artist,
            isrc=tags.isrc,
            sr=reader.sr,
            channels=reader.channels,
            codec=reader.codec,
            flags=quality.flags(truncated=reader.truncated(quality.n_frames)),
        )
    return recording, Audio(samples, sr)


def _check_content(label: str, quality: Quality) -> None:
    if quality.n_frames == 0:
        raise AudioDecodeError(label, "not a single sample could be decoded", "export or download it again")
    if quality.broken_share > 0.5:
        raise AudioDecodeError(
            label,
            f"{quality.broken_share:.0%} of its samples are not finite numbers",
            "export it again",
            code="nonfinite",
        )


class SampleStore:
    """Samples as they come: in memory while they are few, then in an unlinked temporary file."""

    def __init__(self, memory_samples: int) -> None:
        self._parts: list[FloatArray] = []
        self._size, self._most = 0, memory_samples
        self._file: IO[bytes] | None = None

    def __enter__(self) -> SampleStore:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, samples: FloatArray) -> None:
        """Keep the next samples."""
        self._size += samples.size
        if self._file is None and self._size > self._most:
            self._file = tempfile.TemporaryFile(prefix="versionmatch-")  # noqa: SIM115 - closed by __exit__
            for part in self._parts:
                self._file.write(part.tobytes())
            self._parts.clear()
        if self._file is None:
            self._parts.append(samples)
        else:
            self._file.write(np.ascontiguousarray(samples).data)

    def finish(self) -> FloatArray:
        """All samples, read-only; a map of the file where there is one. Never empty: at least one zero."""
        if self._file is None:
            samples: FloatArray = np.concatenate(self._parts) if self._size else np.zeros(1, dtype=np.float32)
            samples.flags.writeable = False
            return samples
        self._file.flush()
        return np.frombuffer(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.float32)
