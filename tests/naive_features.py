"""Slow, readable twins of the compiled feature kernels."""

import itertools

import numpy as np


def best_state_path(scores, moves):
    """The states of the path with the largest total, by trying them all."""
    n_states, n_frames = scores.shape
    return max(
        itertools.product(range(n_states), repeat=n_frames),
        key=lambda path: (
            sum(scores[s, t] for t, s in enumerate(path)) + sum(moves[a, b] for a, b in itertools.pairwise(path))
        ),
    )


def path_total(scores, moves, path):
    """What a path through the states is worth."""
    return sum(scores[s, t] for t, s in enumerate(path)) + sum(moves[a, b] for a, b in itertools.pairwise(path))


def beat_total(strength, period, tightness, beats):
    """What a chain of beats is worth: its onsets, less what its uneven distances cost."""
    costs = [tightness * np.log((b - a) / period[b]) ** 2 for a, b in itertools.pairwise(beats)]
    return sum(strength[b] for b in beats) - sum(costs)


def best_beat_total(strength, period, tightness):
    """The largest total of all chains of beats that may end where the kernel's may, by trying them all."""
    n = strength.size
    last = max(0, n - 1 - int(1.5 * period[-1]))
    best = -np.inf
    for r in range(1, n + 1):
        for beats in itertools.combinations(range(n), r):
            steps_fit = all(
                max(1, np.ceil(0.5 * period[b])) <= b - a <= np.floor(2 * period[b])
                for a, b in itertools.pairwise(beats)
            )
            if beats[-1] >= last and steps_fit:
                best = max(best, beat_total(strength, period, tightness, beats))
    return best


def best_pitch_total(scores, penalty, reach):
    """The largest total of all pitch paths, by trying them all."""
    n_pitches, n_frames = scores.shape
    return max(
        pitch_total(scores, penalty, reach, path) for path in itertools.product(range(n_pitches), repeat=n_frames)
    )


def pitch_total(scores, penalty, reach, path):
    """What a pitch path is worth: its scores, less ``penalty`` a semitone moved, ``reach`` semitones at most."""
    moves = sum(penalty * min(abs(a - b), reach) for a, b in itertools.pairwise(path))
    return sum(scores[p, t] for t, p in enumerate(path)) - moves


def convolved(x, weights, bias, dilation):
    """A convolution over rows (padded by zeros) and frames (not padded), one product at a time."""
    n_out, n_in, high, wide = weights.shape
    rows, frames = x.shape[1], x.shape[2] - dilation * (wide - 1)
    out = np.zeros((n_out, rows, frames))
    for o, r, t in np.ndindex(n_out, rows, frames):
        out[o, r, t] = bias[o] + sum(
            weights[o, i, h, w] * x[i, r + h - high // 2, t + w * dilation]
            for i, h, w in np.ndindex(n_in, high, wide)
            if 0 <= r + h - high // 2 < rows
        )
    return out
