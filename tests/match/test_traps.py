"""Alike and yet not one: different recordings that share silence, tones, a loop, an intro, a sample."""

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

import versionmatch as vm
from tests.fingerprint.examples import SR, audio, sound
from tests.jobs.sounds import Inline
from tests.jobs.test_scan import KINDS
from versionmatch.fingerprint.landmarks import landmarks
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.scan import scan
from versionmatch.match.cues.recording import RecordingCue
from versionmatch.match.same import relation_of
from versionmatch.params import ScanParams

SECONDS = 30
T = np.arange(SECONDS * SR) / SR


def speech(seconds, seed=5):
    """Bursts of noise with one formant each, as spoken syllables are."""
    rng, samples, at = np.random.default_rng(seed), np.zeros(int(seconds * SR)), 0
    while at < samples.size:
        n = min(int(rng.uniform(0.08, 0.25) * SR), samples.size - at)
        w, r = 2 * np.pi * rng.uniform(300, 2500) / SR, 0.97
        burst = lfilter([1], [1, -2 * r * np.cos(w), r * r], rng.normal(0, 1, n))
        samples[at : at + n] = 0.4 * burst / np.abs(burst).max() * np.hanning(n)
        at += n + int(rng.uniform(0.02, 0.1) * SR)
    return samples.astype(np.float32)


def drums(seed=1, bar_s=2.0):
    """A bar of eight strokes: bass, cymbal, snare, cymbal …"""
    rng, samples, n = np.random.default_rng(seed), np.zeros(int(bar_s * SR)), int(0.12 * SR)
    for k in range(8):
        at = int(k * bar_s / 8 * SR)
        noise = rng.normal(0, 1.0 if k % 4 == 2 else 0.4, n)
        stroke = np.sin(2 * np.pi * 60 * np.arange(n) / SR) if k % 4 == 0 else noise
        samples[at : at + n] += stroke * np.exp(-30 * np.arange(n) / SR)
    return (0.3 * samples / np.abs(samples).max()).astype(np.float32)


def after(piece):
    """Some music of its own, then the piece."""
    return lambda own: np.concatenate([own, piece.astype(np.float32)])


def beneath(piece):
    """The piece beneath music of its own."""
    return lambda own: own[: piece.size] + piece[: own.size].astype(np.float32)


def every_other_second(sample):
    """The sample twenty times, each time followed by a second of music of its own."""
    return lambda own: np.concatenate([np.concatenate([sample, own[k * SR : (k + 1) * SR]]) for k in range(20)])


def here_and_there(sample):
    """The sample twenty times, at places that no two recordings share."""

    def sprinkled(own):
        samples, rng = own.copy(), np.random.default_rng(int(1e6 * np.abs(own).sum()) % 2**32)
        for second in np.sort(rng.choice(SECONDS - 2, 20, replace=False)) + rng.uniform(0, 0.3, 20):
            at = int(second * SR)
            samples[at : at + SR] = 0.3 * samples[at : at + SR] + sample
        return samples

    return sprinkled


SAMPLE, LOOP = speech(1.0), np.tile(drums(), SECONDS // 2)
TRAPS = {
    "silence": after(np.zeros(SECONDS * SR)),
    "a tone": after(0.3 * np.sin(2 * np.pi * 1000 * T)),
    "two tones": after(0.2 * np.sin(2 * np.pi * 440 * T) + 0.2 * np.sin(2 * np.pi * 697 * T)),
    "a tone every second": after(0.3 * np.sin(2 * np.pi * 1000 * T) * (T % 1 < 0.1)),
    "a hum beneath": beneath(0.1 * np.sin(2 * np.pi * 50 * T) + 0.05 * np.sin(2 * np.pi * 100 * T)),
    "a loop alone": lambda own: np.concatenate([LOOP[: 20 * SR], own]),
    "a loop beneath": beneath(LOOP),
    "a loud loop beneath": beneath(2 * LOOP),
    "a spoken intro": lambda own: np.concatenate([speech(4.0, 7), own]),
    "a spoken intro before little": lambda own: np.concatenate([speech(4.0, 7), own[: 8 * SR]]),
    "a sample in a row": lambda own: np.concatenate([np.tile(SAMPLE, 20), own[: 20 * SR]]),
    "a sample on the beat": every_other_second(SAMPLE),
    "a note on the beat": every_other_second(sound(33, 1.0)),
    "a sample here and there": here_and_there(SAMPLE),
}
"""By what two recordings share: a way from music of its own to a recording."""
VISIBLE = {"two tones", "a loop alone", "a spoken intro", "a spoken intro before little", "a sample in a row",
           "a sample on the beat", "a note on the beat"}  # fmt: skip


def heard(query, reference):
    return RecordingCue().compare(*({"peaks": landmarks(audio(samples))} for samples in (query, reference)))


@pytest.mark.parametrize("trap", TRAPS)
def test_what_shares_only_that_is_at_most_a_related_passage_and_says_where(trap):
    one, other = (TRAPS[trap](sound(seed, float(SECONDS))) for seed in (21, 22))
    for query, reference in ((one, other), (other, one)):
        found = heard(query, reference)
        relation = relation_of([found])
        assert (relation and relation[0]) in {None, "related passage"}
        if trap in VISIBLE:
            assert relation[0] == "related passage"
            assert found.spans
        assert relation_of([heard(query, query)])[0] in {"same recording", "altered recording"}


@pytest.mark.parametrize("trap", ["a loop alone", "a sample on the beat"])
def test_a_comparison_calls_them_neither_the_same_nor_altered(trap):
    one, other = (TRAPS[trap](sound(seed, float(SECONDS))) for seed in (21, 22))
    match = vm.compare((one, SR), (other, SR), cues=("harmony", "recording"))
    assert match.relation in {"related passage", "version"}
    assert match["recording"].spans


def test_a_loop_with_music_of_its_own_is_still_found_as_a_copy():
    own = TRAPS["a loop beneath"](sound(21, float(SECONDS)))
    noise = np.random.default_rng(1).normal(0, 0.02, own.size)
    assert relation_of([heard(own + noise, own)])[0] == "same recording"
    assert relation_of([heard(own[8 * SR : 20 * SR], own)])[0] == "altered recording"


def test_a_scan_joins_none_of_them(tmp_path):
    chosen = ("silence", "two tones", "a loop alone", "a spoken intro", "a sample on the beat")
    for number, trap in enumerate(chosen):
        for side in (0, 1):
            samples = TRAPS[trap](sound(50 + 2 * number + side, float(SECONDS)))
            soundfile.write(tmp_path / f"{trap} {side}.wav", samples, SR)
    with Catalogue.create(tmp_path / "c", kinds=KINDS) as catalogue:
        catalogue.add(tmp_path, executor=Inline(), jobs=1)
        found = scan(catalogue, ScanParams(by=("recording",), cues=("recording",)), executor=Inline())
    assert found.facts["tiers"].keys() <= {"related passage", "undecided"}  # one cue alone says no more
    assert found.facts["rows"]["clusters"] == 0
    assert found.facts["tiers"]["related passage"] >= 3  # the reason is there to be seen
