"""A comparison as the report is handed it: two synthetic versions of one song, with sound on disk."""

import shutil
from dataclasses import dataclass, replace

import numpy as np
import pytest
import soundfile

from tests.web.chromium import FLAGS
from versionmatch.types import (
    Annotation,
    Audio,
    Common,
    Control,
    ElementScore,
    Evidence,
    Features,
    Manifest,
    Match,
    Notes,
    Null,
    Passage,
    Recording,
    Span,
)
from versionmatch.units import PITCH_CLASSES

SR = 22050
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
BARS = [(7, "maj"), (4, "min"), (0, "maj"), (2, "7"), (7, "maj"), (11, "min"), (0, "maj"), (2, "7")]
TUNE = [67, 71, 74, 71, 76, 74, 71, 67, 72, 71, 69, 67, 66, 69, 74, 72]


@dataclass
class Version:
    """One arrangement: verses of eight bars, each at a start; everything else follows."""

    bar_s: float
    transposition: int
    starts: tuple[float, ...]
    duration_s: float
    swing: float = 0.0

    def bars(self):
        """(onset_s, end_s, root, quality) of every bar."""
        for start in self.starts:
            for i, (root, quality) in enumerate(BARS):
                yield start + i * self.bar_s, start + (i + 1) * self.bar_s, (root + self.transposition) % 12, quality

    def notes(self):
        """(onset_s, duration_s, pitch) of the tune, two notes a bar."""
        for start in self.starts:
            for i, pitch in enumerate(TUNE):
                yield start + i * self.bar_s / 2, 0.45 * self.bar_s, pitch + self.transposition


def sound(version, seed):
    t = np.arange(round(version.duration_s * SR)) / SR
    x = 0.003 * np.random.default_rng(seed).standard_normal(t.size)
    for onset, length, pitch in version.notes():
        at = (t >= onset) & (t < onset + length)
        hz = 440 * 2 ** ((pitch - 69) / 12)
        x[at] += 0.25 * np.exp(-2 * (t[at] - onset)) * np.sin(2 * np.pi * hz * t[at])
    for onset, end, root, _ in version.bars():
        at = (t >= onset) & (t < end)
        x[at] += 0.15 * np.exp(-(t[at] - onset)) * np.sin(2 * np.pi * 65.4 * 2 ** (root / 12) * t[at])
    return x.astype(np.float32)


