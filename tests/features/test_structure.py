import numpy as np
import pytest

from versionmatch.features.structure import Novelty, Sections
from versionmatch.types import Features


def song_of(form, section_s=15.0, rate=10.0):
    """A CQT whose sections have each their own harmony: a loop of four random chords a letter."""
    parts = []
    for letter in form:
        rng = np.random.default_rng(ord(letter))
        loop = np.full((84, 4), 0.01)
        for chord in range(4):
            loop[24 + rng.choice(36, 4, replace=False), chord] = 1.0
        parts.append(np.tile(np.repeat(loop, int(rate * 1.5), axis=1), (1, 99))[:, : int(section_s * rate)])
    return Features("cqt", np.concatenate(parts, axis=1), rate)


def sections_of(cqt):
    return Sections().extract({"cqt": cqt, "novelty": Novelty().extract({"cqt": cqt})})


@pytest.mark.parametrize("form", ["ABAB", "ABACA", "AABA", "ABCB"])
def test_the_form_of_a_song_is_read_back(form):
    sections = sections_of(song_of(form))
    times = np.arange(len(form)) * 15.0 + 7.0
    at = [sections.labels[np.searchsorted(sections.onset_s, t, side="right") - 1] for t in times]
    assert "".join(at) == form


def test_boundaries_lie_where_the_music_changes():
    assert sections_of(song_of("ABC", section_s=18.0)).onset_s == pytest.approx([0, 18, 36], abs=2.5)


def test_novelty_is_highest_at_the_change():
    novelty = Novelty().extract({"cqt": song_of("AB")})
    assert novelty.values.max() == 1.0
    assert novelty.values[0].argmax() / novelty.frame_rate == pytest.approx(15, abs=1.0)


@pytest.mark.parametrize("n_frames", [1, 2, 9, 40])
def test_the_shortest_and_the_silent_are_one_section(n_frames):
    for values in (np.zeros((84, n_frames)), np.ones((84, n_frames))):
        sections = sections_of(Features("cqt", values, 10.0))
        assert sections.labels == ("A",)
        assert sections.duration_s[0] == pytest.approx(n_frames / 10)


def test_an_hour_costs_no_more_frames_than_twenty_minutes():
    hour = Features("cqt", np.random.default_rng(440).random((84, 36000), dtype=np.float32), 10.0)
    assert Novelty().extract({"cqt": hour}).n_frames <= 2600
