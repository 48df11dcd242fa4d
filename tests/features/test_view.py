"""A track makes each feature once, and knows by digest what it was made from."""

import numpy as np
import pytest

from versionmatch.errors import InputError, ParamsError, UnknownPlugin
from versionmatch.features.view import Track
from versionmatch.types import Features, Recording

ANYONE = Recording(id="0" * 64, source="array", duration_s=20.0)


def cqt(settings="given", frame_rate=10.0):
    values = np.random.default_rng(440).random((84, 200))
    return Features("cqt", values, frame_rate, settings=settings)


class Memory:
    """A cache that keeps what it is given."""

    def __init__(self):
        self.kept, self.hits = {}, 0

    def load(self, recording_id, kind, settings):
        found = self.kept.get((recording_id, kind, settings))
        self.hits += found is not None
        return found

    def save(self, recording_id, kind, settings, feature):
        self.kept[recording_id, kind, settings] = feature


def test_a_feature_is_made_once():
    track = Track(ANYONE, {"cqt": cqt()})
    assert track["chroma"] is track["chroma"]


def test_a_feature_carries_the_digest_of_all_it_was_made_from():
    one, same = (Track(ANYONE, {"cqt": cqt()})["chroma"].settings for _ in range(2))
    other = Track(ANYONE, {"cqt": cqt(settings="of another kind")})["chroma"].settings
    assert one == same != other
    assert len(one) == 16


def test_a_feature_is_read_from_the_cache_instead_of_being_made_again():
    cache = Memory()
    first = Track(ANYONE, {"cqt": cqt()}, cache=cache)["chroma"]
    assert cache.hits == 0
    assert Track(ANYONE, {"cqt": cqt()}, cache=cache)["chroma"] is first


def test_a_feature_of_other_settings_is_not_taken_from_the_cache():
    cache = Memory()
    _ = Track(ANYONE, {"cqt": cqt()}, cache=cache)["chroma"]
    _ = Track(ANYONE, {"cqt": cqt(settings="of another kind")}, cache=cache)["chroma"]
    assert cache.hits == 0


def test_sound_that_is_not_at_hand_is_said_to_be_missing():
    with pytest.raises(InputError, match="sound is not at hand"):
        _ = Track(ANYONE, {"cqt": cqt()})["audio"]


def test_an_unknown_kind_lists_the_known_ones():
    with pytest.raises(UnknownPlugin, match=r"no extractor named 'chrome'.*Did you mean 'chroma'"):
        _ = Track(ANYONE, {"cqt": cqt()})["chrome"]


def test_a_released_feature_is_made_again():
    track = Track(ANYONE, {"cqt": cqt()})
    first = track["chroma"]
    track.release("chroma")
    assert np.array_equal(track["chroma"].values, first.values)
    assert track["chroma"] is not first


def test_an_extractor_may_be_chosen_with_an_argument(random_models, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", str(random_models))
    cqt = Features("cqt", np.random.default_rng(1).random((84, 300)), 10.0)
    tracks = [
        Track(Recording("ab", "song", 30.0), {"cqt": cqt}, choice=choice)
        for choice in ({}, {"segments": f"segments:{random_models / 'versions-v2'}"}, {"segments": "segments:other"})
    ]
    usual, named, other = (track["segments"] for track in tracks)
    assert other.model_id == "other"
    assert named.settings != other.settings
    assert usual.model_id == named.model_id == "versions-v2"
    odd = Track(Recording("ab", "song", 30.0), {"cqt": cqt}, choice={"key": "key:minor"})
    with pytest.raises(ParamsError, match="the plugin 'key' takes no argument; write 'key' instead of 'key:minor'"):
        odd.settings("key")
