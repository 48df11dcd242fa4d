import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests import naive_local as naive
from versionmatch.align import local, local_sweep
from versionmatch.align.recurrence import cross_recurrence
from versionmatch.errors import FeatureMismatch, InputError, ParamsError
from versionmatch.types import Features

binaries = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=24), elements=st.integers(0, 1))
penalties = st.sampled_from([(0.5, 0.5), (0.75, 0.25), (0.0, 1.0), (0.0, 0.0)])
FORMS = {False: (local.qmax_path, local.qmax_value), True: (local.dmax_path, local.dmax_value)}


def song(n_frames, seed=440, frame_rate=2.0):
    values = np.random.default_rng(seed).random((12, n_frames)) ** 3
    return Features("chroma", values, frame_rate=frame_rate)


def joined(*parts):
    return Features("chroma", np.concatenate([p.values for p in parts], axis=1), parts[0].frame_rate)


@pytest.mark.parametrize("dmax", [False, True])
@given(binary=binaries, gaps=penalties)
@settings(max_examples=60, deadline=None)
def test_score_and_path_are_those_of_the_slow_twin(dmax, binary, gaps):
    path_of, value_of = FORMS[dmax]
    wanted, cells = naive.best_path(binary, dmax, *gaps)
    found = path_of(binary, gap_onset=gaps[0], gap_extension=gaps[1])
    assert found.score == wanted == value_of(binary, gap_onset=gaps[0], gap_extension=gaps[1])
    assert [tuple(c) for c in found.path.tolist()] == cells
    assert found.n_matches == sum(int(binary[c]) for c in cells)


@pytest.mark.parametrize("dmax", [False, True])
@pytest.mark.parametrize("block", [3, 5, 16, 64])
@pytest.mark.parametrize("gaps", [(0.5, 0.5), (0.75, 0.25)])
def test_a_path_pieced_together_from_blocks_is_the_whole_path(monkeypatch, dmax, block, gaps):
    rng = np.random.default_rng(440)
    binary = (rng.random((150, 170)) < 0.25).astype(np.uint8)
    binary[np.arange(10, 140), np.arange(10, 140) + 12] = 1
    wanted, cells = naive.best_path(binary, dmax, *gaps)
    monkeypatch.setattr(local_sweep, "WHOLE", 0)
    monkeypatch.setattr(local_sweep, "BLOCK", block)
    found = FORMS[dmax][0](binary, gap_onset=gaps[0], gap_extension=gaps[1])
    assert found.score == wanted
    assert [tuple(c) for c in found.path.tolist()] == cells


def test_penalties_that_are_no_binary_fractions_agree_to_float32():
    binary = np.random.default_rng(440).random((40, 50)) < 0.4
    for dmax, (path_of, _) in FORMS.items():
        wanted, _ = naive.best_path(binary, dmax, 0.9, 0.3)
        assert path_of(binary, gap_onset=0.9, gap_extension=0.3).score == pytest.approx(wanted, rel=1e-6)


def test_an_unbroken_diagonal_scores_its_length_less_the_border():
    assert local.qmax_value(np.eye(20)) == 18
    assert local.dmax_value(np.eye(20)) == 17


def test_a_hole_in_a_diagonal_costs_one_disruption_and_its_point():
    binary = np.eye(20)
    binary[10, 10] = 0
    assert local.qmax_value(binary, gap_onset=0.25, gap_extension=5) == 18 - 1 - 0.25
    assert local.qmax_path(binary).n_matches == 17


@pytest.mark.parametrize(("ratio", "by_qmax", "by_dmax"), [(1, 25, 25), (2, 25, 25), (3, 1, 25), (4, 1, 1)])
def test_qmax_follows_up_to_double_tempo_and_dmax_up_to_triple(ratio, by_qmax, by_dmax):
    binary = np.zeros((40, 120), np.uint8)
    i = np.arange(3, 28)
    binary[i, ratio * i] = 1
    assert local.qmax_value(binary, gap_onset=1, gap_extension=1) == by_qmax
    assert local.dmax_value(binary, gap_onset=1, gap_extension=1) == by_dmax


def test_an_excerpt_is_found_where_it_was_taken_from():
    whole = song(300)
    found = local.qmax(whole.between(40, 80), whole)
    assert found.alignment.span.reference_start_s - found.alignment.span.query_start_s == 40
    assert found.alignment.cost == 0
    assert found.score == 80 - 8 - 2
    assert found.distance == pytest.approx(math.sqrt(292) / found.score)


