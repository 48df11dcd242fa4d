"""Values are checked once, when they are made."""

import pickle

import numpy as np
import pytest

from versionmatch.errors import FeatureMismatch, InputError
from versionmatch.types import Alignment, Annotation, Audio, Evidence, Features, Notes, Null, Passage, Segments, Span


def test_a_broken_frame_is_named_by_its_time():
    values = np.ones((12, 10))
    values[3, 4] = np.nan
    with pytest.raises(InputError, match=r"1 of 10 chroma frames .* at 2\.00 s"):
        Features("chroma", values, frame_rate=2.0)


def test_arrays_inside_values_cannot_be_written_to():
    chroma = Features("chroma", np.ones((12, 3)), 2.0)
    with pytest.raises(ValueError, match="read-only"):
        chroma.values[0, 0] = 2


def test_a_value_does_not_change_with_the_array_it_was_made_from():
    source = np.ones((12, 3), dtype=np.float32)
    chroma = Features("chroma", source, 2.0)
    source[:] = 7
    assert chroma.values.max() == 1


def test_transposing_up_moves_c_to_d():
    c = Features("chroma", np.eye(12)[:, :1], 1.0)
    assert c.transposed(2).values[:, 0].argmax() == 2


def test_only_chroma_can_be_transposed_by_rotation():
    with pytest.raises(FeatureMismatch, match="cqt has 84"):
        Features("cqt", np.ones((84, 2)), 1.0).transposed(1)


@pytest.mark.parametrize(("change", "word"), [({"frame_rate": 3.0}, "frame_rate"), ({"settings": "x"}, "settings")])
def test_features_of_other_settings_are_not_compared(change, word):
    made = {"kind": "chroma", "values": np.ones((12, 3)), "frame_rate": 2.0, "settings": "a"}
    with pytest.raises(FeatureMismatch, match=word):
        Features(**made).check_comparable(Features(**{**made, **change}))


def test_a_cut_keeps_the_frames_between_two_times():
    ramp = Features("onsets", np.arange(10)[None], 2.0)
    assert ramp.between(1.0, 3.0).values.tolist() == [[2, 3, 4, 5]]


def test_blocks_with_a_halo_cover_every_sample_once():
    audio = Audio(np.arange(10, dtype=np.float32), 10)
    blocks = list(audio.blocks(4, halo=2))
    assert [start for start, _ in blocks] == [0, 4, 8]
    assert [b.tolist() for _, b in blocks] == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 6, 7, 8, 9], [6, 7, 8, 9]]


@pytest.mark.parametrize(
    ("samples", "match"),
    [(np.zeros(0, np.float32), "no samples"), (np.zeros((2, 3), np.float32), "mono"), (np.zeros(3), "float32")],
)
def test_audio_is_mono_float32_and_not_empty(samples, match):
    with pytest.raises(InputError, match=match):
        Audio(samples, 16000)


def test_notes_are_sorted_and_last():
    with pytest.raises(InputError, match="sorted"):
        Notes([1.0, 0.0], [1.0, 1.0], [60, 62], [1, 1])
    with pytest.raises(InputError, match="longer than 0"):
        Notes([0.0], [0.0], [60], [1])


def test_notes_that_overlap_are_not_monophonic():
    assert Notes([0, 1], [1, 1], [60, 62], [1, 1]).monophonic
    assert not Notes([0, 1], [2, 1], [60, 62], [1, 1]).monophonic


def test_annotations_have_a_label_for_each_time():
    with pytest.raises(InputError, match="chords: 1 labels"):
        Annotation("chords", [0, 1], [1, 1], ("C:maj",), [1, 1])


def test_a_path_runs_forward():
    with pytest.raises(InputError, match="forward"):
        Alignment(np.array([[0, 0], [1, -1]]), 0.0, 1.0, 1.0)
    path = Alignment(np.array([[0, 2], [3, 4]]), 0.0, 1.0, 2.0)
    assert path.span == Span(0, 3, 1, 2)


def test_a_span_does_not_end_before_it_starts():
    with pytest.raises(InputError, match="span"):
        Span(2, 1, 0, 1)


def test_a_passage_runs_forward():
    with pytest.raises(InputError, match="forward"):
        Passage(Span(0, 1, 0, 1), np.array([[0.0, 1.0], [1.0, 0.0]]), ("harmony",), 1.0, 0, 1.0)


