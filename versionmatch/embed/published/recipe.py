"""What the published networks are fed with: from a recording to inputs, each with the seconds that it covers.

What the papers and repositories are known here to do is done; what is not known of a recipe is said at ``CLEWS`` and
its fellows below. Needs torch only when inputs are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ...errors import InputError
from ...features.cqt_published import (
    COVERHUNTER_HOP,
    COVERHUNTER_SR,
    VINET_BINS,
    VINET_HOP,
    VINET_SR,
    coverhunter_cqt,
    vinet_cqt,
)
from ...types import Audio, Features, FloatArray
from ..items import audio_of
from .settings import CoverHunterSettings, VINetSettings

if TYPE_CHECKING:
    from torch import Tensor

    from ..directory import ModelFacts

Prepared: TypeAlias = "Audio | Features"
"""What is made of a recording before the network is needed."""
Input: TypeAlias = "tuple[float, float, Tensor]"
"""Start and end in the recording, seconds, and a batch of one for the network."""

PCP_RATE = 44100 / 512
"""Frames a second of the pitch-class profiles that MOVE reads."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """``prepared`` makes of an item what the inputs are cut from, ``inputs`` cuts them, one batch of one at a time."""

    prepared: Callable[[Any, ModelFacts], Prepared]
    inputs: Callable[[Any, ModelFacts], Iterator[Input]]


def starts_of(n_samples: int, window: int, hop: int) -> range:
    """Where windows start so that every sample is in one: ``ceil((n - window) / hop) + 1`` of them, one at least.

    >>> len(starts_of(240 * 16000, 20 * 16000, 5 * 16000)), len(starts_of(1, 320000, 80000))
    (45, 1)
    """
    return range(0, 1 + max(0, n_samples - window) + (-max(0, n_samples - window) % hop), hop)


def _sound(item: Any, facts: ModelFacts) -> Audio:
    if isinstance(item, Features):
        raise InputError(
            f"the model {facts.id!r} ({facts.architecture}) reads sound; got Features of {item.kind!r}; give a path, "
            "an Audio, (samples, sr) or a Track"
        )
    return audio_of(item, facts.sample_rate)


def _windows(repeated: bool) -> Callable[[Audio, ModelFacts], Iterator[Input]]:
    def windows(audio: Audio, facts: ModelFacts) -> Iterator[Input]:
        import torch

        n, sr = audio.samples.size, audio.sr
        window, hop = round(facts.segment_s * sr), round(facts.hop_s * sr)
        scale = np.float32(1.0 / max(1.0, *(float(np.abs(block).max()) for _, block in audio.blocks(60 * sr))))
        for start in starts_of(n, window, hop):
            end = min(start + window, n)
            sound = audio.piece(start, end)
            if sound.size < window:
                sound = np.concatenate([sound, _filling(audio, window - sound.size, repeated=repeated)])
            yield start / sr, end / sr, torch.from_numpy(sound * scale)[None]

    return windows


def _filling(audio: Audio, length: int, *, repeated: bool) -> FloatArray:
    """What follows the end of a recording: the recording again, from its beginning, or silence."""
    if not repeated:
        return np.zeros(length, dtype=np.float32)
    return np.resize(audio.piece(0, min(length, audio.samples.size)), length)


def _transform(
    sr: int, hop: int, bins: Callable[[ModelFacts], int], made: Callable[[Audio, ModelFacts], Features]
) -> Callable[[Any, ModelFacts], Features]:
    """The transform that is given, if it is such a one, or that of the sound."""

    def prepared(item: Any, facts: ModelFacts) -> Features:
        if not isinstance(item, Features):
            return made(audio_of(item, sr), facts)
        if item.kind != "cqt" or item.values.shape[0] != bins(facts) or abs(item.frame_rate * hop / sr - 1) > 1e-3:
            raise InputError(
                f"the model {facts.id!r} reads a 'cqt' of {bins(facts)} bins at {sr / hop:.2f} frames a second; got "
                f"{item.kind!r} of {item.values.shape[0]} at {item.frame_rate:.2f}; give the sound instead"
            )
        return item

    return prepared


def _vinet_inputs(cqt: Features, facts: ModelFacts) -> Iterator[Input]:
    import torch

    from .vinet import prepare

    frames = VINetSettings.of(facts.network).frames
    end_s = min(frames, cqt.values.shape[1]) / cqt.frame_rate
    yield 0.0, end_s, prepare(torch.tensor(cqt.values), frames)


def _coverhunter_inputs(cqt: Features, facts: ModelFacts) -> Iterator[Input]:
    import torch

    from .coverhunter import prepare

    duration_s = cqt.values.shape[1] / cqt.frame_rate
    for i, chunk in enumerate(prepare(torch.tensor(cqt.values))):
        yield i * facts.segment_s, min((i + 1) * facts.segment_s, duration_s), chunk[None]


def _profile(item: Any, facts: ModelFacts) -> Features:
    wanted = f"a 'pcp' of 12 rows at {PCP_RATE:.2f} frames a second"
    if not isinstance(item, Features):
        try:
            item = item["pcp"]
        except (LookupError, TypeError) as error:
            raise InputError(
                f"the model {facts.id!r} ({facts.architecture}) reads pitch-class profiles of crema, which are not "
                f"made here; got a {type(item).__name__} without them; give Features: {wanted}"
            ) from error
    if item.kind != "pcp" or item.values.shape[0] != 12 or abs(item.frame_rate / PCP_RATE - 1) > 1e-3:
        raise InputError(
            f"the model {facts.id!r} reads {wanted}; got {item.kind!r} of {item.values.shape[0]} at "
            f"{item.frame_rate:.2f}; make it at hop 512 of 44.1 kHz"
        )
    profile: Features = item
    return profile


def _move_inputs(profile: Features, _: ModelFacts) -> Iterator[Input]:
    import torch

    from .move import prepare

    yield 0.0, profile.values.shape[1] / profile.frame_rate, prepare(torch.tensor(profile.values))


CLEWS = Recipe(_sound, _windows(repeated=True))
"""Windows of 20 s every 5 s, the last filled up with the recording again, at a peak of 1 at most.

