"""Passages that a model hears: maps of likeness, what tells by them, and passages that chroma alone does not give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.align import passage_maps
from versionmatch.align.passage import shared_passages
from versionmatch.align.passage_maps import ChromaMap, HeardMap, in_each_key, standardised
from versionmatch.align.passage_search import pooled
from versionmatch.errors import FeatureMismatch
from versionmatch.types import Features

DIM, RATE, HOP_S = 8, 10.0, 0.8


def moments(*parts):
    """Vectors of length 1 from parts ``(DIM, 12, n)``, as an embedding model gives them."""
    values = np.concatenate(parts, axis=2)
    values = values - values.mean(axis=1, keepdims=True)
    return Features("moments", (values / np.linalg.norm(values, axis=(0, 1))).reshape(12 * DIM, -1), 1 / HOP_S)


def music(seed, seconds):
    """What is heard of music that nobody else plays: a new vector every 1.6 s, a little of it in the next."""
    rng = np.random.default_rng(seed)
    n = round(seconds / HOP_S)
    each = rng.normal(size=(DIM, 12, n // 2 + 2)).repeat(2, axis=2)
    return (each + 0.5 * np.roll(each, 1, axis=2))[:, :, 1 : n + 1]


def chords(seed, seconds):
    """Chroma that is no noise and tells nothing: other tones in every tenth of a second."""
    values = np.random.default_rng([seed, 77]).random((12, round(seconds * RATE))) ** 2.5
    return Features("chroma", values / np.linalg.norm(values, axis=0), RATE)


def pair(seed, seconds=12.0, transposition=3):
    """Two recordings of 72 s with one passage, from 32 s on of the query, 24 s on of the reference."""
    shared = music([seed, 0], seconds)
    raised = np.roll(shared, transposition, axis=1)
    query = moments(music([seed, 1], 32), raised, music([seed, 2], 40 - seconds))
    reference = moments(music([seed, 3], 24), shared, music([seed, 4], 48 - seconds))
    return (chords(2 * seed, 72), chords(2 * seed + 1, 72)), (query, reference)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_products_in_each_key_are_those_of_the_rotated_moments(n, m, seed):
    rng = np.random.default_rng(seed)
    q, r = rng.normal(size=(DIM, 12, n)), rng.normal(size=(DIM, 12, m))
    found = in_each_key(*(x.reshape(12 * DIM, -1).astype(np.float32) for x in (q, r)))
    for key in range(12):
        wanted = np.einsum("dpn,dpm->nm", q, np.roll(r, key, axis=1))
        assert found[key] == pytest.approx(wanted, abs=1e-4)


def test_deviations_count_from_the_usual_likeness_of_either_moment():
    likeness = np.array([[1.0, 0.0, 0.0, 0.0]] + [[0.0, 0.0, 0.0, 0.0]] * 3)
    found = standardised(likeness, narrow=0.01)
    assert found[0, 0] == pytest.approx((1 - 0.25) / np.sqrt(0.1875))
    assert found[1, 1] == 0.0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("transposition", [-5, 0, 3])
def test_a_passage_of_twelve_seconds_is_heard_that_chroma_does_not_give(seed, transposition):
    chroma, heard = pair(seed, transposition=transposition)
    assert shared_passages(*chroma) == ()
    [passage] = shared_passages(*chroma, moments=heard)
    span = passage.span
    found = [span.query_start_s, span.query_end_s, span.reference_start_s, span.reference_end_s]
    assert found == pytest.approx([32, 44, 24, 36], abs=5.0)  # chroma, which settles the course, tells nothing
    assert passage.transposition == transposition


def test_at_most_one_in_twenty_unrelated_pairs_is_heard_to_share_anything():
    pairs = [
        shared_passages(
            chords(k, 72), chords(k + 500, 72), moments=(moments(music(k, 72)), moments(music(k + 500, 72)))
        )
        for k in range(40)
    ]
    assert sum(bool(found) for found in pairs) <= 2


def test_music_that_runs_backwards_is_no_passage():
    (a, b), (query, _) = pair(1)
    backwards = Features("moments", query.values[:, ::-1], query.frame_rate)
    assert shared_passages(a, b, moments=(query, backwards)) == ()
    assert len(shared_passages(a, b, moments=(query, query))) == 1


def with_lines(best, other, backwards, beside, drift=2.0):
    """A map whose best line, in key 4, has so many ln n; the others are of key 9, backwards, and by another drift."""
    n = np.log(100)
    coarse = pooled(chords(1, 50), 5)
    reached = np.full(12, 2 * n)
    reached[4], reached[9] = best * n, other * n
    empty = np.zeros((12, 100, 100), np.float32)
    return HeardMap(coarse, coarse, empty, drift, reached=reached, backwards=backwards * n, beside=beside)


def test_a_line_that_is_as_good_in_another_key_or_backwards_tells_nothing():
    assert with_lines(9, 2, 2, beside=1).tells(4)
    assert not with_lines(9, 2, 8, beside=0.9).tells(4)
    assert not with_lines(9, 8, 2, beside=0.9).tells(4)
    assert with_lines(20, 8, 8, beside=0).tells(4)


def test_a_line_that_only_one_drift_makes_strong_tells_nothing():
    assert with_lines(9, 2, 2, beside=0).strength(4) == pytest.approx(9**3 / (90 * 2 * 2))
    assert not with_lines(9, 2, 2, beside=0).tells(4)
    assert with_lines(9, 2, 2, beside=0.3).tells(4)
    assert not with_lines(20, 8, 8, beside=0, drift=1.25).tells(4)  # by the low drift high totals are common


def test_of_two_drifts_the_stronger_speaks_and_knows_the_other_where_both_hear_one_key():
    short, long = with_lines(9, 2, 2, beside=0), with_lines(9, 2, 2, beside=0, drift=1.25)
    one = passage_maps._stronger(short, long, range(12))
    assert (one.drift, one.beside) == (2.0, pytest.approx(9**3 / (200 * 2 * 2)))
    faint = passage_maps._stronger(with_lines(4, 2, 2, beside=0), long, range(12))
    assert (faint.drift, faint.beside) == (1.25, pytest.approx(4**3 / (90 * 2 * 2)))
    apart = passage_maps._stronger(with_lines(2, 9, 2, beside=0), long, range(12))
    assert (apart.drift, apart.beside) == (1.25, 0.0)


def test_what_chroma_alone_shows_is_found_with_moments_too():
    rng = np.random.default_rng(5)
    song = Features("chroma", rng.random((12, 80)).repeat(10, axis=1) ** 4, RATE)
    strangers = moments(music(1, 80)), moments(music(2, 80))
    [without] = shared_passages(song, song)
    found = shared_passages(song, song, moments=strangers)
    assert without.span.query_duration_s > 75
    assert all(p.transposition == 0 for p in found)


def test_silence_counts_as_unlike():
    silent = Features("chroma", np.zeros((12, 300)), RATE)
    coarse = pooled(silent, 5), pooled(chords(1, 30), 5)
    pair_of = HeardMap.of(*coarse, (moments(music(1, 30)), moments(music(2, 30))), range(12))
    assert (pair_of.score(0) == pair_of.score(0).min()).all()
    assert ChromaMap(*coarse).score(0).max() == -1.0


def test_along_a_path_the_map_is_read_between_its_cells():
    coarse = pooled(chords(1, 20), 5), pooled(chords(2, 20), 5)
    both = np.zeros((12, 40, 40), np.float32)
    both[3, 10, 10], both[3, 11, 11] = 4.0, 2.0
    found = HeardMap(*coarse, both)
    times = np.array([[coarse[0].times_s[10], coarse[1].times_s[10]], [coarse[0].times_s[11], coarse[1].times_s[11]]])
    assert found.along(times, 3) == pytest.approx([4.0, 2.0])
    assert found.along(times.mean(axis=0)[None], 3)[0] == pytest.approx((4.0 + 2.0) / 4)


def test_of_long_recordings_moments_are_taken_together_and_the_passage_is_still_there(monkeypatch):
    chroma, heard = pair(2, seconds=24.0)
    [fine] = shared_passages(*chroma, moments=heard)
    monkeypatch.setattr(passage_maps, "MOST_MOMENTS", 90 * 90 // 4)
    [grouped] = shared_passages(*chroma, moments=heard)
    for one, other in ((fine.span, grouped.span),):
        assert one.query_start_s == pytest.approx(other.query_start_s, abs=3)
        assert one.reference_end_s == pytest.approx(other.reference_end_s, abs=3)


def test_moments_of_two_models_or_of_other_rows_are_refused():
    chroma, (query, reference) = pair(1)
    other = Features("moments", reference.values, reference.frame_rate, settings="another model")
    with pytest.raises(FeatureMismatch, match="settings differs"):
        shared_passages(*chroma, moments=(query, other))
    odd = Features("moments", np.ones((13, 20)), 1.25)
    with pytest.raises(FeatureMismatch, match="moments have 12 rows"):
        shared_passages(*chroma, moments=(odd, odd))
