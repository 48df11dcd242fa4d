"""Chromaprint, for exchange with AcoustID and others: an optional second fingerprint of a whole recording.

It says which file is the same from end to end, and nothing of excerpts, other speeds or mixes [1]_. ``fpcalc`` makes it
where it is installed, else essentia where that is; nothing here needs either. A fingerprint is read by our own bounded
code, never by the library's.

References
----------
.. [1] Lalinský, "How does Chromaprint work?", 2011; https://acoustid.org/chromaprint.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import shutil
import subprocess
from dataclasses import dataclass
from os import PathLike, fspath

import numpy as np
import numpy.typing as npt

from ..errors import AudioDecodeError, InputError, MissingExtra

Words = npt.NDArray[np.uint32]
ITEM_S = 4096 / 3 / 11025  # one item follows another after so many seconds
MOST_ITEMS = 2**22  # six days of sound
TIMEOUT_S = 600.0


@dataclass(frozen=True, eq=False, slots=True)
class Chromaprint:
    """``items (n,) uint32``, one every 0.124 s; ``algorithm`` is the library's number of it, usually 1."""

    items: Words
    duration_s: float
    algorithm: int = 1


def fpcalc(path: str | PathLike[str], *, program: str = "fpcalc") -> Chromaprint:
    """The chromaprint of a file in full length, by the program ``fpcalc``.

    The program's exit code 3 with a valid answer is an answer: some versions end so after the last frame.

    Raises MissingExtra where the program is not installed, AudioDecodeError where it gives no valid answer.
    """
    found = shutil.which(program)
    if found is None:
        raise MissingExtra(f"a chromaprint by {program}", extra="essentia")
    source = fspath(path)
    command = [found, "-raw", "-json", "-length", "0", "--", source]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise AudioDecodeError(source, f"{program} took more than {TIMEOUT_S:.0f} s", "cut it into parts") from error
    if done.returncode not in {0, 3}:
        told = done.stderr.decode(errors="replace").strip()[:200]
        raise AudioDecodeError(source, f"{program} ended with {done.returncode}: {told}", "check that it can be played")
    return answer(done.stdout, source=source)


def answer(output: bytes, *, source: str = "fpcalc") -> Chromaprint:
    """What ``fpcalc -raw -json`` printed, checked; AudioDecodeError where it is no fingerprint.

    >>> answer(b'{"duration": 1.5, "fingerprint": [1, 4294967295]}').items.tolist()
    [1, 4294967295]
    """
    try:
        data = json.loads(output)
        duration, items = float(data["duration"]), data["fingerprint"]
    except (ValueError, KeyError, TypeError) as error:
        raise AudioDecodeError(
            source, f"fpcalc's answer is no fingerprint ({error!r})", "update chromaprint"
        ) from error
    fits = isinstance(items, list) and 0 < len(items) <= MOST_ITEMS
    if not fits or not all(isinstance(i, int) and -(2**31) <= i < 2**32 for i in items) or not 0 < duration < math.inf:
        raise AudioDecodeError(source, "fpcalc's answer holds no valid fingerprint", "check that it can be played")
    return Chromaprint(np.array([i & 0xFFFFFFFF for i in items], dtype=np.uint32), duration)


def of_samples(samples: npt.NDArray[np.float32], sr: int) -> Chromaprint:
    """The chromaprint of mono samples ``(n,)`` by essentia; MissingExtra where it is not installed."""
    try:
        from essentia import standard
    except ImportError as error:
        raise MissingExtra("a chromaprint of samples", extra="essentia") from error
    text = standard.Chromaprinter(sampleRate=float(sr), maxLength=0.0)(np.ascontiguousarray(samples, np.float32))
    algorithm, items = decoded(text)
    return Chromaprint(items, samples.size / sr, algorithm)


def decoded(text: str) -> tuple[int, Words]:
    """Algorithm and items of a fingerprint as AcoustID exchanges it: base64 of a compressed one.

    Each item is exclusive-or with the one before; of that, the distances between set bits are written in three bits
    each, 0 ending the item, and what is above 6 again in five bits at the end. InputError where it is broken.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"a chromaprint is base64 with - and _; {error}") from error
    n = int.from_bytes(raw[1:4], "big") if len(raw) >= 4 else -1
    if not 0 <= n <= MOST_ITEMS:
        raise InputError(f"a chromaprint of {len(raw)} bytes has no valid length")
    bits = np.unpackbits(np.frombuffer(raw[4:], np.uint8), bitorder="little")
    threes = _numbers(bits, 3)
    ends = np.flatnonzero(threes == 0)
    if ends.size < n:
        raise InputError(f"a chromaprint of {n} items ends after {ends.size}; it is cut off")
    used = int(ends[n - 1]) + 1 if n else 0
    distances = threes[:used].astype(np.int64)
    far = np.flatnonzero(distances == 7)
    start = 8 * -(-3 * used // 8)
    fives = _numbers(bits[start:], 5)
    if fives.size < far.size:
        raise InputError(f"a chromaprint needs {far.size} long distances and has {fives.size}; it is cut off")
    distances[far] += fives[: far.size]
    return raw[0], _items(distances, n)


def _items(distances: npt.NDArray[np.int64], n: int) -> Words:
    items = np.zeros(n, np.uint32)
    row, bit = 0, 0
    for distance in distances.tolist():
        if distance == 0:
            row, bit = row + 1, 0
            continue
        bit += distance
        if bit > 32:
            raise InputError(f"item {row} of a chromaprint sets bit {bit}; there are 32")
        items[row] |= np.uint32(1 << (bit - 1))
    changed: Words = np.bitwise_xor.accumulate(items)
    return changed


def _numbers(bits: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.int64]:
    whole = bits[: bits.size // width * width].reshape(-1, width).astype(np.int64)
    numbers: npt.NDArray[np.int64] = whole @ (1 << np.arange(width))
    return numbers


def error_rate(query: Words, reference: Words) -> tuple[float, int]:
    """The least share of different bits over all offsets, and that offset in items; the shorter lies within the longer.

    (1.0, 0) where one of the two is empty.
    """
    if query.size == 0 or reference.size == 0:
        return 1.0, 0
    if query.size > reference.size:
        rate, offset = error_rate(reference, query)
        return rate, -offset
    windows = np.lib.stride_tricks.sliding_window_view(reference, query.size)
    best, at = 2.0, 0
    for start in range(0, windows.shape[0], 4096):  # a few megabytes at once
        rates = np.bitwise_count(windows[start : start + 4096] ^ query).mean(axis=1) / 32
        k = int(np.argmin(rates))
        if rates[k] < best:
            best, at = float(rates[k]), start + k
    return best, at
