"""A score as the engine knows recordings: a sound that is made of its notes, and what is written beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..audio import decode, synth
from ..audio.limits import Limits
from ..audio.source import Source, label_of
from ..errors import LimitError
from ..types import Audio, Feature, Recording
from .reading import read_score
from .score import Score
from .symbols import tones
from .voice import SKYLINE, melody_notes, melody_part, pitch_track
from .written import beats_of, chords_of, key_of

WRITTEN = "written"
"""The ``settings`` of a score's own key, chords and beats; those of its melody and notes begin so."""

SR = 16000
FRAME_RATE = 50.0  # of the pitch track, as that of the constant-Q transform
TIMBRE = "voice"
TAIL_S = 0.5  # of silence after the last note
MAX_SOUNDING_S = 40_000.0
"""All notes' lengths together; an hour of eleven parts."""


def sound_of(score: Score, *, source: str = "") -> tuple[Recording, Audio]:
    """Who a score is, and its notes as plain tones, mono at 16 kHz: the same score gives the same samples.

    The recording's ``id`` is the score's, which begins with ``score-`` as no sound's does; its ``codec`` is such as
    ``score: midi``, its flags hold ``single_line`` where it is one line without chord symbols. All notes are equally
    loud.
    """
    total = float(score.duration_s.sum())
    if total > MAX_SOUNDING_S:
        what = source or f"this {score.format} score"
        raise LimitError(what, limit="MAX_SOUNDING_S", found=total, allowed=MAX_SOUNDING_S, unit="seconds of notes")
    rows = list(zip(score.pitch.tolist(), score.onset_s.tolist(), score.duration_s.tolist(), strict=True))
    rows += _accompaniment(score)
    made = synth.melody(rows, sr=SR, timbre=TIMBRE, duration_s=score.end_s + TAIL_S)
    recording, audio = decode.load((made.samples, SR))
    named = replace(recording, id=score.id, source=source, title=score.title, artist=score.composer)
    flags = (*named.flags, *(("single_line",) if score.single_line else ()))
    return replace(named, codec=f"score: {score.format}", flags=flags), audio


def _accompaniment(score: Score) -> list[tuple[float, float, float]]:
    """Of a lead sheet, one part under chord symbols, the chords' tones from C3 up and their roots an octave below."""
    chords = chords_of(score) if len(score.parts) == 1 else None
    if chords is None:
        return []
    rows = []
    for label, onset, duration in zip(chords.labels, chords.onset_s, chords.duration_s, strict=True):
        pitches = tones(label)
        rows += [(float(p), float(onset), float(duration)) for p in pitches if duration > 0]
    return rows


def features_of(score: Score, audio: Audio, *, part: str = "") -> dict[str, Audio | Feature]:
    """What a ``Track`` of a score is given: its sound, melody, notes and key; chords and beats where written.

    ``part`` is that of the melody, as ``melody_part`` takes it.
    """
    chosen = melody_part(score, part)
    notes = melody_notes(score, chosen)
    n_frames = 1 + int(audio.samples.size * FRAME_RATE) // audio.sr
    facts = {"melody": SKYLINE if chosen is None else f"the part {score.parts[chosen]!r}"}
    whose = f"{WRITTEN}-{'skyline' if chosen is None else chosen + 1}"
    given: dict[str, Audio | Feature] = {
        "audio": audio,
        "notes": replace(notes, settings=whose),
        "melody": replace(pitch_track(notes, n_frames, FRAME_RATE), settings=whose, facts=facts),
        "key": replace(key_of(score), settings=WRITTEN, duration_s=np.array([audio.duration_s])),
    }
    found = {"chords": chords_of(score), "beats": beats_of(score)}
    written = {kind: made for kind, made in found.items() if made is not None}
    return given | {k: replace(m, settings=WRITTEN, facts={**m.facts, WRITTEN: "score"}) for k, m in written.items()}


def load(
    source: Source,
    *,
    sr: int = SR,
    limits: Limits | None = None,
    span: tuple[float, float] | None = None,
) -> tuple[Recording, Audio]:
    r"""Who a recording or a score is, and its sound: mono float32 at ``sr``.

    A score (MIDI, MusicXML, ABC, kern, a table of notes) is sounded as ``sound_of`` does; anything else is
    decoded, see ``versionmatch.audio.decode.load``, which also tells ``limits``, ``span`` and what is raised.

    Examples
    --------
    >>> recording, audio = load(b"X:1\nT:Scale\nL:1/4\nK:C\nCDEF|GABc|")
    >>> recording.label, recording.codec, audio.duration_s
    ('Scale', 'score: abc', 4.5)
    """
    score = read_score(source, limits=limits)
    if score is None:
        return decode.load(source, sr=sr, limits=limits, span=span)
    allowed = limits or Limits()
    allowed.check_duration(label_of(source), score.end_s)
    recording, audio = sound_of(score, source=label_of(source))
    if sr == SR and span is None:
        return recording, audio
    part, other = decode.load((audio.samples, SR), sr=sr, limits=limits, span=span)
    flags = (*part.flags, *(flag for flag in recording.flags if flag == "single_line"))
    return replace(recording, duration_s=part.duration_s, flags=flags), other
