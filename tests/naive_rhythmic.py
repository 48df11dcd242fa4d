"""Slow twins of the rhythmic measures, as one would write them down."""

from functools import cache


def local_path_score(gain, gap):
    """Best local alignment by recursion: the largest sum over all ways to pair rows and columns in order."""
    n, m = len(gain), len(gain[0]) if len(gain) else 0

    @cache
    def best(i, j):
        if i < 0 or j < 0:
            return 0.0
        return max(0.0, best(i - 1, j - 1) + gain[i][j], best(i - 1, j) - gap, best(i, j - 1) - gap)

    return max((best(i, j) for i in range(n) for j in range(m)), default=0.0)


def folded(values, frame_rate, times, positions=12):
    """Onset strength of each twelfth of each beat, each frame's strength spread evenly over its own length."""
    out = [[0.0] * positions for _ in times[:-1]]
    for i in range(len(times) - 1):
        step = (times[i + 1] - times[i]) / positions
        before = (times[i] - times[i - 1]) / positions if i else step
        for k in range(positions):
            centre = times[i] + k * step
            low, high = centre - (step if k else before) / 2, centre + step / 2
            for frame, value in enumerate(values):
                a, b = (frame - 0.5) / frame_rate, (frame + 0.5) / frame_rate
                out[i][k] += value * max(0.0, min(b, high) - max(a, low)) * frame_rate
    return out
