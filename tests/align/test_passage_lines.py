"""Straight stretches: a path ends where no line holds it, and goes on where one does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.naive_passage import straight_line
from versionmatch.align.line_kernels import best_line
from versionmatch.align.passage import shared_passages
from versionmatch.align.passage_lines import trimmed
from versionmatch.align.passage_maps import SLOPES, ChromaMap
from versionmatch.align.passage_search import CoarsePath, pooled
from versionmatch.types import Features

RATE = 10.0


def music(seed, seconds):
    """Chords of a second and melody notes of half a second, at 10 frames a second."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    values = 0.05 * rng.random((12, n))
    for start in range(0, n, 10):
        root = rng.integers(12)
        values[[(root + step) % 12 for step in (0, 4, 7)], start : start + 10] += 1.0
    for start in range(0, n, 5):
        values[rng.integers(12), start : start + 5] += 1.0
    return values


def faster(values, ratio):
    n = int(values.shape[1] / ratio)
    return values[:, np.minimum((np.arange(n) * ratio).astype(int), values.shape[1] - 1)]


def chroma(*parts):
    values = np.concatenate(parts, axis=1)
    return Features("chroma", values / np.linalg.norm(values, axis=0), RATE)


def pair(seed, seconds=12, transposition=3, ratio=1.1):
    """Two pieces with one passage: seconds 30 on of the query, 24 on of the reference."""
    shared = music([seed, 0], seconds)
    query = chroma(music([seed, 1], 30), faster(np.roll(shared, transposition, axis=0), ratio), music([seed, 2], 30))
    reference = chroma(music([seed, 3], 24), shared, music([seed, 4], 36))
    return query, reference


scores = st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(0, 10_000))


@settings(max_examples=60)
@given(scores)
def test_the_best_line_is_that_of_the_slow_twin(shape):
    n, m, seed = shape
    score = np.random.default_rng(seed).normal(-0.3, 1.0, (n, m)).astype(np.float32)
    total, which, offset, first, last = best_line(score, SLOPES)
    assert total == pytest.approx(straight_line(score, SLOPES), abs=1e-5)
    if which >= 0:
        rows = np.arange(first, last + 1)
        columns = offset + np.floor(SLOPES[which] * rows + 0.5).astype(int)
        assert score[rows, columns].sum() == pytest.approx(total, abs=1e-5)


def test_where_nothing_is_alike_there_is_no_line():
    assert best_line(np.full((5, 4), -1.0, np.float32), SLOPES)[:2] == (0.0, -1)


def test_a_bent_path_ends_where_no_straight_line_holds_it():
    query, reference = (pooled(side, 5) for side in pair(2, seconds=20, ratio=1.0))
    true = np.column_stack([np.arange(60, 100), np.arange(48, 88)])
    wrong = np.column_stack([np.arange(100, 130), 88 + np.arange(30) // 2])
    path = trimmed(CoarsePath(np.concatenate([true, wrong]).astype(np.int32), 50.0, 3), ChromaMap(query, reference))
    assert path.steps[0, 0] == pytest.approx(60, abs=2)
    assert path.steps[-1, 0] == pytest.approx(100, abs=3)


def test_a_path_goes_on_along_the_line_it_meets():
    query, reference = (pooled(side, 5) for side in pair(3, seconds=24, ratio=1.0))
    short = np.column_stack([np.arange(66, 92), np.arange(54, 80)]).astype(np.int32)
    path = trimmed(CoarsePath(short, 50.0, 3), ChromaMap(query, reference))
    assert path.steps[[0, -1], 0] == pytest.approx([60, 108], abs=3)
    assert (np.diff(path.steps, axis=0) >= 0).all()


def test_a_path_that_nothing_holds_stays_as_it_is():
    query, reference = (pooled(chroma(music([9, k], 40)), 5) for k in (1, 2))
    path = CoarsePath(np.column_stack([np.arange(20), np.arange(20)]).astype(np.int32), 20.0, 0)
    assert trimmed(path, ChromaMap(query, reference)) is path


@pytest.mark.parametrize("transposition", [-6, -1, 4])
@pytest.mark.parametrize("ratio", [0.8, 1.0, 1.25])
def test_a_passage_is_told_with_its_interval_and_tempo(transposition, ratio):
    query, reference = pair(5, seconds=20, transposition=transposition, ratio=ratio)
    [passage] = shared_passages(query, reference)
    assert (passage.transposition - transposition) % 12 == 0
    assert passage.tempo_ratio == pytest.approx(ratio, rel=0.02)
    span = passage.span
    found = [span.query_start_s, span.query_end_s, span.reference_start_s, span.reference_end_s]
    assert found == pytest.approx([30, 30 + 20 / ratio, 24, 44], abs=1.5)
