"""A recording's features in another order of time: what controls are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import InputError
from ..types import Annotation, Features, IntArray, Notes, Recording

BLOCK_S = 2.0
"""About a bar: what is longer is torn apart, what is shorter stays."""

REARRANGEABLE = (Features, Notes, Annotation)


class Rearranged(Mapping[str, Any]):
    """A track whose features are rearranged when they are asked for; what has no order of time cannot be had."""

    def __init__(self, track: Mapping[str, Any], change: Callable[[Any], Any]) -> None:
        self.recording: Recording = track.recording  # type: ignore[attr-defined]
        self._track, self._change = track, change
        self._made: dict[str, Any] = {}

    def __getitem__(self, kind: str) -> Any:
        if kind not in self._made:
            feature = self._track[kind]
            if not isinstance(feature, REARRANGEABLE):
                raise InputError(f"{kind} of {self.recording.label} cannot be rearranged; it has no frames or events")
            self._made[kind] = self._change(feature)
        return self._made[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._track)

    def __len__(self) -> int:
        return len(self._track)


def backwards(track: Mapping[str, Any]) -> Rearranged:
    """The track from its end to its beginning."""
    duration_s = _duration_s(track)
    return Rearranged(track, lambda feature: _backwards(feature, duration_s))


def in_blocks(track: Mapping[str, Any], *, block_s: float = BLOCK_S, seed: int = 440) -> Rearranged:
    """The track cut into blocks of ``block_s`` seconds that follow each other in random order."""
    duration_s = _duration_s(track)
    starts = np.arange(0.0, max(duration_s, block_s) - 1e-9, block_s)
    order = np.random.default_rng(seed).permutation(starts.size).astype(np.int32)
    return Rearranged(track, lambda feature: _in_blocks(feature, starts, order, duration_s, block_s))


def notes_shuffled(track: Mapping[str, Any], *, seed: int = 440) -> Rearranged:
    """The track with the pitches of its notes in random order, each in another's rhythm; all else is as it was."""
    return Rearranged(track, lambda feature: _shuffled(feature, seed) if isinstance(feature, Notes) else feature)


def _duration_s(track: Mapping[str, Any]) -> float:
    return float(track.recording.duration_s)  # type: ignore[attr-defined]


def _shuffled(notes: Notes, seed: int) -> Notes:
    order = np.random.default_rng(seed).permutation(len(notes))
    return replace(notes, pitch=notes.pitch[order])


def _backwards(feature: Any, duration_s: float) -> Any:
    if isinstance(feature, Features):
        return replace(feature, values=feature.values[:, ::-1])
    onset = np.maximum(duration_s - feature.onset_s - feature.duration_s, 0.0)
    return _sorted(feature, onset, feature.duration_s)


def _in_blocks(feature: Any, starts: Any, order: IntArray, duration_s: float, block_s: float) -> Any:
    if isinstance(feature, Features):
        edges = np.minimum(np.round(starts * feature.frame_rate).astype(np.int64), feature.n_frames)
        ends = np.append(edges[1:], feature.n_frames)
        frames = np.concatenate([np.arange(edges[k], ends[k]) for k in order])
        return replace(feature, values=feature.values[:, frames])
    block = np.minimum((feature.onset_s // block_s).astype(np.int64), starts.size - 1)
    lengths = np.minimum(starts[order] + block_s, max(duration_s, block_s)) - starts[order]
    moved = np.empty(starts.size)
    moved[order] = np.cumsum(lengths) - lengths
    ends = np.minimum(starts + block_s, max(duration_s, block_s))
    longest = np.maximum(ends[block] - feature.onset_s, 0.0)
    onset = moved[block] + feature.onset_s - starts[block]
    return _sorted(feature, onset, np.minimum(feature.duration_s, longest))


def _sorted(feature: Any, onset: Any, duration: Any) -> Any:
    """The events at their new times, in order; a note keeps some length."""
    order = np.lexsort((np.arange(onset.size), onset))
    if isinstance(feature, Notes):
        lasting, pitch = np.maximum(duration[order], 1e-3), feature.pitch[order]
        sure = feature.confidence[order]
        return replace(feature, onset_s=onset[order], duration_s=lasting, pitch=pitch, confidence=sure)
    labels, sure = tuple(feature.labels[i] for i in order), feature.confidence[order]
    return replace(feature, labels=labels, onset_s=onset[order], duration_s=duration[order], confidence=sure)
