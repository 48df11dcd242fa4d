"""An index finds what was added and is still there, in whatever order it was added, and from disk as from memory."""

import json

import numpy as np
import pytest

from tests.fingerprint.examples import SR, audio, resampled, sound
from versionmatch.errors import FeatureMismatch, InputError, IntegrityError
from versionmatch.fingerprint.hashes import TRIPLES
from versionmatch.fingerprint.landmarks import ASKED, landmarks
from versionmatch.index.postings import PostingsIndex
from versionmatch.types import Peaks

SONGS = {f"song {seed}": sound(seed, 30.0) for seed in range(6)}
PEAKS = {name: landmarks(audio(samples)) for name, samples in SONGS.items()}


def asked(samples):
    return landmarks(audio(samples), ASKED)


def index_of(names=tuple(SONGS), **settings):
    index = PostingsIndex(**settings)
    for name in names:
        index.add(name, PEAKS[name])
    return index


def told(answers):
    return [(f.track, f.span, f.tempo, f.pitch, f.score, f.votes) for f in answers]


QUERY = asked(SONGS["song 3"][8 * SR : 14 * SR])


@pytest.mark.parametrize("settings", [{}, {"hashing": TRIPLES}], ids=["pairs", "triples"])
def test_an_excerpt_is_found_in_its_track_at_its_place(settings):
    (found, *others) = index_of(**settings).query(QUERY)
    assert found.track == "song 3"
    assert found.span.reference_start_s - found.span.query_start_s == pytest.approx(8.0, abs=0.03)
    assert found.speed == pytest.approx(1.0, abs=0.002)
    assert found.votes > 20
    assert not others


def test_nothing_is_the_usual_answer():
    index = index_of()
    assert index.query(asked(sound(50, 10.0)), "full") == ()
    assert PostingsIndex().query(QUERY) == ()
    assert index.query(asked(np.zeros(5 * SR))) == ()


def test_the_order_of_adding_does_not_matter():
    there, back = index_of(), index_of(tuple(reversed(SONGS)))
    assert told(there.query(QUERY)) == told(back.query(QUERY))


def test_segments_and_their_compaction_give_the_same_answer():
    index = PostingsIndex()
    for name in SONGS:
        index.add(name, PEAKS[name])
        index.flush()
    before = told(index.query(QUERY))
    index.compact()
    assert [b[:2] for b in before] == [a[:2] for a in told(index.query(QUERY))]
    assert told(index.query(QUERY)) == told(index_of().query(QUERY))


def test_what_was_removed_is_found_no_more_and_is_gone_after_compaction():
    index = index_of()
    assert index.query(QUERY)
    index.remove("song 3")
    assert not index.query(QUERY)
    assert "song 3" not in index
    assert len(index) == 5
    index.compact()
    assert not index.query(QUERY)
    assert list(index) == [name for name in SONGS if name != "song 3"]
    index.add("song 3", PEAKS["song 3"])
    assert index.query(QUERY)


def test_an_index_comes_back_from_disk(tmp_path):
    index = index_of()
    index.query(QUERY)
    index.remove("song 5")
    index.save(tmp_path / "index")
    again = PostingsIndex.load(tmp_path / "index")
    assert list(again) == list(index)
    assert told(again.query(QUERY)) == told(index.query(QUERY))
    again.add("song 5", PEAKS["song 5"])
    again.save(tmp_path / "index")
    assert len(PostingsIndex.load(tmp_path / "index")) == 6
    assert [p.name for p in tmp_path.iterdir()] == ["index"]


@pytest.mark.parametrize("name", ["places.npy", "buckets.npy", "bins.npy", "segment.json"])
@pytest.mark.parametrize("at", [0.1, 0.5, 0.999])
def test_a_changed_file_is_named_before_it_is_used(tmp_path, name, at):
    index_of(("song 0",)).save(tmp_path / "index")
    path = tmp_path / "index" / "segment-0" / name
    data = bytearray(path.read_bytes())
    data[int(at * (len(data) - 1))] ^= 4
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match=rf"{name} is not what was written.*build the index anew"):
        PostingsIndex.load(tmp_path / "index")


def test_a_folder_without_an_index_and_another_format_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no index\.json"):
        PostingsIndex.load(tmp_path)
    (tmp_path / "index.json").write_text(json.dumps({"format": "versionmatch.postings/9"}))
    with pytest.raises(IntegrityError, match="postings/9"):
        PostingsIndex.load(tmp_path)


def test_ids_and_kinds_are_checked():
    index = index_of(("song 0",))
    with pytest.raises(InputError, match="'song 0' is in the index already"):
        index.add("song 0", PEAKS["song 0"])
    with pytest.raises(InputError, match="no track 'song 9' in the index; it holds 1"):
        index.remove("song 9")
    p = PEAKS["song 1"]
    with pytest.raises(FeatureMismatch, match="landmark-v0"):
        index.add("other", Peaks(p.frames, p.bins, p.levels, p.n_frames, p.frame_rate, p.bin_hz, "landmark-v0"))
    with pytest.raises(InputError, match="there are: none, speed, single, full"):
        index.query(QUERY, "slow")


def test_a_mix_is_told_in_order_of_time_with_its_speeds():
    faster = resampled(SONGS["song 2"][5 * SR : 25 * SR], 1.03)
    mix = np.concatenate([SONGS["song 4"][: 18 * SR], faster, sound(60, 8.0), SONGS["song 1"][10 * SR : 28 * SR]])
    found = index_of().locate(asked(mix))
    assert [f.track for f in found] == ["song 4", "song 2", "song 1"]
    assert [f.speed for f in found] == [pytest.approx(s, abs=0.002) for s in (1.0, 1.03, 1.0)]
    starts = [f.span.query_start_s for f in found]
    assert starts == [pytest.approx(s, abs=1.0) for s in (0.0, 18.0, 18.0 + 20 / 1.03 + 8.0)]


def test_a_budget_that_is_passed_is_said():
    index = index_of()
    assert index.query(QUERY).complete
    assert not index.query(QUERY, budget=20).complete


def test_the_peaks_of_a_track_come_back_without_levels():
    index = index_of()
    index.flush()
    back = index.peaks("song 2")
    assert np.array_equal(back.frames, PEAKS["song 2"].frames)
    assert np.array_equal(back.bins, PEAKS["song 2"].bins)
    assert back.n_frames == PEAKS["song 2"].n_frames
