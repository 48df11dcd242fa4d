"""The public conformance kit: what any extractor, cue, exporter or encoder must do, ours and a stranger's alike.

In a plugin's own tests::

    from versionmatch.testing import check_cue

    def test_my_cue_conforms():
        check_cue(TempoCue())

Each check raises ``ConformanceError`` that names the rule which was broken.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from .audio import synth
from .audio.decode import load
from .errors import VersionMatchError
from .features.view import Track
from .plugins import Cue, Encoder, Exporter, Extractor
from .types import Annotation, Audio, Evidence, Feature, Features, KeylessSegments, Match, Notes, Peaks, Segments

STEPS = (0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0)
OTHER_STEPS = (0, 1, 6, 10, 3, 8, 11, 2, 6, 1, 9, 3, 10, 5, 0, 8)
_FEATURES = (Features, Notes, Annotation, Segments, Peaks)


class ConformanceError(VersionMatchError, AssertionError):
    """A plugin breaks a rule of its seam."""


def _demand(ok: bool, rule: str) -> None:
    if not ok:
        raise ConformanceError(rule)


def _track(audio: Audio) -> Track:
    recording, decoded = load((audio.samples, audio.sr))
    return Track(recording, {"audio": decoded})


@cache
def example_tracks() -> tuple[Track, Track, Track]:
    """A tune, the same tune three semitones higher and faster, and an unrelated one; about 30 s each."""

    def played(steps: tuple[int, ...], pitch: int, beat_s: float) -> Track:
        notes = [(pitch + step, beat_s * i, beat_s) for i, step in enumerate(steps * 4)]
        return _track(synth.melody(notes))

    return played(STEPS, 60, 0.5), played(STEPS, 63, 0.45), played(OTHER_STEPS, 58, 0.4)


def difficult_tracks() -> dict[str, Track]:
    """Sound that says little: silence, a constant, a click, a tenth of a second."""
    click = np.zeros(16000, np.float32)
    click[8000] = 1.0
    noise = np.random.default_rng(440).normal(0, 0.1, 1600).astype(np.float32)
    sounds = {"silence": np.zeros(80000), "constant": np.full(80000, 0.5), "click": click, "short": noise}
    return {name: _track(Audio(samples.astype(np.float32), 16000)) for name, samples in sounds.items()}


def _content(feature: Feature | KeylessSegments) -> tuple[bytes, ...]:
    if isinstance(feature, Features):
        return (feature.values.tobytes(), str(feature.frame_rate).encode())
    if isinstance(feature, (Segments, KeylessSegments)):
        return tuple(array.tobytes() for array in (feature.vectors, feature.starts_s, feature.whole))
    if isinstance(feature, Peaks):
        return tuple(array.tobytes() for array in (feature.frames, feature.bins, feature.levels))
    columns = [feature.onset_s, feature.duration_s, feature.confidence]
    if isinstance(feature, Notes):
        return tuple(c.tobytes() for c in (*columns, feature.pitch))
    return (*(c.tobytes() for c in columns), "\n".join(feature.labels).encode())


def check_extractor(extractor: Extractor) -> None:
    """An extractor names what it makes and needs, is deterministic, and survives sound that says little."""
    _demand(isinstance(extractor, Extractor), "an extractor has name, kind, needs, settings and extract(track)")
    _demand(isinstance(extractor.settings, Mapping), "settings is a mapping")
    _demand(json.loads(json.dumps(dict(extractor.settings))) is not None, "settings can be written as JSON")
    for track in example_tracks()[:2]:
        first, again = extractor.extract(track), type(extractor)().extract(track)
        _demand(isinstance(first, _FEATURES), "extract gives Features, Notes, an Annotation, Segments or Peaks")
        _demand(first.kind == extractor.kind, f"the result's kind is {extractor.kind!r}; got {first.kind!r}")
        _demand(first.settings == "", "extract leaves settings empty; the track fills them")
        _demand(_content(first) == _content(again), "the same sound gives the same result, bit for bit")
        _check_times(first, track.recording.duration_s)
    for name, track in difficult_tracks().items():
        _demand(extractor.extract(track) is not None, f"an extractor survives {name}")


def _check_times(feature: Feature | KeylessSegments, duration_s: float) -> None:
    slack = 0.25
    if isinstance(feature, (Features, Peaks)):
        ends = feature.n_frames / feature.frame_rate
        _demand(
            abs(ends - duration_s) <= slack + 1 / feature.frame_rate, f"frames cover the recording; got {ends:.2f} s"
        )
    elif len(feature):
        if isinstance(feature, (Segments, KeylessSegments)):
            ends = float(feature.ends_s.max())
        else:
            ends = float((feature.onset_s + feature.duration_s).max())
        _demand(ends <= duration_s + slack, f"nothing lies after the recording's end; got {ends:.2f} s")


def check_cue(cue: Cue) -> None:
    """A cue names what it needs, is deterministic, finds a version more alike than a stranger, and survives silence."""
    _demand(isinstance(cue, Cue), "a cue has name, needs and compare(query, reference)")
    song, version, stranger = example_tracks()
    found, again = cue.compare(song, version), cue.compare(song, version)
    _demand(isinstance(found, Evidence) and found.cue == cue.name, f"compare gives Evidence of the cue {cue.name!r}")
    _demand(found.raw == again.raw and found.spans == again.spans, "the same pair gives the same evidence")
    _demand(bool(found.unit), "a raw value says its unit")
    _demand(found.score is None and found.p_value is None, "score and p_value are left to calibration")
    own, other = cue.compare(song, song).raw, cue.compare(song, stranger).raw
    _demand(own > other, f"a recording is more like itself than like another: {own} against {other}")
    for span in found.spans:
        inside = span.query_end_s <= song.recording.duration_s + 0.5
        _demand(inside and span.reference_end_s <= version.recording.duration_s + 0.5, "spans lie inside both")
    for name, track in difficult_tracks().items():
        poor = cue.compare(track, song).raw
        _demand(np.isfinite(poor) and poor < own, f"{name} is less like a song than the song itself")


def check_exporter(exporter: Exporter, match: Match) -> None:
    """An exporter writes a file, the same each time, with the suffix it names."""
    _demand(isinstance(exporter, Exporter), "an exporter has name, suffix and export(match, path)")
    _demand(exporter.suffix.startswith("."), f"a suffix starts with a dot; got {exporter.suffix!r}")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}{exporter.suffix}" for name in ("first", "second")]
        for path in paths:
            exporter.export(match, path)
            _demand(path.is_file() and path.stat().st_size > 0, "export writes a file that is not empty")
        _demand(paths[0].read_bytes() == paths[1].read_bytes(), "the same comparison gives the same file")


def check_encoder(encoder: Encoder) -> None:
    """An encoder says what it makes, is deterministic, and survives sound that says little.

    Its vectors turn with the key, or have no axis of keys (``KeylessSegments``).
    """
    _demand(isinstance(encoder, Encoder), "an encoder has name, model_id, dim, segment_s and encode(audio)")
    song, version, _ = example_tracks()
    found, again = encoder.encode(song["audio"]), encoder.encode(song["audio"])
    _demand(isinstance(found, (Segments, KeylessSegments)), "encode gives Segments or KeylessSegments")
    _demand(found.model_id == encoder.model_id, f"segments name the model {encoder.model_id!r}; got {found.model_id!r}")
    _demand(found.dim == encoder.dim, f"vectors have {encoder.dim} features; got {found.dim}")
    length_s = float((found.ends_s - found.starts_s).max())
    _demand(length_s <= encoder.segment_s + 0.25, f"segments last {encoder.segment_s} s; got {length_s} s")
    _demand(_content(found) == _content(again), "the same sound gives the same segments, bit for bit")
    _check_times(found, song.recording.duration_s)
    if isinstance(found, Segments):
        other = encoder.encode(version["audio"])
        best = int(np.argmax([(np.roll(found.whole, key, axis=1) * other.whole).sum() for key in range(12)]))
        _demand(best == 3, f"a tune three semitones higher has its vectors rotated by 3; they are alike at {best}")
    for name, track in difficult_tracks().items():
        _demand(len(encoder.encode(track["audio"])) > 0, f"an encoder survives {name}")
