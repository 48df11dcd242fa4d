"""Key, chords and beats as a score has them written."""

from __future__ import annotations

import numpy as np

from ..features.key import key_likeness
from ..types import Annotation, DoubleArray, IntArray
from ..units import PITCH_CLASSES
from .score import KeySignature, Meter, Score

MAX_BEATS = 100_000


def key_of(score: Score) -> Annotation:
    """The key over the whole score: what is written for the longest time, else what its notes tell.

    A signature without a mode leaves two keys, of which the notes choose; without a signature they choose of all 24.
    ``confidence`` is 1 where it is written, else the key's share among those that were possible.
    """
    held = score.duration_s * np.ones(len(score))
    chroma = np.bincount(np.rint(score.pitch).astype(int) % 12, weights=held, minlength=12)
    likeness = key_likeness(chroma / chroma.sum())
    possible = _possible(_longest(score))
    share = np.exp(16.0 * (likeness - likeness.max()))
    share = share * np.isin(np.arange(24), possible)
    best = int(share.argmax())
    label = f"{PITCH_CLASSES[best % 12]} {'major' if best < 12 else 'minor'}"
    sure = np.array([share[best] / share.sum()])
    return Annotation("key", np.zeros(1), np.array([score.end_s]), (label,), sure)


def _longest(score: Score) -> KeySignature | None:
    """The signature that holds for the longest time."""
    if not score.keys:
        return None
    ends = [*(key.onset_q for key in score.keys[1:]), max(score.end_q, score.keys[-1].onset_q)]
    length: dict[tuple[int, str], float] = {}
    for key, end in zip(score.keys, ends, strict=True):
        length[key.fifths, key.mode] = length.get((key.fifths, key.mode), 0.0) + end - key.onset_q
    fifths, mode = max(length, key=lambda k: length[k])
    return KeySignature(0.0, fifths, mode)


def _possible(signature: KeySignature | None) -> list[int]:
    """Which of C major … B major, C minor … B minor a signature may mean."""
    if signature is None:
        return list(range(24))
    major = 7 * signature.fifths % 12
    keys = {"major": [major], "minor": [12 + (major + 9) % 12]}
    return keys.get(signature.mode, keys["major"] + keys["minor"])


def chords_of(score: Score) -> Annotation | None:
    """The chord symbols in seconds, each until the next one; None where none are written."""
    if not score.symbols:
        return None
    onset_s = score.seconds(np.array([symbol.onset_q for symbol in score.symbols]))
    end_s = np.append(onset_s[1:], max(score.end_s, onset_s[-1]))
    labels = tuple(symbol.label for symbol in score.symbols)
    return Annotation("chords", onset_s, end_s - onset_s, labels, np.ones(onset_s.size))


def beats_of(score: Score) -> Annotation | None:
    """The beats of the written bars, to the last note's end; None without both a time signature and a tempo.

    A beat that begins a bar is labelled with the bar's number, counted from 1; an upbeat counts with the first bar.
    ``facts``: ``tempo_bpm``, the middle one of the beats' tempi, ``tempo_confidence`` 1 and ``beat_quarters``, how
    many quarter notes most beats last.
    """
    if not score.tempi or not score.meters or score.meters[0].onset_q > 0:
        return None
    places: list[float] = []
    labels: list[str] = []
    lasting: dict[float, int] = {}
    bar = 0
    ends = [*(meter.onset_q for meter in score.meters[1:]), score.end_q]
    for meter, end in zip(score.meters, ends, strict=True):
        beats = _beats(meter, min(end, score.end_q))
        if len(places) + len(beats) > MAX_BEATS:
            return None
        each = max(1, round(4.0 * meter.beats / meter.unit / meter.beat_q))
        labels += ["" if i % each else str(bar + 1 + i // each) for i in range(len(beats))]
        bar += -(-len(beats) // each)
        lasting[meter.beat_q] = lasting.get(meter.beat_q, 0) + len(beats)
        places += beats
    times = score.seconds(np.array(places))
    if times.size < 2:
        return None
    facts = {
        "tempo_bpm": float(60.0 / np.median(np.diff(times))),
        "tempo_confidence": 1.0,
        "beat_quarters": max(lasting, key=lambda quarters: lasting[quarters]),
    }
    return Annotation("beats", times, np.zeros(times.size), tuple(labels), np.ones(times.size), facts=facts)


def _beats(meter: Meter, end: float) -> list[float]:
    count = max(0, int(np.ceil((end - meter.onset_q) / meter.beat_q - 1e-9)))
    return [meter.onset_q + meter.beat_q * i for i in range(min(count, MAX_BEATS + 1))]


def bars_of(score: Score, places_q: DoubleArray) -> IntArray:
    """The bar in which each place (in quarters) lies, from 1; 0 before the first time signature, or without any.

    Bars are counted from where a time signature stands; an upbeat at the beginning counts as one of full length, as it
    is not told apart from a first bar.

    >>> from .score import Score
    >>> waltz = Score([0], [12], [60], [0], ("",), "abc", meters=(Meter(0.0, 3, 4), Meter(6.0, 2, 4)))
    >>> bars_of(waltz, np.array([0.0, 2.9, 3.0, 6.0, 8.0])).tolist()
    [1, 1, 2, 3, 4]
    """
    bars, before = np.zeros(places_q.size, np.int32), 0
    for at, meter in enumerate(score.meters):
        length = 4.0 * meter.beats / meter.unit
        end = score.meters[at + 1].onset_q if at + 1 < len(score.meters) else np.inf
        inside = (places_q >= meter.onset_q - 1e-6) & (places_q < end - 1e-6)
        bars[inside] = before + 1 + np.floor((places_q[inside] - meter.onset_q) / length + 1e-6).astype(np.int32)
        before += int(np.ceil((end - meter.onset_q) / length - 1e-6)) if np.isfinite(end) else 0
    return bars