@pytest.mark.parametrize("semitones", [0, 1, 7, 11])
def test_a_song_in_another_key_matches_once_the_reference_is_raised(semitones):
    original = song(120)
    raised = original.transposed(semitones)
    assert local.qmax(raised, original, transposition=semitones).score == local.qmax(original, original).score
    assert local.qmax(raised, original, transposition=semitones - 12).score == local.qmax(original, original).score


@given(shift=st.integers(0, 11), seed=st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_raising_both_songs_changes_nothing(shift, seed):
    one, two = song(70, seed), joined(song(20, seed + 99), song(60, seed))
    plain, moved = local.qmax(one, two), local.qmax(one.transposed(shift), two.transposed(shift))
    assert plain.score == pytest.approx(moved.score, abs=2)  # products are summed in another order


@given(seed=st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_query_and_reference_can_be_exchanged(seed):
    one, two = song(90, seed), joined(song(30, seed + 1), song(60, seed))
    assert local.qmax_score(one, two) == local.qmax_score(two, one)
    assert local.dmax_score(one, two) == local.dmax_score(two, one)


def test_scores_without_path_are_those_with_it():
    query = song(90)
    references = [song(90, seed) for seed in range(3)] + [joined(song(40, 7), query), song(5)]
    scores = local.qmax_scores(query, references, transposition=[0, 1, 2, 0, 0])
    singles = [local.qmax(query, r, transposition=t).score for r, t in zip(references[:4], [0, 1, 2, 0], strict=True)]
    assert scores.tolist() == [*singles, 0.0]
    assert scores[3] == max(scores) == local.qmax_score(query, references[3])
    assert local.dmax_score(query, references[3]) == local.dmax(query, references[3]).score


def test_the_same_input_gives_the_same_bits():
    one, two = song(400), joined(song(100, 1), song(300))
    first, second = local.qmax(one, two), local.qmax(one, two)
    assert first.score == second.score
    assert np.array_equal(first.alignment.path, second.alignment.path)


def test_silence_has_nothing_in_common_with_silence():
    silence = Features("chroma", np.zeros((12, 60)), frame_rate=2.0)
    found = local.qmax(silence, silence)
    assert (found.score, found.alignment, found.distance) == (0.0, None, math.inf)


def test_a_refrain_that_comes_twice_is_found_twice():
    refrain = song(40, 1)
    whole = joined(song(60, 2), refrain, song(70, 3), refrain, song(50, 4))
    binary = cross_recurrence(refrain, whole, kappa=0.05)
    found = local.local_alignments(binary, min_score=20, max_n=9)
    assert sorted(int(p.path[0, 1] - p.path[0, 0]) for p in found) == [60, 170]
    assert found[0].score >= found[1].score
    assert len(local.local_alignments(binary, min_score=20, max_n=1)) == 1
    assert local.local_alignments(np.zeros((9, 9)), min_score=0, max_n=5) == []


@given(binary=binaries, separation=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_passages_of_one_matrix_share_no_match_and_get_no_better(binary, separation):
    found = local.local_alignments(binary, min_score=1, max_n=5, separation=separation)
    left = binary.copy()
    for passage in found:
        cells = passage.path.tolist()
        assert passage.n_matches == sum(int(left[i, j]) for i, j in cells)
        for i, j in cells:
            left[max(0, i - separation) : i + separation + 1, j] = 0
            left[i, max(0, j - separation) : j + separation + 1] = 0
    scores = [passage.score for passage in found]
    assert scores == sorted(scores, reverse=True)


def test_errors_name_the_setting_and_its_value():
    with pytest.raises(ParamsError, match=r"embedding must be 1 frame or more; got 0"):
        local.qmax(song(20), song(20), embedding=0)
    with pytest.raises(ParamsError, match=r"kappa must lie in \(0, 1\].* got 1.5"):
        local.qmax(song(20), song(20), kappa=1.5)
    with pytest.raises(ParamsError, match=r"5 frames are fewer than the embedding of 9"):
        local.dmax(song(20), song(5))
    with pytest.raises(ParamsError, match=r"gap penalties must be 0 or more; got onset -1, extension 0.5"):
        local.qmax_path(np.eye(5), gap_onset=-1)
    with pytest.raises(ParamsError, match=r"2 transpositions for 1 references"):
        local.qmax_scores(song(20), [song(20)], transposition=[1, 2])
    with pytest.raises(FeatureMismatch, match="12 rows against 3"):
        local.qmax(song(20), Features("chroma", np.ones((3, 20)), 2.0))
    with pytest.raises(InputError, match=r"two dimensions; got shape \(4,\)"):
        local.qmax_value(np.ones(4))
