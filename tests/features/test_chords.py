import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.naive_features import best_state_path, path_total
from versionmatch.audio import synth
from versionmatch.features.chords import TemplateChords
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.hmm_kernels import viterbi
from versionmatch.types import Features


def chords_of(audio):
    return TemplateChords().extract({"cqt": LibrosaCQT().extract({"audio": audio})})


@pytest.mark.parametrize("timbre", ["pluck", "voice", "flute"])
@pytest.mark.parametrize(
    "progression",
    [["C:maj", "A:min", "F:maj", "G:7"], ["D:min", "G:7", "C:maj", "C:maj"], ["F#:min", "D:maj", "B:min", "C#:7"]],
)
def test_a_progression_is_read_back(progression, timbre):
    found = chords_of(synth.chords(progression, timbre=timbre))
    times = np.arange(len(progression)) * 2.0 + 1.0
    at = [found.labels[np.searchsorted(found.onset_s, t, side="right") - 1] for t in times]
    assert at == progression


def test_chords_change_within_two_tenths_of_a_second():
    found = chords_of(synth.chords(["C:maj", "F:maj", "G:maj"]))
    assert found.onset_s == pytest.approx([0, 2, 4], abs=0.2)


def test_silence_is_no_chord():
    found = chords_of(synth.chords(["C:maj", "N", "G:maj"], chord_s=3.0, timbre="reed"))
    assert found.labels == ("C:maj", "N", "G:maj")
    assert TemplateChords().extract({"cqt": Features("cqt", np.zeros((84, 7)), 10.0)}).labels == ("N",)


def test_noise_is_mostly_no_chord():
    found = chords_of(synth.noise(10.0))
    assert sum(d for d, label in zip(found.duration_s, found.labels, strict=True) if label == "N") > 5


def test_chords_leave_no_gap():
    found = chords_of(synth.song(verses=1).audio)
    assert found.onset_s[1:] == pytest.approx(found.onset_s[:-1] + found.duration_s[:-1])
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.tuples(
            arrays(np.float64, st.tuples(st.just(n), st.integers(1, 5)), elements=st.floats(-3, 3)),
            arrays(np.float64, (n, n), elements=st.floats(-3, 0)),
        )
    )
)
def test_no_path_is_worth_more_than_viterbis(scores_and_moves):
    scores, moves = scores_and_moves
    best = path_total(scores, moves, best_state_path(scores, moves))
    assert path_total(scores, moves, viterbi(scores, moves)) == pytest.approx(best)
