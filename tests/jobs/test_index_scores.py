"""Scores in catalogues: taken in beside recordings, found by version, never taken for a recording."""

from __future__ import annotations

import errno
import os
import sys
from collections import Counter

import numpy as np
import pytest

import versionmatch as vm
from tests.jobs.kill_driver import FaultyDisk
from tests.jobs.sounds import Inline, tune, wav
from tests.jobs.tunes import tune as abc
from tests.jobs.tunes import walk
from versionmatch.audio.isolated import Isolation
from versionmatch.audio.limits import Limits
from versionmatch.errors import AudioDecodeError, InputError
from versionmatch.jobs import index_work
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.identify import identify
from versionmatch.jobs.index_inputs import named_inputs
from versionmatch.jobs.opening import open_track
from versionmatch.match.fuse import judge
from versionmatch.scores.isolated import IsolatedScores
from versionmatch.scores.reading import read_score
from versionmatch.store.catalogue import CatalogueStore
from versionmatch.types import Evidence, Recording, Span

KINDS = ("waveform", "melody", "notes", "key", "chords", "beats", "chroma")
MIDI = (
    b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x1b"
    b"\0\x90\x3c\x40\x83\x40\x80\x3c\0\0\x90\x40\x40\x83\x40\x80\x40\0\0\x90\x43\x40\x83\x40\xff\x2f\0"
)


@pytest.fixture
def scores(tmp_path):
    """Two tunes, a book of three, a table of notes, what is none, and a recording."""
    folder = tmp_path / "scores"
    folder.mkdir()
    (folder / "one.abc").write_text(abc(walk(1), title="One", composer="Anon."))
    (folder / "book.abc").write_text("\n".join(abc(walk(i), number=i, title=f"No. {i}") for i in (2, 3, 5)))
    rows = [f"{0.5 * i},{0.5 * i + 0.5},{60 + i % 7}" for i in range(24)]
    (folder / "notes.csv").write_text("\n".join(["onset,offset,pitch", *rows]) + "\n")
    (folder / "prices.csv").write_text("name,price\na,1\n")
    (folder / "feed.xml").write_text("<rss><channel/></rss>")
    (folder / "sound.wav").write_bytes(wav(tune(0)))
    return folder


@pytest.fixture
def catalogue(tmp_path):
    with Catalogue.create(tmp_path / "my.catalogue", kinds=KINDS) as found:
        yield found


def add(catalogue, paths=None, **settings):
    return catalogue.add(paths, jobs=1, executor=Inline(), **settings)


def test_scores_are_taken_in_and_what_is_none_is_passed_over_with_its_reason(catalogue, scores):
    found = add(catalogue, scores)
    assert (found.seen, found.done, found.quarantined, found.skipped, found.pending) == (8, 6, 0, 2, 0)
    assert found.reasons == {"no_score": 2}
    codecs = Counter(r.codec for r in catalogue.recordings())
    assert (codecs["score: abc"], codecs["score: csv"], len(catalogue)) == (4, 1, 6)


def test_each_tune_of_a_book_is_an_item_of_its_own(catalogue, scores):
    add(catalogue, scores / "book.abc")
    found = {os.path.basename(r.source): r.title for r in catalogue.recordings()}
    assert found == {"book.abc#2": "No. 2", "book.abc#3": "No. 3", "book.abc#5": "No. 5"}


def test_a_single_tune_of_a_book_may_be_named(catalogue, scores):
    add(catalogue, f"{scores / 'book.abc'}#3")
    assert [r.title for r in catalogue.recordings()] == ["No. 3"]


def test_what_is_kept_is_what_opening_the_score_gives(catalogue, scores):
    add(catalogue, scores / "one.abc")
    whole, (recording,) = open_track(scores / "one.abc"), catalogue.recordings()
    kept = catalogue.view(recording.id)
    assert (recording.id, recording.title, recording.artist) == (whole.recording.id, "One", "Anon.")
    assert recording.is_score
    np.testing.assert_array_equal(kept["notes"].pitch, whole["notes"].pitch)
    np.testing.assert_array_equal(kept["beats"].onset_s, whole["beats"].onset_s)
    np.testing.assert_array_equal(kept["chroma"].values, whole["chroma"].values)
    assert kept["key"].labels == whole["key"].labels
    assert kept["melody"].facts == whole["melody"].facts
    assert kept["beats"].facts["written"] == "score"
    assert kept.settings("notes") == catalogue.view(recording.id).settings("notes") != whole.settings("notes")


def test_a_score_is_read_once_and_not_again(catalogue, scores, monkeypatch):
    read = []
    original = index_work.IsolatedScores.read

    def noted(self, path):
        read.append(os.path.basename(path))
        return original(self, path)

    monkeypatch.setattr(index_work.IsolatedScores, "read", noted)
    (scores / "copy.abc").write_bytes((scores / "one.abc").read_bytes())
    (scores / "copy-of-book.abc").write_bytes((scores / "book.abc").read_bytes())
    first = add(catalogue, scores)
    assert first.done == 10
    assert len(read) == 5  # one of each pair, and the table
    assert {name.partition("#")[2] for name in read} == {"", "2", "3", "5"}
    read.clear()
    os.utime(scores / "book.abc", (1, 1))
    assert add(catalogue, scores).done == 10
    assert read == []


