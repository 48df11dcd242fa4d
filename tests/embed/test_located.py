"""Which stretch answers which: ridges in made tables, and an excerpt found again in a real recording."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests import naive_embed as naive
from versionmatch.embed.located import locate, other_keys_threshold, ridges, threshold_of
from versionmatch.errors import FeatureMismatch, InputError, ParamsError
from versionmatch.types import Features, Segments

ROOT = Path(__file__).resolve().parents[2]
TABLES = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=st.integers(-3, 3).map(lambda v: v / 4)
)


def table(n, m, *runs, seed=1):
    made = 0.2 * np.random.default_rng(seed).random((n, m))
    for i, j, length in runs:
        for k in range(length):
            made[i + k, j + k] = 0.9
    return made


def sequence(n, seed=1, dim=6, start=0.0):
    drawn = np.random.default_rng(seed).normal(size=(n, dim, 12))
    drawn /= np.sqrt((drawn**2).sum(axis=(1, 2), keepdims=True))
    return Segments(drawn, start + 4.8 * np.arange(n), 20.8, drawn[0], "m")


def with_passage(side, at, passage):
    vectors = side.vectors.copy()
    vectors[at : at + len(passage)] = passage
    return Segments(vectors, side.starts_s, side.length_s, side.whole, side.model_id)


@given(TABLES)
def test_the_first_ridge_gains_as_much_as_any_run_can(made):
    found = ridges(made, 0.25, max_n=1)
    gain = made - 0.25
    total = sum(gain[i, j] for i, j in found[0]) if found else 0.0
    assert total == pytest.approx(max(0.0, naive.best_run(gain.tolist())))


def test_two_shared_passages_are_found_the_longer_one_first():
    found = ridges(table(20, 30, (2, 15, 4), (10, 3, 8)), 0.5)
    assert [(c[0].tolist(), c[-1].tolist()) for c in found] == [([10, 3], [17, 10]), ([2, 15], [5, 18])]


def test_a_faster_version_is_followed():
    made = np.zeros((10, 20))
    made[np.arange(8), 2 * np.arange(8) + 1] = 1.0
    assert ridges(made, 0.5)[0][-1].tolist() == [7, 15]


def test_one_weak_segment_does_not_break_a_passage():
    made = table(12, 12, (1, 1, 9))
    made[5, 5] = 0.3
    assert len(ridges(made, 0.5)[0]) == 9


def test_nothing_above_the_threshold_is_nothing_found():
    assert ridges(table(9, 9), 0.5) == []


def test_what_surrounds_a_ridge_is_not_found_again():
    made = table(20, 20, (4, 4, 9))
    made[4:12, 5:13] = np.maximum(made[4:12, 5:13], 0.7 * np.eye(8))  # segments overlap: neighbours are alike too
    assert len(ridges(made, 0.5, reach=(5, 5))) == 1


def test_ridges_are_the_same_each_time_ties_and_all():
    made = np.ones((6, 6))
    assert [c.tolist() for c in ridges(made, 0.5, reach=(2, 2))] == [
        c.tolist() for c in ridges(made, 0.5, reach=(2, 2))
    ]


def test_a_passage_is_located_in_seconds_and_key():
    query, other = sequence(30, 1), sequence(40, 2)
    reference = with_passage(other, 20, np.roll(query.vectors[5:11], -4, axis=2))
    found = locate(query, reference)
    assert found[0].transposition == 4
    assert found[0].similarity == pytest.approx(1.0, abs=1e-5)
    span = found[0].span
    assert (span.query_start_s, span.query_end_s) == pytest.approx((5 * 4.8, 10 * 4.8 + 20.8))
    assert (span.reference_start_s, span.reference_end_s) == pytest.approx((20 * 4.8, 25 * 4.8 + 20.8))
    assert all(item.similarity < 0.6 for item in found[1:])


def test_a_threshold_of_unrelated_pairs_lets_the_passage_alone_through():
    query = sequence(30, 1)
    reference = with_passage(sequence(40, 2), 20, query.vectors[5:11])
    from versionmatch.embed.keys import by_key

    unrelated = [by_key(sequence(30, s).vectors, sequence(30, s + 1).vectors) for s in range(3, 9, 2)]
    threshold = threshold_of(unrelated, 0.999)
    assert [item.cells[0].tolist() for item in locate(query, reference, threshold=threshold)][:1] == [[5, 20]]
    assert len(locate(query, reference, threshold=threshold)) <= len(locate(query, reference, quantile=0.9))


def test_every_unrelated_pair_counts_alike_in_a_threshold():
    short, long = np.full((2, 2, 12), 0.1), np.full((40, 40, 12), 0.5)
    assert threshold_of([short, long], 0.4) == 0.1
    assert threshold_of([short, long], 0.6) == 0.5


def test_the_other_keys_are_a_pairs_own_null():
    keys = np.zeros((4, 4, 12))
    keys[:, :, 3] = 1.0
    assert other_keys_threshold(keys, 3) == 0.0


def test_a_recording_of_one_segment_is_located_in_another():
    other = sequence(20, 2)
    found = locate(sequence(1, 1), with_passage(other, 7, sequence(1, 1).vectors), threshold=0.9)
    assert [item.cells.tolist() for item in found] == [[[0, 7]]]


def test_silence_resembles_nothing():
    silent = Segments(np.zeros((3, 6, 12)), 4.8 * np.arange(3), 20.8, np.zeros((6, 12)), "m")
    assert locate(silent, sequence(9)) == locate(silent, silent) == ()


def test_settings_out_of_range_are_named():
    a, b = sequence(3), sequence(3, 2)
    for settings, match in (({"key": 12}, "key = 12"), ({"quantile": 1.0}, "quantile = 1.0"), ({"max_n": 0}, "max_n")):
        with pytest.raises(ParamsError, match=match):
            locate(a, b, **settings)
    with pytest.raises(InputError, match="at least one unrelated pair"):
        threshold_of([])
    with pytest.raises(FeatureMismatch, match="model_id"):
        locate(a, Segments(b.vectors, b.starts_s, 20.8, b.whole, "other"))


def test_an_excerpt_of_greensleeves_is_found_where_it_was_taken_from(model):
    pytest.importorskip("torch")
    from versionmatch.audio.decode import load
    from versionmatch.embed.encoder import VersionEncoder
    from versionmatch.features.cqt import LibrosaCQT

    cqt = LibrosaCQT().extract({"audio": load(ROOT / "examples" / "greensleeves-a.ogg")[1]}).values
    taken = cqt[:, 960:2880]  # 19.2 to 57.6 s
    raised = np.concatenate([np.zeros((2, taken.shape[1])), taken[:-2]])  # two semitones up
    noise = np.random.default_rng(440).permuted(cqt, axis=0)  # its own loudness, and no music
    made = np.concatenate([noise[:, :1440], raised, noise[:, 1440:2750]], axis=1)
    encoder = VersionEncoder(model)
    query, reference = (encoder.encode(Features("cqt", values, 50.0)) for values in (cqt, made))
    found = locate(query, reference)[0]
    assert found.transposition == 10  # the reference is to be lowered by two
    span = found.span
    assert (span.query_start_s, span.query_end_s) == pytest.approx((19.2, 57.6), abs=7)
    assert (span.reference_start_s, span.reference_end_s) == pytest.approx((28.8, 67.2), abs=7)
    assert span.reference_start_s - span.query_start_s == pytest.approx(9.6)
