"""The public conformance kit: what any extractor, cue, exporter, encoder or index must do, ours and a stranger's alike.

In a plugin's own tests::

    from versionmatch.testing import check_cue

    def test_my_cue_conforms():
        check_cue(TempoCue())

Each check raises ``ConformanceError`` that names the rule which was broken.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .audio import synth
from .audio.decode import load
from .conformance import ConformanceError, demand
from .errors import IndexMismatch, InputError
from .features.chords import ROOTS
from .features.view import Track
from .plugins import Cue, Encoder, Exporter, Extractor, VectorIndex
from .testing_attribution import check_adapter, check_attributor
from .types import Annotation, Audio, Evidence, Feature, Features, KeylessSegments, Match, Notes, Peaks, Segments
from .types.neighbours import Hits, IndexSpec

__all__ = [
    "ConformanceError",
    "check_adapter",
    "check_attributor",
    "check_cue",
    "check_encoder",
    "check_exporter",
    "check_extractor",
    "check_vector_index",
    "difficult_tracks",
    "example_rhythms",
    "example_tracks",
]

STEPS = (0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0)
OTHER_STEPS = (0, 1, 6, 10, 3, 8, 11, 2, 6, 1, 9, 3, 10, 5, 0, 8)
CHORDS = ((0, "maj"), (7, "7"), (9, "min"), (0, "maj"), (5, "maj"), (2, "min7"), (7, "7"), (0, "maj"))
OTHER_CHORDS = ((0, "min"), (6, "7"), (3, "maj"), (11, "min"), (6, "min"), (9, "dim"), (10, "sus4"), (5, "min7"))
"""What is written over every second note: steps above the first note's pitch, and the quality."""
_FEATURES = (Features, Notes, Annotation, Segments, Peaks)
Table: TypeAlias = npt.NDArray[Any]
_Chords: TypeAlias = tuple[tuple[int, str], ...]


def _track(audio: Audio, **written: Feature) -> Track:
    recording, decoded = load((audio.samples, audio.sr))
    return Track(recording, {"audio": decoded, **written})


@cache
def example_tracks() -> tuple[Track, Track, Track]:
    """A tune, the same tune three semitones higher and faster, and an unrelated one; about 30 s each.

    As over a lead sheet, chords are written over each tune (``track["chords"]``), which alone sounds.
    """

    def played(steps: tuple[int, ...], chords: _Chords, pitch: int, beat_s: float) -> Track:
        notes = [(pitch + step, beat_s * i, beat_s) for i, step in enumerate(steps * 4)]
        labels = tuple(f"{ROOTS[(pitch + step) % 12]}:{quality}" for step, quality in chords * 4)
        lasting, sure = np.full(len(labels), 2 * beat_s), np.ones(len(labels))
        onsets = 2 * beat_s * np.arange(len(labels), dtype=np.float64)
        written = Annotation("chords", onsets, lasting, labels, sure)
        return _track(synth.melody(notes), chords=written)

    other = played(OTHER_STEPS, OTHER_CHORDS, 58, 0.4)
    return played(STEPS, CHORDS, 60, 0.5), played(STEPS, CHORDS, 63, 0.45), other


LENGTHS = (1.5, 0.5, 1, 1, 0.75, 0.25, 1, 0.5, 1.5)
OTHER_LENGTHS = (0.5, 1, 1, 0.5, 1, 1 / 3, 1 / 3, 1 / 3, 2, 0.75, 0.5, 0.75)
STROKES = (0, 1, 1.75, 2.5, 3, 4, 5, 5.5, 6.25, 7)
OTHER_STROKES = (0, 0.5, 1.5, 2, 3.5, 4, 4 + 1 / 3, 4 + 2 / 3, 6, 7.5)