def test_evidence_is_a_finite_number():
    with pytest.raises(InputError, match="harmony cue gave nan"):
        Evidence("harmony", float("nan"), "ratio")


def test_a_percentile_is_the_share_of_unrelated_pairs_below():
    null = Null("a corpus", 100, np.linspace(0, 1, 101))
    assert null.percentile(0.25) == pytest.approx(25.0)
    assert null.percentile(2.0) == 100.0


def test_what_most_unrelated_pairs_have_is_above_none_of_them():
    null = Null("a corpus", 100, np.concatenate([np.zeros(98), [0.5, 1.0, 1.0]]))
    assert null.percentile(0.0) == 0.0
    assert null.percentile(0.25) == pytest.approx(97.5)
    assert null.percentile(1.0) == pytest.approx(99.0)


def test_values_travel_to_another_process_and_are_frozen_there():
    sent = Features("chroma", np.ones((12, 3)), 2.0, facts={"tuning_cents": 3.0})
    got = pickle.loads(pickle.dumps(sent))
    assert np.array_equal(got.values, sent.values)
    assert dict(got.facts) == {"tuning_cents": 3.0}
    with pytest.raises(ValueError, match="read-only"):
        got.values[0, 0] = 2
    told = Evidence("harmony", 1.0, "ratio", details={"a": 1.0}, null=Null("corpus", 3, [0, 1]))
    assert pickle.loads(pickle.dumps(told)).details["a"] == 1.0


def unit(*shape):
    values = np.random.default_rng(440).normal(size=shape)
    return values / np.sqrt((values**2).sum(axis=(-2, -1), keepdims=True))


def segments(**change):
    made = {"vectors": unit(3, 4, 12), "starts_s": [0.0, 4.8, 9.6], "length_s": 20.8, "whole": unit(4, 12)}
    return Segments(**{**made, "model_id": "m", **change})


def test_segments_say_where_they_end_and_which_are_silent():
    found = segments(vectors=np.concatenate([unit(2, 4, 12), np.zeros((1, 4, 12))]))
    assert (len(found), found.dim) == (3, 4)
    assert found.ends_s.tolist() == pytest.approx([20.8, 25.6, 30.4])
    assert found.silent.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"vectors": np.zeros((0, 4, 12)), "starts_s": []}, "n ≥ 1, dim, 12"),
        ({"vectors": unit(3, 4, 11)}, "n ≥ 1, dim, 12"),
        ({"whole": unit(5, 12)}, "the segments' shape"),
        ({"starts_s": [0.0, 1.0]}, "3 segments need as many finite starts"),
        ({"starts_s": [0.0, 2.0, 1.0]}, "each after the one before it"),
        ({"starts_s": [-1.0, 2.0, 3.0]}, "at 0 s or later"),
        ({"length_s": 0.0}, "longer than 0 s"),
        ({"vectors": unit(3, 4, 12) * [[[1]], [[2]], [[1]]]}, "segment 1 has length 2.0000"),
        ({"vectors": np.full((3, 4, 12), np.nan)}, "segment 0 has length nan"),
        ({"whole": 0.5 * unit(4, 12)}, "the whole has length 0.5"),
    ],
)
def test_segments_are_vectors_of_length_one_in_order(change, match):
    with pytest.raises(InputError, match=match):
        segments(**change)


@pytest.mark.parametrize("change", [{"model_id": "other"}, {"settings": "x"}])
def test_segments_of_two_models_are_not_compared(change):
    with pytest.raises(FeatureMismatch, match=f"{next(iter(change))} of the segments differs"):
        segments().check_comparable(segments(**change))


def test_segments_of_other_weights_are_not_compared_where_both_digests_are_known():
    with pytest.raises(
        FeatureMismatch, match=r"the weights of 'm' differ: sha256 aaaa.* against bbbb.*; use one model"
    ):
        segments(model_digest="a" * 64).check_comparable(segments(model_digest="b" * 64))
    segments(model_digest="a" * 64).check_comparable(segments())


def test_segments_travel_to_another_process():
    got = pickle.loads(pickle.dumps(segments()))
    assert np.array_equal(got.vectors, segments().vectors)
    with pytest.raises(ValueError, match="read-only"):
        got.whole[0, 0] = 2