Known: mono by the mean, 16 kHz by soxr, divided by ``max(1, peak)``. Not known: soxr's quality (HQ here)."""

FISH = Recipe(_sound, _windows(repeated=False))
"""As CLEWS, but with silence after the end.

Known: a hop of 5 s, and that shorter sound is followed by silence. Not known: its scale, which the network's own
stretching undoes but for rounding, and what is done with the end of longer sound (silence here as well)."""

VINET = Recipe(
    _transform(
        VINET_SR,
        VINET_HOP,
        lambda _: VINET_BINS,
        lambda audio, facts: vinet_cqt(audio, VINetSettings.of(facts.network).frames),
    ),
    _vinet_inputs,
)
"""One input, of the first 186 s (ISMIR) or 177 s (MIREX) of ``librosa.cqt``; zeros follow shorter sound.

Not known: how the sound is resampled to 22.05 kHz (soxr HQ here) and scaled (not here; the network's input is relative
to its largest value)."""

COVERHUNTER = Recipe(
    _transform(
        COVERHUNTER_SR,
        COVERHUNTER_HOP,
        lambda facts: CoverHunterSettings.of(facts.network).bins,
        lambda audio, _: coverhunter_cqt(audio),
    ),
    _coverhunter_inputs,
)
"""Chunks of 135 s, the last filled up with -100 dB; what is open of the transform is said at ``coverhunter_cqt``."""

MOVE = Recipe(_profile, _move_inputs)
"""One input, of the whole profile. Not known: how its embeddings are compared (by mean square here)."""

RECIPES = {
    "clews-1": CLEWS,
    "fish-1": FISH,
    "discogs-vinet-1": VINET,
    "coverhunter-1": COVERHUNTER,
    "move-1": MOVE,
}
