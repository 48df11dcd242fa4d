"""Sound of any length, block by block, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..errors import AudioDecodeError, InputError
from ..types import FloatArray
from .limits import Limits
from .quality import Quality, clean_blocks
from .reader import reading
from .resample import Resampler, downmixed
from .source import Source, label_of


def stream(
    source: Source,
    *,
    sr: int | None = None,
    mono: bool = True,
    block_s: float = 10.0,
    limits: Limits | None = None,
) -> Iterator[FloatArray]:
    """The sound of a source in consecutive blocks of ``block_s`` seconds; the last one may be shorter.

    Parameters
    ----------
    source : path, bytes, open binary file or (samples, sr)
        As for ``load``.
    sr : int, optional
        Rate to resample to, Hz; by default the native one. ``probe`` tells which that is.
    mono : bool
        Blocks are ``(n,)``, the mean of the channels; with ``mono=False`` they are ``(n, channels)``.

    Yields
    ------
    ndarray
        float32; broken samples (NaN, infinite) are 0.

    Raises
    ------
    AudioDecodeError, LimitError, MissingExtra
        As ``load`` does, when the first block is asked for or where the limit is passed.

    Examples
    --------
    >>> left_and_right = np.zeros((16000, 2), dtype=np.int16)
    >>> [block.shape for block in stream((left_and_right, 8000), mono=False, block_s=1.5)]
    [(12000, 2), (4000, 2)]
    """
    if not block_s > 0 or (sr is not None and sr <= 0):
        raise InputError(f"block_s and sr must be above 0; got {block_s} and {sr}")
    allowed = limits or Limits()
    with reading(source, allowed) as (reader, _):
        rate = sr or reader.sr
        quality = Quality(reader.sr, reader.channels)
        blocks = clean_blocks(reader, quality, label_of(source), allowed)
        shaped = (downmixed(frames) if mono else frames for frames in blocks)
        n_yielded = 0
        for block in _cut(_resampled(shaped, reader.sr, rate, 1 if mono else reader.channels), round(block_s * rate)):
            n_yielded += block.shape[0]
            yield block
        if n_yielded == 0:
            raise AudioDecodeError(
                label_of(source), "not a single sample could be decoded", "export or download it again"
            )


def probe(source: Source, *, limits: Limits | None = None) -> tuple[int, int, str]:
    """Native sample rate, number of channels and codec of a source, without decoding it.

    >>> probe((np.zeros((100, 2), dtype=np.float32), 44100))
    (44100, 2, 'array')
    """
    with reading(source, limits or Limits()) as (reader, _):
        return reader.sr, reader.channels, reader.codec


def _resampled(blocks: Iterable[FloatArray], sr_in: int, sr_out: int, channels: int) -> Iterator[FloatArray]:
    resampler = Resampler(sr_in, sr_out, channels)
    last: FloatArray | None = None
    for block in blocks:
        last = block
        yield resampler.push(block)
    if last is not None:
        yield resampler.push(last[:0], last=True)


def _cut(blocks: Iterable[FloatArray], length: int) -> Iterator[FloatArray]:
    """The same sound in blocks of ``length``; a caller may keep them."""
    length = max(1, length)
    parts: list[FloatArray] = []
    held = 0
    for block in blocks:
        parts.append(block.copy())
        held += block.shape[0]
        while held >= length:
            whole = np.concatenate(parts)
            yield whole[:length]
            parts, held = [whole[length:]], held - length
    if held:
        yield np.concatenate(parts)
