"""What a look-up would lose if its weak finds had to be on time, as those of a comparison: ``docs/fingerprint.md``.

``python benchmarks/quality/on_time.py FOLDER``: the first 25 tracks of 40 to 400 s in a shuffled folder are indexed, an
excerpt of each is looked up, and right finds with fewer than ``SURE_BY_ITSELF`` nats a second are held to ``ON_TIME``.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np

from benchmarks.quality.fingerprint_cells import CELLS, SR
from versionmatch.audio.decode import load
from versionmatch.errors import VersionMatchError
from versionmatch.fingerprint.landmarks import ASKED, LOOKED_UP, chosen, landmarks, strong
from versionmatch.fingerprint.pairwise import ON_TIME, SURE_BY_ITSELF
from versionmatch.fingerprint.score_kernels import on_time
from versionmatch.index.postings import PostingsIndex
from versionmatch.types import Audio

ASKED_CELLS = ("clean", "pink noise 10 dB", "pink noise 0 dB", "GSM", "phone band, µ-law", "reverb 1.6 s",
               "speed +2.5 %", "tempo +15 %")  # fmt: skip
N, LEAST_S, MOST_S = 25, 40, 400


def tracks(folder):
    """Path → samples."""
    files = sorted(str(p) for p in folder.rglob("*") if p.suffix in {".ogg", ".flac", ".mp3", ".wav"})
    random.Random(3).shuffle(files)
    found = {}
    for file in files:
        try:
            recording, audio = load(file)
        except VersionMatchError:
            continue
        if LEAST_S <= recording.duration_s <= MOST_S:
            found[file] = audio.samples
        if len(found) == N:
            break
    return found


def share(asked, other, warp, starts):
    """Of the peaks of ``asked`` in the stretch that have one of ``other`` near, the share at the same moment."""
    (asked_at, asked_end), other_at = starts
    first, last = np.searchsorted(asked.frames, (asked_at, asked_end + 1))
    own = slice(int(first), int(last))
    times = other_at + warp[0] * (asked.frames[own] - asked_at)
    bins = asked.bins[own] / np.float32(warp[1])
    near, close = on_time(times.astype(np.float64), bins, other.frames, other.bins, 3, 0.75, 0.75)
    return close / max(near, 1)


def shares(query, reference, found):
    """By the query's peaks as they are looked up, by its dense ones, and by those of the track."""
    span, rate = found.span, query.frame_rate
    there = (span.query_start_s * rate, span.query_end_s * rate), span.reference_start_s * rate
    back = (span.reference_start_s * rate, span.reference_end_s * rate), span.query_start_s * rate
    sparse, warp = chosen(query, strong(query, LOOKED_UP)), (found.tempo, found.pitch)
    return (share(sparse, reference, warp, there), share(query, reference, warp, there),
            share(reference, query, (1 / warp[0], 1 / warp[1]), back))  # fmt: skip


def cell(index, sounds, name, seconds, rng):
    """How many came first, and how many of them would remain, in each of the three ways."""
    found, kept, weak = 0, np.zeros(3, int), []
    for file, samples in sounds.items():
        start = int(rng.integers(5 * SR, samples.size - (seconds + 6) * SR))
        changed = CELLS[name](samples[start : start + seconds * SR].copy(), rng)
        query = landmarks(Audio(np.asarray(changed, np.float32), SR), ASKED)
        answers = index.query(query, "single" if name.startswith("tempo") else "speed")
        if not answers or answers[0].track != file:
            continue
        found += 1
        best = answers[0]
        if best.score >= SURE_BY_ITSELF * best.span.query_duration_s:
            kept += 1
            continue
        weak.append(shares(query, index.peaks(file), best))
        kept += np.array(weak[-1]) >= ON_TIME
    return found, kept.tolist(), np.round(np.median(weak, axis=0), 2).tolist() if weak else []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    sounds = tracks(parser.parse_args().folder)
    index, rng = PostingsIndex(), np.random.default_rng(1)
    for file, samples in sounds.items():
        index.add(file, landmarks(Audio(samples, SR)))
    for name in ASKED_CELLS:
        for seconds in (3, 5, 10):
            found, kept, median = cell(index, sounds, name, seconds, rng)
            print(
                f"{name:20s} {seconds:2d} s: {found} found, {kept} would remain; median of the weak {median}",
                flush=True,
            )


if __name__ == "__main__":
    main()
