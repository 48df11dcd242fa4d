"""A comparison made by hand: a song of two verses and a version of it without the second, four semitones higher."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from versionmatch.types import (
    Alignment,
    Annotation,
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

RATE = 8000


def straight(query, reference, n=50):
    """A path along the diagonal of a block: (start, end) of both."""
    return np.column_stack([np.linspace(*query, n), np.linspace(*reference, n)])


def passage(query, reference, similarity, sentence=""):
    ratio = (reference[1] - reference[0]) / (query[1] - query[0])
    return Passage(
        Span(*query, *reference), straight(query, reference), ("melody", "harmony"), similarity, -4, ratio, sentence
    )


def track(shift):
    seconds = np.arange(4.0) + shift
    full = np.full(4, 0.9)
    return {
        "cqt": Features("cqt", np.ones((84, 10)), 10.0, facts={"tuning_cents": -3.5}),
        "key": Annotation("key", np.zeros(1), np.array([20.0]), ("B♭ major",), np.array([0.8])),
        "chords": Annotation("chords", seconds, np.ones(4), ("Bb:maj", "N", "F:7", "G:min"), full),
        "beats": Annotation(
            "beats", seconds, np.zeros(4), ("",) * 4, full, facts={"tempo_bpm": 96.0, "tempo_confidence": 0.7}
        ),
        "notes": Notes(seconds, np.full(4, 0.8), np.array([70.0, 72.0, 74.1, 70.0]), full),
    }


@pytest.fixture
def folder(tmp_path):
    """A folder with the two recordings, whose names XML must escape."""
    for name, duration_s in (("a & b.wav", 20.0), ('b "live".wav', 24.0)):
        soundfile.write(tmp_path / name, np.zeros(int(duration_s * RATE)), RATE)
    return tmp_path


@pytest.fixture
def match(folder):
    alignment = Alignment(np.column_stack([np.arange(40), np.arange(40)]), 0.25, 10.0, 10.0)
    null = Null("dev/covers", 4000, np.linspace(0.0, 10.0, 101), "unrelated pairs")
    return Match(
        query=Recording(
            "aa" * 32, str(folder / "a & b.wav"), 20.0, "Song <1>", "Trio", sr=RATE, channels=1, codec="WAV"
        ),
        reference=Recording("bb" * 32, str(folder / 'b "live".wav'), 24.0, sr=RATE, channels=1, codec="WAV"),
        relation="version",
        probability=0.97,
        evidence=(
            Evidence("harmony", 8.5, "cells of Qmax", (Span(2, 8, 6, 13),), alignment, -4, 0.0004, 0.98, null),
            Evidence("rhythm", 0.4, "correlation", notes=("half and double tempo count as equal",), details={"n": 3.0}),
        ),
        transposition=-4,
        tempo_ratio=7 / 6,
        passages=(
            passage((2.0, 8.0), (6.0, 13.0), 0.91, "The verse, in another harmony."),
            passage((14.0, 19.0), (13.5, 19.5), 0.84),
            passage((8.5, 13.5), (6.0, 12.0), 0.62),
        ),
        coverage_query=0.8,
        coverage_reference=0.55,
        differences=("A has a verse at 0:08–0:14 that B repeats from its first.",),
        notes=(),
        manifest=Manifest("compare", {"versionmatch": "0.1.0"}, {"cues": ("harmony",)}, "d1" * 8, {"query": "aa" * 32}),
        query_track=track(0.5),
        reference_track=track(1.0),
    )


@pytest.fixture
def unrelated(match):
    return replace(
        match,
        relation="unrelated",
        probability=None,
        passages=(),
        evidence=(),
        coverage_query=0.0,
        coverage_reference=0.0,
    )
