"""Is it the same sound? Not the same music: only what was one recording has its peaks in the same places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ...fingerprint.pairwise import same_sound
from ...fingerprint.repeats import shared
from ...fingerprint.search import Stretch
from ...plugins import Track
from ...types import Evidence, Peaks, Span
from ...units import clock

NAME = "recording"
UNIT = "nats above chance"


class RecordingCue:
    """Which stretches of the query are the reference's sound, as it is or at another speed, tempo or pitch.

    ``raw`` is the log-likelihood ratio of all of them, nats above what chance gives; 0 where there is none, which is
    usual. ``details`` are of the longest stretch: ``offset_s`` (where in the reference the query's 0 s would be),
    ``tempo`` and ``pitch`` (the query's over the reference's); and of all together the share of either recording that
    they hold (``share_of_query``, ``share_of_reference``), and what of either lies ``before`` and ``after`` the
    longest, in seconds (``before_query_s``…); the part of its peaks that is ``met``, and the part of those that is
    ``new``, not a loop or a sample once more (``fingerprint.repeats``).
    """

    name = NAME
    needs = ("peaks",)
    settings: ClassVar = {"version": 1, "warps": "single"}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """The stretches of the same sound; FeatureMismatch where the peaks are of two algorithms."""
        q, r = query["peaks"], reference["peaks"]
        return recording_evidence(same_sound(q, r, str(self.settings["warps"])), q, r)


def recording_evidence(found: Sequence[Stretch], query: Peaks, reference: Peaks) -> Evidence:
    """Stretches that were found in two recordings, as evidence."""
    if not found:
        return Evidence(NAME, 0.0, UNIT, notes=("no stretch of A is the sound of B",))
    rate = query.frame_rate
    longest = max(found, key=lambda s: s.query[1] - s.query[0])
    spans = [Span(*(max(0.0, frame / rate) for frame in (*s.query, *s.reference))) for s in found]
    spans.sort(key=lambda s: (s.query_start_s, s.reference_start_s))
    tempo, pitch = longest.warp.tempo, longest.warp.pitch
    (q_low, q_high), (r_low, r_high) = _extent(query), _extent(reference)
    details = {
        "offset_s": (longest.reference[0] - tempo * longest.query[0]) / rate,
        "tempo": tempo,
        "pitch": pitch,
        "share_of_query": _share([s.query for s in found], q_low, q_high),
        "share_of_reference": _share([s.reference for s in found], r_low, r_high),
        "covered": min(1.0, longest.covered / max(1.0, longest.query[1] - longest.query[0])),
        "before_query_s": max(0.0, longest.query[0] - q_low) / rate,
        "after_query_s": max(0.0, q_high - longest.query[1]) / rate,
        "before_reference_s": max(0.0, longest.reference[0] - r_low) / rate,
        "after_reference_s": max(0.0, r_high - longest.reference[1]) / rate,
    }
    own = shared(query, reference, found)
    details |= {"met": own.met, "new": own.new}
    raw = sum(s.score for s in found)
    return Evidence(NAME, raw, UNIT, spans=tuple(spans), notes=(_sentence(spans, tempo, pitch),), details=details)


def _extent(peaks: Peaks) -> tuple[float, float]:
    """First and last frame with sound."""
    return (float(peaks.frames[0]), float(peaks.frames[-1])) if len(peaks) else (0.0, 0.0)


def _share(spans: Sequence[tuple[float, float]], low: float, high: float) -> float:
    """The part of ``low`` to ``high`` that lies in any of the spans."""
    held, at = 0.0, low
    for start, end in sorted(spans):
        held += max(0.0, min(end, high) - max(start, at))
        at = max(at, end)
    return min(1.0, held / max(high - low, 1.0))


def _sentence(spans: Sequence[Span], tempo: float, pitch: float) -> str:
    longest = max(spans, key=lambda s: s.query_duration_s)
    told = (
        f"A {clock(longest.query_start_s)}–{clock(longest.query_end_s)} is the sound of B "
        f"{clock(longest.reference_start_s)}–{clock(longest.reference_end_s)}"
    )
    if abs(tempo - 1) > 0.002 or abs(pitch - 1) > 0.004:
        told += f", at {tempo:.3f} times its tempo and {pitch:.3f} times its pitch"
    return told + (f"; {len(spans) - 1} more stretches are B's sound, too" if len(spans) > 1 else "")