def test_the_same_notes_in_another_format_are_one_item(catalogue, scores):
    score = read_score(scores / "one.abc")
    rows = [f"{o},{o + d},{p:.0f}" for o, d, p in zip(score.onset_q, score.duration_q, score.pitch, strict=True)]
    (scores / "one.abc").write_text((scores / "one.abc").read_text().replace("Q:1/4=60", "Q:1/4=120"))
    table = [
        "onset,offset,pitch",
        *(",".join(f"{float(x) / 2:g}" for x in r.split(",")[:2]) + "," + r.split(",")[2] for r in rows),
    ]
    (scores / "one.csv").write_text("\n".join(table) + "\n")
    ids = {read_score(scores / name).id for name in ("one.abc", "one.csv")}
    add(catalogue, [scores / "one.abc", scores / "one.csv"])
    assert {r.id for r in catalogue.recordings()} == ids


def test_facts_do_not_depend_on_how_scores_came_in(tmp_path, scores):
    digests = set()
    for n, order in enumerate(
        ([scores], [scores / "sound.wav", scores / "book.abc", scores], [f"{scores}/book.abc#5", scores])
    ):
        with Catalogue.create(tmp_path / f"{n}.catalogue", kinds=("waveform", "notes")) as catalogue:
            add(catalogue, order)
            digests.add(catalogue.facts_sha256())
    assert len(digests) == 1


@pytest.mark.parametrize("at", [2, 9, 17, 25, 33])
def test_trouble_with_the_disk_ends_a_run_of_scores_and_is_made_good(tmp_path, scores, at):
    with Catalogue.create(tmp_path / "whole.catalogue", kinds=("waveform", "notes")) as catalogue:
        add(catalogue, scores)
        whole = catalogue.facts_sha256()
    Catalogue.create(tmp_path / "cut.catalogue", kinds=("waveform", "notes")).close()
    full = CatalogueStore(tmp_path / "cut.catalogue", disk=FaultyDisk(at, errno.ENOSPC))
    with Catalogue(full) as catalogue, pytest.raises(OSError, match="No space left"):
        add(catalogue, scores)
    with Catalogue.open(tmp_path / "cut.catalogue") as catalogue:
        assert add(catalogue, scores).done == 6
        assert catalogue.facts_sha256() == whole
        assert catalogue.verify() == ()


def test_rows_of_a_manifest_name_scores(catalogue, scores):
    rows = "path,title,composer\none.abc,First,Dowland\nbook.abc,Collection,\nbook.abc#3,Third,\n"
    (scores / "list.csv").write_text(rows)
    found = add(catalogue, scores / "list.csv")
    assert found.done == 4
    assert {r.title for r in catalogue.recordings()} == {"First", "No. 2", "Third", "No. 5"}