def track(version, x, seed, kinds=None):
    rng = np.random.default_rng(seed)
    n10, n50 = round(version.duration_s * 10), round(version.duration_s * 50)
    chroma = 0.12 * rng.random((12, n10))
    for onset, end, root, quality in version.bars():
        third = 3 if quality == "min" else 4
        for step, weight in ((0, 1.0), (third, 0.7), (7, 0.8)) + (((10, 0.5),) if quality == "7" else ()):
            chroma[(root + step) % 12, round(onset * 10) : round(end * 10)] += weight
    melody = np.vstack([np.full(n50, 60.0), 0.1 * rng.random(n50)])
    for onset, length, pitch in version.notes():
        low, high = round(onset * 50), round((onset + length) * 50)
        melody[0, low:high] = pitch + 0.15 * np.sin(np.arange(high - low)[: max(0, n50 - low)] / 4)
        melody[1, low:high] = 0.9
    bars = list(version.bars())
    notes = list(version.notes())
    beats = np.arange(bars[0][0], version.duration_s, version.bar_s / 4)
    count = x.size * 10 // SR
    blocks = x[: count * (SR // 10)].reshape(count, -1)
    features = {
        "cqt": Features("cqt", np.ones((84, 4)), 50.0, facts={"tuning_cents": -8.0 + 11 * seed}),
        "chroma": Features("chroma", chroma / np.linalg.norm(chroma, axis=0), 10.0),
        "melody": Features("melody", melody, 50.0),
        "waveform": Features("waveform", np.vstack([blocks.min(axis=1), blocks.max(axis=1)]), 10.0),
        "onsets": Features("onsets", np.ones((1, n50)), 50.0),
        "notes": Notes(*(np.array(c) for c in zip(*notes, strict=True)), np.full(len(notes), 0.8)),
        "beats": Annotation(
            "beats",
            beats,
            np.zeros(beats.size),
            ("",) * beats.size,
            np.ones(beats.size),
            facts={"tempo_bpm": 240 / version.bar_s, "tempo_confidence": 0.74},
        ),
        "key": Annotation(
            "key",
            np.zeros(1),
            np.array([version.duration_s]),
            (f"{PITCH_CLASSES[(7 + version.transposition) % 12]} major",),
            np.array([0.81]),
        ),
        "chords": Annotation(
            "chords",
            np.array([b[0] for b in bars]),
            np.array([b[1] - b[0] for b in bars]),
            tuple(f"{NAMES[root]}:{quality}" for _, _, root, quality in bars),
            np.full(len(bars), 0.7),
        ),
        "sections": Annotation(
            "sections",
            np.array(version.starts),
            np.full(len(version.starts), 8 * version.bar_s),
            tuple("ABA"[i % 3] for i in range(len(version.starts))),
            np.ones(len(version.starts)),
        ),
    }
    return {kind: value for kind, value in features.items() if kinds is None or kind in kinds}


def null(centre, spread, n_pairs=1891):
    rng = np.random.default_rng(440)
    return Null("covers: 30 works", n_pairs, np.sort(rng.gamma(6.0, spread, 101) + centre), "unrelated pairs")


def passage(a, b, a_version, b_version, verse_pair, similarity):
    length = 8 * a_version.bar_s
    q = np.linspace(0, length, 161)
    wobble = 0.3 * np.sin(2 * np.pi * q / length) ** 2
    r = q * b_version.bar_s / a_version.bar_s + wobble
    path = np.column_stack([q + a, np.maximum.accumulate(r + b)])
    span = Span(*path[[0, -1], 0], *path[[0, -1], 1])
    ratio = (path[-1, 1] - path[0, 1]) / (path[-1, 0] - path[0, 0])
    words = f"For {length:.0f} s the chords and the melody of A are those of B, {verse_pair}."
    return Passage(
        span, path, ("harmony", "melody") if similarity > 0.8 else ("harmony",), similarity, -3, ratio, words
    )


@pytest.fixture(scope="session")
def versions():
    a = Version(2.4, 0, (4.0, 24.0, 44.0), 66.0)
    b = Version(2.6, 3, (9.0, 34.0), 57.0)
    return a, b


@pytest.fixture(scope="session")
def match(versions, tmp_path_factory):
    a, b = versions
    folder = tmp_path_factory.mktemp("sound")
    recordings, tracks = [], []
    for i, (version, name) in enumerate(((a, "in-the-garden.flac"), (b, "garden-live.flac"))):
        x = sound(version, i)
        path = folder / name
        soundfile.write(path, x, SR)
        recordings.append(
            Recording(
                id=("a1b2c3d4" if i == 0 else "9f8e7d6c") * 8,
                source=str(path),
                duration_s=version.duration_s,
                title="In the Garden" if i == 0 else "Garden (live)",
                artist="The Synthesisers" if i == 0 else None,
                sr=SR,
                channels=1,
                codec="FLAC",
                flags=("clipped",) if i else (),
            )
        )
        tracks.append(track(version, x, i))
    passages = (
        passage(4.0, 9.0, a, b, "at the first verse", 0.91),
        passage(24.0, 34.0, a, b, "at the second verse", 0.86),
        passage(44.0, 9.0, a, b, "where A sings the first verse again", 0.78),
    )
    spans = tuple(p.span for p in passages)
    evidence = (
        Evidence(
            "harmony",
            0.41,
            "Qmax per frame",
            spans,
            None,
            -3,
            0.004,
            0.88,
            null(0.08, 0.012),
            ("a common progression",),
        ),
        Evidence("melody", 12.6, "nats", spans[:1], None, -3, 0.021, 0.71, null(2.0, 0.7), (), {"confidence": 0.58}),
        Evidence("rhythm", 0.33, "correlation", (), None, 0, None, None, None),
    )
    return Match(
        query=recordings[0],
        reference=recordings[1],
        relation="version",
        probability=0.93,
        evidence=evidence,
        transposition=-3,
        tempo_ratio=1.083,
        passages=passages,
        coverage_query=0.87,
        coverage_reference=0.73,
        differences=(
            "A begins with 4 s that have no counterpart in B.",
            "B has 9 s of introduction that A lacks.",
            "A is 8 % faster.",
            "A repeats its first verse at the end; B does not.",
        ),
        notes=("Melody was found by machine with medium confidence; give notes or MIDI where it matters.",),
        manifest=Manifest(
            "compare",
            {"versionmatch": "0.1.0", "numpy": "2.4.6"},
            {"cues": ["harmony", "melody", "rhythm"], "min_passage_s": 6.0, "query_range": None},
            "0123456789abcdef",
            {"query": recordings[0].id, "reference": recordings[1].id},
            440,
        ),
        query_track=tracks[0],
        reference_track=tracks[1],
    )


@pytest.fixture(scope="session")
def full_match(match):
    """All that a comparison may hold: notes, elements, controls of which one failed, and a melody corrected by hand."""
    pairs = [np.array([(i, i) for i in range(16) if i not in {5, 9}]), np.array([(16 + i, 16 + i) for i in range(16)])]
    common = (Common("folk tunes", 41, 909, "a run of five notes", 0, 5), Common("folk tunes", 0, 909, "a leap", 2, 4))
    tunes = [
        replace(p, notes=n, times=(3, 2), bars=((2, 9), (3, 10)), common=c, p_value=value)
        for p, n, c, value in zip(match.passages[:2], pairs, common, (0.0004, 0.031), strict=True)
    ]
    spread = Null("unrelated pairs of folk tunes", 4000, np.linspace(0.0, 9.0, 101))
    elements = (
        ElementScore("melody", 11.4, {"melody": 3.9, "passages": 7.5}, 0.62, 0.002, spread),
        ElementScore("harmony", 5.5, {"harmony": 5.5}, 0.3, 0.02, spread),
        ElementScore("rhythm", 1.5, {"rhythm": 1.5}, 0.08),
    )
    controls = (
        Control("self", "melody", 44.0, True, "A with itself gives 44.0 nats.", 0.0002),
        Control("notes shuffled", "melody", 1.8, True, "With B's notes shuffled it gives 1.8 nats.", 0.62),
        Control("blocks shuffled", "rhythm", 0.31, False, "With B's bars shuffled the rhythm is as alike as before."),
    )
    of = {"harmony": "harmony", "melody": "melody", "rhythm": "rhythm"}
    evidence = tuple(replace(e, element=of[e.cue], size=24.0) for e in match.evidence)
    mended = {k: replace(match.query_track[k], settings=f"corrected-{'5e' * 8}") for k in ("melody", "notes")}
    return replace(
        match,
        evidence=(*evidence, Evidence("embedding", 0.7, "cosine")),
        passages=(*tunes, match.passages[2]),
        elements=elements,
        controls=controls,
        notes=(*match.notes, f"Melody of A: corrected by hand, file sha256 {'5e' * 32}."),
        manifest=replace(match.manifest, inputs={**match.manifest.inputs, "melody of A": "5e" * 32}),
        query_track={**match.query_track, **mended},
    )


@pytest.fixture(scope="session")
def bare_match(match):
    """Two recordings of which only sound in memory and chroma are known, and that share nothing."""
    tone = Audio(np.sin(np.arange(16000 * 12) / 40).astype(np.float32), 16000)
    recording = replace(match.query, source="array", title=None, artist=None, duration_s=12.0, sr=16000)
    chroma = Features("chroma", np.eye(12)[:, np.arange(120) % 12], 10.0)
    return replace(
        match,
        query=recording,
        reference=replace(recording, source="gone.wav", flags=("low_information", "tone")),
        relation="undecided",
        probability=None,
        evidence=(),
        transposition=0,
        tempo_ratio=1.0,
        passages=(),
        coverage_query=0.0,
        coverage_reference=0.0,
        differences=(),
        notes=(),
        query_track={"audio": tone, "chroma": chroma},
        reference_track={"chroma": chroma},
    )


@pytest.fixture(scope="session")
def chromium_path():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine; apt-get install chromium")
    return path


@pytest.fixture(scope="module")
def browser(chromium_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; pip install playwright")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield running
        running.close()