@cache
def example_rhythms() -> tuple[Track, Track, Track]:
    """A tune with strokes, its rhythm on other pitches and faster, and another rhythm; about 30 s each."""

    def played(steps: tuple[int, ...], lengths: tuple[float, ...], strokes: tuple[float, ...], beat_s: float) -> Track:
        onsets = np.cumsum((0.0, *lengths * 8))
        rows = zip(onsets[:-1], lengths * 8, strict=True)
        notes = [(60 + steps[i % 16], beat_s * onset, beat_s * length) for i, (onset, length) in enumerate(rows)]
        sound = synth.melody(notes, timbre="voice")
        samples, rng = sound.samples.copy(), np.random.default_rng(440)
        stroke = np.exp(-np.arange(1600) / 480) * rng.uniform(-0.5, 0.5, 1600)
        for beat in (8.0 * bar + place for bar in range(int(onsets[-1] // 8)) for place in strokes):
            at = round(beat * beat_s * sound.sr)
            samples[at : at + 1600] += stroke[: samples[at : at + 1600].size].astype(np.float32)
        return _track(Audio(samples, sound.sr))

    song, version = played(STEPS, LENGTHS, STROKES, 0.5), played(OTHER_STEPS, LENGTHS, STROKES, 0.44)
    return song, version, played(STEPS, OTHER_LENGTHS, OTHER_STROKES, 0.5)


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
    demand(isinstance(extractor, Extractor), "an extractor has name, kind, needs, settings and extract(track)")
    demand(isinstance(extractor.settings, Mapping), "settings is a mapping")
    demand(json.loads(json.dumps(dict(extractor.settings))) is not None, "settings can be written as JSON")
    for track in example_tracks()[:2]:
        first, again = extractor.extract(track), type(extractor)().extract(track)
        demand(isinstance(first, _FEATURES), "extract gives Features, Notes, an Annotation, Segments or Peaks")
        demand(first.kind == extractor.kind, f"the result's kind is {extractor.kind!r}; got {first.kind!r}")
        demand(first.settings == "", "extract leaves settings empty; the track fills them")
        demand(_content(first) == _content(again), "the same sound gives the same result, bit for bit")
        _check_times(first, track.recording.duration_s)
    for name, track in difficult_tracks().items():
        demand(extractor.extract(track) is not None, f"an extractor survives {name}")


def _check_times(feature: Feature | KeylessSegments, duration_s: float) -> None:
    slack = 0.25
    if isinstance(feature, (Features, Peaks)):
        ends = feature.n_frames / feature.frame_rate
        demand(
            abs(ends - duration_s) <= slack + 1 / feature.frame_rate, f"frames cover the recording; got {ends:.2f} s"
        )
    elif len(feature):
        if isinstance(feature, (Segments, KeylessSegments)):
            ends = float(feature.ends_s.max())
        else:
            ends = float((feature.onset_s + feature.duration_s).max())
        demand(ends <= duration_s + slack, f"nothing lies after the recording's end; got {ends:.2f} s")


def check_cue(cue: Cue) -> None:
    """A cue names what it needs, is deterministic, finds a song more like itself than a stranger, survives silence.

    A cue whose ``element`` is ``"rhythm"`` is given tracks whose rhythms differ: its version has other pitches and
    another tempo, its stranger the same pitches and the same tempo. It must find the version the more alike.
    """
    demand(isinstance(cue, Cue), "a cue has name, needs and compare(query, reference)")
    of_rhythm = getattr(cue, "element", "") == "rhythm"
    song, version, stranger = example_rhythms() if of_rhythm else example_tracks()
    found, again = cue.compare(song, version), cue.compare(song, version)
    demand(isinstance(found, Evidence) and found.cue == cue.name, f"compare gives Evidence of the cue {cue.name!r}")
    demand(found.raw == again.raw and found.spans == again.spans, "the same pair gives the same evidence")
    demand(bool(found.unit), "a raw value says its unit")
    demand(found.score is None and found.p_value is None, "score and p_value are left to calibration")
    demand(dict(found.chance) == dict(again.chance), "the same pair lets expect the same by chance")
    for name, value in found.chance.items():
        demand(
            np.isfinite(value) and value >= 0, f"what chance depends on is finite and not negative; {name} is {value}"
        )
    own, other = cue.compare(song, song).raw, cue.compare(song, stranger).raw
    demand(own > other, f"a recording is more like itself than like another: {own} against {other}")
    if of_rhythm:
        demand(found.raw > other, f"the same rhythm is more alike than another: {found.raw} against {other}")
    for span in found.spans:
        inside = span.query_end_s <= song.recording.duration_s + 0.5
        demand(inside and span.reference_end_s <= version.recording.duration_s + 0.5, "spans lie inside both")
    for name, track in difficult_tracks().items():
        poor = cue.compare(track, song).raw
        demand(np.isfinite(poor) and poor < own, f"{name} is less like a song than the song itself")


def check_exporter(exporter: Exporter, match: Match) -> None:
    """An exporter writes a file, the same each time, with the suffix it names."""
    demand(isinstance(exporter, Exporter), "an exporter has name, suffix and export(match, path)")
    demand(exporter.suffix.startswith("."), f"a suffix starts with a dot; got {exporter.suffix!r}")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}{exporter.suffix}" for name in ("first", "second")]
        for path in paths:
            exporter.export(match, path)
            demand(path.is_file() and path.stat().st_size > 0, "export writes a file that is not empty")
        demand(paths[0].read_bytes() == paths[1].read_bytes(), "the same comparison gives the same file")


def check_encoder(encoder: Encoder) -> None:
    """An encoder says what it makes, is deterministic, and survives sound that says little.

    Its vectors turn with the key, or have no axis of keys (``KeylessSegments``).
    """
    demand(isinstance(encoder, Encoder), "an encoder has name, model_id, dim, segment_s and encode(audio)")
    song, version, _ = example_tracks()
    found, again = encoder.encode(song["audio"]), encoder.encode(song["audio"])
    demand(isinstance(found, (Segments, KeylessSegments)), "encode gives Segments or KeylessSegments")
    demand(found.model_id == encoder.model_id, f"segments name the model {encoder.model_id!r}; got {found.model_id!r}")
    demand(found.dim == encoder.dim, f"vectors have {encoder.dim} features; got {found.dim}")
    length_s = float((found.ends_s - found.starts_s).max())
    demand(length_s <= encoder.segment_s + 0.25, f"segments last {encoder.segment_s} s; got {length_s} s")
    demand(_content(found) == _content(again), "the same sound gives the same segments, bit for bit")
    _check_times(found, song.recording.duration_s)
    if isinstance(found, Segments):
        other = encoder.encode(version["audio"])
        best = int(np.argmax([(np.roll(found.whole, key, axis=1) * other.whole).sum() for key in range(12)]))
        demand(best == 3, f"a tune three semitones higher has its vectors rotated by 3; they are alike at {best}")
    for name, track in difficult_tracks().items():
        demand(len(encoder.encode(track["audio"])) > 0, f"an encoder survives {name}")


def check_vector_index(kind: type[VectorIndex], *, least_recall: float = 0.99) -> None:
    """An index of vectors finds what is nearest, in the best key, the same each time; what it removes is gone.

    ``least_recall`` is what it must find of the ten nearest among some hundred, by comparing with all.
    """
    for keyed in (False, True):
        spec = IndexSpec(dim=5 if keyed else 64, keyed=keyed, model_id="model-a", model_digest="a" * 64)
        with tempfile.TemporaryDirectory() as folder:
            _check_index(kind, spec, Path(folder), least_recall)


def _check_index(kind: type[VectorIndex], spec: IndexSpec, folder: Path, least_recall: float) -> None:
    rng = np.random.default_rng(440)
    works = rng.standard_normal((30, spec.width))
    vectors = works[rng.integers(0, 30, 500)] + 0.5 * rng.standard_normal((500, spec.width))
    vectors[400:] = vectors[300:400]  # ties
    ids, queries = rng.permutation(500) + 2**40, works + 0.3 * rng.standard_normal(works.shape)
    index = kind(folder / "index", spec)
    demand(isinstance(index, VectorIndex), "an index has name, spec, open, add, remove, search, compact, save, close")
    index.add(vectors[:250], ids[:250])
    index.add(vectors[250:].reshape(-1, *spec.shape), ids[250:])
    demand(len(index) == 500, f"len is the number of vectors, 500; got {len(index)}")
    hits = index.search(queries, 10)
    _check_found(hits, _likeness(queries, vectors, spec), ids, least_recall)
    one_by_one = [index.search(query[None], 10) for query in queries]
    same = all(np.array_equal(one.ids[0], row) for one, row in zip(one_by_one, hits.ids, strict=True))
    demand(same, "a query finds the same alone and among others")
    _check_refusals(index, spec, ids)
    _check_lasting(kind, index, folder, queries, hits)
    _check_removal(index, folder, vectors, ids)
    other = kind(folder / "other", spec)
    stay = rng.permutation(np.arange(20, 500))
    other.add(vectors[stay], ids[stay])
    demand(np.array_equal(other.search(queries, 10).ids, index.search(queries, 10).ids), "order of adding says nothing")
    other.close()
    index.close()


def _likeness(queries: Table, vectors: Table, spec: IndexSpec) -> Table:
    """By comparing with all in float64: ``(n_queries, n_turns, n_vectors)``."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    asked = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).reshape(-1, *spec.shape)
    turns = [np.roll(asked, -key, axis=-1) for key in range(12)] if spec.keyed else [asked]
    return np.stack([turn.reshape(len(asked), -1) @ unit.T for turn in turns], axis=1)


def _check_found(hits: Hits, likeness: Table, ids: Table, least_recall: float) -> None:
    best, keys = likeness.max(axis=1), likeness.argmax(axis=1)
    tenth = np.sort(best, axis=1)[:, -10]
    place = np.argsort(ids)[np.searchsorted(np.sort(ids), hits.ids)]
    demand(bool(np.isin(hits.ids, ids).all()), "what is found are ids that were added")
    found = np.take_along_axis(best, place, axis=1)
    recall = float((found >= tenth[:, None] - 1e-3).mean())
    demand(recall >= least_recall, f"of the ten nearest {least_recall} are found; got {recall:.3f}")
    demand(bool(np.abs(found - hits.scores).max() < 2e-3), "scores are the cosine, in the best key")
    in_order = (np.diff(hits.scores) < 0) | ((np.diff(hits.scores) == 0) & (np.diff(hits.ids) > 0))
    demand(bool(in_order.all()), "the most alike come first, ties by the smaller id")
    near = np.take_along_axis(np.sort(likeness, axis=1)[:, -1] - np.sort(likeness, axis=1)[:, -2:][:, 0], place, axis=1)
    right = (np.take_along_axis(keys, place, axis=1) == hits.keys) | (near < 1e-3)
    demand(bool(right.all()), "keys raise what is found to the query")


def _refused(call: Callable[[], object], error: type[Exception], rule: str) -> None:
    try:
        call()
    except error:
        return
    raise ConformanceError(f"{rule}: {error.__name__} is raised")


def _check_refusals(index: VectorIndex, spec: IndexSpec, ids: Table) -> None:
    row = np.ones((1, spec.width))
    _refused(lambda: index.add(row, ids[:1]), InputError, "an id that is there is not added again")
    _refused(lambda: index.add(np.ones((2, spec.width)), [1, 1]), InputError, "an id comes once")
    _refused(lambda: index.add(row * np.nan, [1]), InputError, "a vector is finite")
    _refused(lambda: index.add(np.ones((1, spec.width + 1)), [1]), InputError, "a vector has the width of the spec")
    _refused(lambda: index.search(row, 0), InputError, "k is 1 or more")
    demand(len(index) == 500, "what is refused changes nothing")


def _check_lasting(kind: type[VectorIndex], index: VectorIndex, folder: Path, queries: Table, hits: Hits) -> None:
    index.save()
    again = kind.open(folder / "index", model_id="model-a")
    found = again.search(queries, 10)
    demand(
        np.array_equal(found.ids, hits.ids) and np.array_equal(found.scores, hits.scores), "what is saved comes back"
    )
    again.close()
    _refused(lambda: kind.open(folder / "index", model_id="model-b"), IndexMismatch, "another model is told")
    _refused(lambda: kind.open(folder / "index", model_digest="b" * 64), IndexMismatch, "other weights are told")
    _refused(lambda: kind.open(folder / "nothing"), InputError, "where there is no index it is said")


def _check_removal(index: VectorIndex, folder: Path, vectors: Table, ids: Table) -> None:
    gone = ids[:20]
    demand(index.remove(gone) == 20 and index.remove(gone) == 0, "remove says how many were there")
    demand(len(index) == 480, "what is removed is not counted")
    demand(not np.isin(index.search(vectors[:20], 480).ids, gone).any(), "what is removed is not found")
    index.compact()
    demand(not np.isin(index.search(vectors[:20], 480).ids, gone).any(), "nor after compaction")
    demand(bool(np.array_equal(index.search(vectors[20:21], 1).ids[0], ids[20:21])), "ids never change")
    unit = vectors[:20] / np.linalg.norm(vectors[:20], axis=1, keepdims=True)
    needles = [row.astype(dtype)[:8].tobytes() for row in unit for dtype in ("<f2", "<f4", "<f8")]
    everything = b"".join(path.read_bytes() for path in (folder / "index").rglob("*") if path.is_file())
    demand(not any(needle in everything for needle in needles), "after compaction no byte of what was removed is left")