def test_a_table_of_notes_that_is_named_is_no_manifest(catalogue, scores):
    assert add(catalogue, scores / "notes.csv").done == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cut.mid", b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\1\0", "score_error"),
        ("none.abc", b"X:1\nK:C\nz4|\n", "score_error"),
        ("noise.mid", b"no music at all", "score_error"),
        ("bomb.musicxml", b'<!DOCTYPE a [<!ENTITY b "c">]><score-partwise>&b;</score-partwise>', "score_error"),
        ("long.csv", b"onset,offset,pitch\n0,9000,60\n", "too_long"),
        ("short.abc", b"X:1\nL:1/4\nQ:1/4=240\nK:C\nCD|\n", "too_short"),
        ("empty.krn", b"", "empty_file"),
    ],
)
def test_a_score_that_cannot_be_used_is_quarantined(catalogue, tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    found = add(catalogue, tmp_path / name)
    assert found.reasons == {code: 1}
    (row,) = catalogue.quarantined()
    assert row.detail
    assert str(tmp_path) not in row.detail.partition(";")[0]


def test_a_tune_that_left_its_book_is_quarantined(catalogue, scores):
    add(catalogue, scores / "book.abc")
    (scores / "book.abc").write_text(abc(walk(2), number=2) + "\n" + abc(walk(3), number=3))
    found = add(catalogue)
    assert (found.done, found.reasons) == (2, {"score_error": 1})


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_to_tables_are_passed_over_and_links_to_scores_refused(catalogue, scores, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    os.symlink(scores / "prices.csv", folder / "a.csv")
    os.symlink(scores / "one.abc", folder / "b.abc")
    assert add(catalogue, folder).reasons == {"no_score": 1, "symlink_refused": 1}


def test_a_pipe_with_a_score_s_name_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    os.mkfifo(tmp_path / "b.abc")
    assert [named.verdict for named in named_inputs([tmp_path])] == [("skipped", "no_score", ""), None]


def test_the_isolated_reader_gives_what_reading_gives(tmp_path, scores):
    reader = IsolatedScores(Isolation())
    (tmp_path / "a.mid").write_bytes(MIDI)
    for path in (f"{scores}/book.abc#3", f"{scores}/notes.csv", f"{tmp_path}/a.mid"):
        mine, theirs = read_score(path), reader.read(path)
        assert (mine.id, mine.title, mine.parts, mine.meters, mine.keys) == (
            theirs.id,
            theirs.title,
            theirs.parts,
            theirs.meters,
            theirs.keys,
        )
        np.testing.assert_array_equal(mine.onset_s, theirs.onset_s)
    with pytest.raises(AudioDecodeError, match="no tune X:9") as caught:
        reader.read(f"{scores}/book.abc#9")
    assert caught.value.code == "score_error"
    reader.close()


@pytest.mark.parametrize("how", ["abort", "noise", "no json", "a list", "no fields", "huge header"])
def test_a_reader_that_crashes_or_lies_is_an_error_of_that_file_alone(how, scores, monkeypatch):
    monkeypatch.setattr("versionmatch.scores.isolated.CHILD", (sys.executable, "-m", "tests.audio.lying_decoder", how))
    reader = IsolatedScores(Isolation(deadline_s=20.0))
    with pytest.raises(AudioDecodeError) as caught:
        reader.read(str(scores / "one.abc"))
    assert caught.value.code == "decoder_error"
    reader.close()


def test_limits_of_length_hold_for_scores(scores):
    reader = IsolatedScores(Isolation(limits=Limits(max_duration_s=5.0)))
    with pytest.raises(AudioDecodeError, match="max_duration_s") as caught:
        reader.read(str(scores / "one.abc"))
    assert caught.value.code == "too_long"
    reader.close()


def test_a_score_is_never_the_recording_that_was_made_of_it(tmp_path):
    (tmp_path / "one.abc").write_text(abc(walk(1)))
    recording, audio = vm.load(tmp_path / "one.abc")
    (tmp_path / "one.wav").write_bytes(wav(audio.samples, audio.sr))
    with Catalogue.create(tmp_path / "c.catalogue", kinds=("peaks",)) as catalogue:
        add(catalogue, [tmp_path / "one.abc", tmp_path / "one.wav"])
        (sound,) = (r for r in catalogue.recordings() if not r.is_score)
        (found,) = identify(catalogue, [tmp_path / "one.wav"])
        assert {f.track for f in found.answers} == {sound.id}
        (refused,) = identify(catalogue, [tmp_path / "one.abc"])
        assert "is a score, which has no recorded sound" in refused.error
        with pytest.raises(InputError, match="search it by version"):
            catalogue.query(tmp_path / "one.abc", by="recording")
    assert recording.is_score


def test_the_recording_cue_decides_nothing_about_a_score():
    details = dict.fromkeys(("before_query_s", "before_reference_s", "after_query_s", "after_reference_s"), 0.0)
    details |= {"covered": 1.0, "tempo": 1.0, "pitch": 1.0, "share_of_query": 1.0, "share_of_reference": 1.0}
    details |= {"met": 1.0, "new": 1.0}
    found = [Evidence("recording", 900.0, "nats above chance", spans=(Span(0, 60, 0, 60),), details=details)]
    sides = [
        Recording(name, "", 60.0, codec=codec) for name, codec in (("a", "flac"), ("b", "flac"), ("c", "score: abc"))
    ]
    assert judge(sides[0], sides[1], found, ())[0] == "same recording"
    assert judge(sides[0], sides[2], found, ())[0] == "undecided"
    assert judge(sides[2], sides[2], found, ())[0] == "same recording"


def test_scores_have_rows_of_vectors(scores):
    pytest.importorskip("torch")
    embedder = vm.VersionEmbedder(on_error="skip")
    rows = embedder.encode([scores / "one.abc", f"{scores}/book.abc#3", scores / "book.abc"])
    assert rows.shape == (2, embedder.n_features_out)
    assert [s.index for s in embedder.skipped_] == [2]
    assert "has 3 tunes; name one" in embedder.skipped_[0].error


def test_a_catalogue_finds_a_recording_by_its_score(tmp_path, scores):
    pytest.importorskip("torch")
    from versionmatch.audio import synth

    notes = read_score(f"{scores}/book.abc#5")
    rows = list(zip(notes.pitch + 2, notes.onset_s / 1.2, notes.duration_s / 1.2, strict=True))
    song = synth.melody(rows, timbre="voice")
    (tmp_path / "song.wav").write_bytes(wav(song.samples, song.sr))
    with Catalogue.create(tmp_path / "c.catalogue", kinds=("cqt", "chroma", "melody", "segments")) as catalogue:
        add(catalogue, [scores / "book.abc", scores / "one.abc"])
        best = max(
            catalogue.recordings(),
            key=lambda r: vm.VersionEmbedder().similarity(
                vm.VersionEmbedder().encode([song]), catalogue.view(r.id)["segments"].whole.reshape(1, -1)
            )[0, 0],
        )
    assert best.title == "No. 5"
