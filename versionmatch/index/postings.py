"""Recordings found by their peaks: an index that grows by segments, forgets, and is compacted."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..errors import FeatureMismatch, InputError, IntegrityError
from ..fingerprint.hashes import PAIRS, Hashing
from ..fingerprint.score import ACCEPTED, Sighting
from ..fingerprint.search import Stretch, sightings, stages_of, stretches
from ..fingerprint.vote import BUDGET
from ..fingerprint.warp import warps_named
from ..types import Peaks, Span
from .found import Answers, Found
from .segment import FORMAT, Kind, Segment, load, save, segment_of

MOST_SEGMENTS = 6
CANDIDATES = 32


class PostingsIndex:
    """Tracks by id, found by any part of their sound.

    What was added is found after the next ``flush``, which a query does by itself. Removing takes effect at once; the
    track is physically gone after ``compact``. No answer depends on the order in which tracks were added to a segment,
    and after ``compact`` none does on segments. Not thread-safe while it is changed; queries may run at once.

    Parameters
    ----------
    hashing : Hashing
        Pairs of peaks, or triples for more than 100,000 tracks.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> from versionmatch.fingerprint.landmarks import ASKED, landmarks
    >>> song = synth.song(verses=1).audio
    >>> index = PostingsIndex()
    >>> index.add("a song", landmarks(song))
    >>> [(found.track, round(found.speed, 2)) for found in index.query(landmarks(song, ASKED).between(2, 12))]
    [('a song', 1.0)]
    """

    def __init__(self, hashing: Hashing = PAIRS) -> None:
        self.hashing = hashing
        self._segments: list[Segment] = []
        self._waiting: dict[str, Peaks] = {}
        self._where: dict[str, tuple[int, int]] = {}  # segment and row of each track
        self._kind: Kind | None = None

    def __len__(self) -> int:
        return len(self._where) + len(self._waiting)

    def __contains__(self, track: str) -> bool:
        return track in self._where or track in self._waiting

    def __iter__(self) -> Iterator[str]:
        return iter(sorted((*self._where, *self._waiting)))

    def add(self, track: str, peaks: Peaks) -> None:
        """Add a track.

        InputError where the id is there already, FeatureMismatch where the peaks are of another kind.
        """
        if track in self:
            raise InputError(f"the track {track!r} is in the index already; remove it first")
        kind = Kind(peaks.algorithm, peaks.frame_rate, peaks.bin_hz)
        self._check(kind)
        self._kind = kind
        self._waiting[track] = peaks

    def remove(self, track: str) -> None:
        """Forget a track at once; InputError where it is not there."""
        if track in self._waiting:
            del self._waiting[track]
        elif track in self._where:
            del self._where[track]
        else:
            raise InputError(f"there is no track {track!r} in the index; it holds {len(self)} tracks")

    def flush(self) -> None:
        """Make what was added a segment; where there are more than six, the smallest are joined."""
        if self._waiting and self._kind is not None:
            self._segments.append(segment_of(list(self._waiting.items()), self._kind, self.hashing))
            self._where.update(
                (name, (len(self._segments) - 1, row)) for row, name in enumerate(self._segments[-1].ids)
            )
            self._waiting = {}
        if len(self._segments) > MOST_SEGMENTS:
            by_size = sorted(range(len(self._segments)), key=lambda i: self._segments[i].table.places.size)
            self._join(by_size[: len(self._segments) - MOST_SEGMENTS + 1])

    def compact(self) -> None:
        """One segment of all tracks; what was removed is gone from it."""
        self.flush()
        self._join(range(len(self._segments)))

    def query(
        self,
        peaks: Peaks,
        warps: str = "speed",
        *,
        accepted: float = ACCEPTED,
        candidates: int = CANDIDATES,
        budget: int = BUDGET,
        without: Collection[str] = (),
    ) -> Answers:
        """Which tracks the query is, where and how fast; best first, and empty where it is none of them.

        Parameters
        ----------
        peaks : Peaks
            Of the query; dense ones (``landmarks(audio, ASKED)``) find more in noise. Up to 15 s are looked up at once,
            more in windows of 10 s every 5 s, whose finds are joined to stretches.
        warps : str
            What may have been done to it: ``"none"``, ``"speed"`` (within 5 %), ``"single"``, ``"full"``.
        accepted : float
            Nats from which on a window counts.
        candidates : int
            How many places of a window are looked at closely.
        budget : int
            Places read for one warp of one window, all segments together; where it is passed, the answer is not
            ``complete``.
        without : collection of str
            Tracks that are not to be found, such as the query itself.

        Raises
        ------
        FeatureMismatch
            The query's peaks are not of the index's kind.
        InputError
            There are no such warps.
        """
        stages = stages_of(warps_named(warps))
        self.flush()
        if not self._where or len(peaks) == 0:
            return Answers()
        self._check(Kind(peaks.algorithm, peaks.frame_rate, peaks.bin_hz))
        tried = float(sum(s.table.n_frames for s in self._segments)) * sum(len(stage) for stage in stages)
        share = max(1, budget // len(self._segments))
        seen: list[Sighting] = []
        names: list[str] = []
        complete = True
        hidden = self._rows_of(without)
        for number, segment in enumerate(self._segments):
            some, all_read = sightings(
                segment.table,
                peaks,
                stages,
                most=candidates,
                n_tried=tried,
                least=accepted,
                budget=share,
                gone=self._gone(number) | hidden.get(number, frozenset()),
                among_many=True,
            )
            seen += [replace(s, recording=s.recording + len(names)) for s in some]
            names += segment.ids
            complete &= all_read
        found = [_found(stretch, names, peaks) for stretch in stretches(seen, peaks.frame_rate)]
        return Answers(sorted(found, key=lambda f: (-f.score, f.track, f.span.query_start_s)), complete=complete)

    def locate(self, peaks: Peaks, warps: str = "speed", *, min_length_s: float = 3.0) -> Answers:
        """What is heard in a long recording, such as a mix, in order of time; shorter stretches are left out.

        Parameters and errors are those of ``query``.
        """
        answers = self.query(peaks, warps)
        long = [f for f in answers if f.span.query_duration_s >= min_length_s]
        return Answers(sorted(long, key=lambda f: (f.span.query_start_s, f.track)), complete=answers.complete)

    def peaks(self, track: str) -> Peaks:
        """What is kept of a track: its peaks without their levels; InputError where it is not there."""
        if track in self._waiting:
            return self._waiting[track]
        if track not in self._where:
            raise InputError(f"there is no track {track!r} in the index; it holds {len(self)} tracks")
        number, row = self._where[track]
        return self._segments[number].peaks(row)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the index into a folder, which is replaced as a whole: it is there, or as it was before."""
        self.flush()
        target = Path(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            digests = [save(segment, made / f"segment-{i}") for i, segment in enumerate(self._segments)]
            gone = [sorted(self._gone(i)) for i in range(len(self._segments))]
            h = self.hashing
            facts = {"format": FORMAT, "segments": digests, "gone": gone, "hashing": [h.tier, h.kept, h.asked, h.bits]}
            (made / "index.json").write_text(json.dumps(facts, sort_keys=True), encoding="utf-8")
            old = made.with_name(f"{made.name}.old")
            if target.exists():
                os.replace(target, old)
            os.replace(made, target)
            shutil.rmtree(old, ignore_errors=True)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> PostingsIndex:
        """An index as it was saved, its arrays mapped from their files; IntegrityError where one was changed."""
        path = Path(folder) / "index.json"
        if not path.is_file():
            raise InputError(f"there is no index in {Path(folder)}: it has no index.json")
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts.get("format") != FORMAT:
            raise IntegrityError(f"{path} has the format {facts.get('format')!r}, not {FORMAT!r}; build the index anew")
        index = cls(Hashing(*facts["hashing"]))
        for i, (digest, gone) in enumerate(zip(facts["segments"], facts["gone"], strict=True)):
            segment = load(Path(folder) / f"segment-{i}", digest)
            index._segments.append(segment)
            index._where.update((name, (i, row)) for row, name in enumerate(segment.ids) if row not in set(gone))
            index._kind = segment.kind
        return index

    def _check(self, kind: Kind) -> None:
        if self._kind is not None and kind != self._kind:
            raise FeatureMismatch(f"the index holds peaks of {self._kind}; got {kind}; extract them by one algorithm")

    def _gone(self, number: int) -> frozenset[int]:
        ids = self._segments[number].ids
        if len(self._where) == sum(len(segment.ids) for segment in self._segments):
            return frozenset()  # as is usual, and thousands need not be gone through
        return frozenset(row for row, name in enumerate(ids) if self._where.get(name) != (number, row))

    def _rows_of(self, tracks: Collection[str]) -> dict[int, frozenset[int]]:
        """Segment → rows of those tracks that are in the index."""
        found: dict[int, frozenset[int]] = {}
        for number, row in (self._where[track] for track in tracks if track in self._where):
            found[number] = found.get(number, frozenset()) | {row}
        return found

    def _join(self, numbers: Iterable[int]) -> None:
        """Replace those segments by one of the tracks in them that are still there."""
        chosen = set(numbers)
        items = [(name, self.peaks(name)) for name, (n, _) in sorted(self._where.items()) if n in chosen]
        kept = [s for n, s in enumerate(self._segments) if n not in chosen]
        if items and self._kind is not None:
            kept.append(segment_of(items, self._kind, self.hashing))
        alive = set(self._where)
        self._segments, self._where = kept, {}
        for n, segment in enumerate(kept):
            self._where.update((name, (n, row)) for row, name in enumerate(segment.ids) if name in alive)


def _found(stretch: Stretch, names: list[str], peaks: Peaks) -> Found:
    rate = peaks.frame_rate
    span = Span(*(max(0.0, frame / rate) for frame in (*stretch.query, *stretch.reference)))
    warp = stretch.warp
    return Found(names[stretch.recording], span, warp.tempo, warp.pitch, stretch.score, stretch.n_hits, stretch.n_peaks)
