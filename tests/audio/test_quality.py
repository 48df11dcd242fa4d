"""What is remarkable about a sound does not depend on how it comes in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.naive_sound import clipped_samples
from versionmatch.audio import synth
from versionmatch.audio.quality import FULL_SCALE, Quality, _clipped
from versionmatch.audio.resample import Resampler, downmixed
from versionmatch.types import FLAGS


def flags_in_blocks(frames, sr, length):
    quality = Quality(sr, frames.shape[1])
    for start in range(0, len(frames), length):
        block = quality.cleaned(frames[start : start + length])
        quality.add(block, downmixed(block))
    return quality.flags()


SOUNDS = {
    "song": synth.song(verses=1, tempo_bpm=384).audio.samples,
    "tone": synth.melody([(69, 0, 5)], timbre="sine").samples,
    "noise": synth.noise(5.0).samples,
    "silence": np.zeros(80000, np.float32),
    "clipped": np.clip(20 * synth.noise(5.0).samples, -1, 1),
    "broken": np.where(np.arange(80000) % 1000 == 0, np.nan, synth.noise(5.0).samples).astype(np.float32),
}


@pytest.mark.parametrize("name", SOUNDS)
@settings(max_examples=10, deadline=None)
@given(length=st.integers(500, 90000))
def test_flags_do_not_depend_on_the_blocks(name, length):
    frames = SOUNDS[name][:, None]
    assert flags_in_blocks(frames, 16000, length) == flags_in_blocks(frames, 16000, len(frames))


@given(
    arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.sampled_from([0, 0.5, 1, -1, 2]))
)
def test_clipped_samples_are_counted_as_the_slow_twin_does(frames):
    assert _clipped(frames) == clipped_samples(frames, FULL_SCALE)


def test_flags_are_words_of_the_list_in_its_order():
    flags = flags_in_blocks(np.zeros((10, 1), np.float32), 16000, 10)
    assert flags == tuple(name for name in FLAGS if name in flags) == ("low_information", "silence", "too_short")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 20000), max_size=4), st.sampled_from([8000, 22050, 44100, 48000, 96000]))
def test_resampling_does_not_depend_on_the_blocks(cuts, sr):
    sound = synth.noise(20000 / sr, sr=sr).samples
    whole = Resampler(sr, 16000)
    expected = np.concatenate([whole.push(sound), whole.push(sound[:0], last=True)])
    parts = Resampler(sr, 16000)
    pieces = [parts.push(piece) for piece in np.split(sound, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate([*pieces, parts.push(sound[:0], last=True)]), expected)
