"""Moments in a catalogue: made once when a recording is taken in, the same as made anew, and not asked for in vain."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from versionmatch.embed.moment_features import VersionMoments
from versionmatch.jobs import scan_pairs, scan_run
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.compare import compare
from versionmatch.jobs.scan_pairs import Work, compared
from versionmatch.jobs.scan_run import depends_on
from versionmatch.match.cues import passages
from versionmatch.match.nulls import NullTable
from versionmatch.params import CompareParams, ScanParams
from versionmatch.store.settings import usual_kinds

pytest.importorskip("torch")
pytest.importorskip("faiss")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SR = 22050
OLD = ("cqt", "onsets", "chroma", "melody", "notes", "beats", "key", "chords", "sections", "peaks")
CUES = ("harmony", "recording")
PARAMS = ScanParams(by=("recording",), cues=CUES)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A piece, another version of it, and the first one without its beginning."""
    folder = tmp_path_factory.mktemp("music")
    for name in ("a", "b"):
        samples, sr = soundfile.read(EXAMPLES / f"greensleeves-{name}.ogg", dtype="float32", always_2d=True)
        soundfile.write(folder / f"{name}.flac", soxr.resample(samples.mean(axis=1), sr, SR), SR)
    samples, _ = soundfile.read(folder / "a.flac", dtype="float32")
    soundfile.write(folder / "trimmed.flac", 0.5 * samples[6 * SR :], SR)
    return folder


@pytest.fixture(scope="module")
def roots(music, tmp_path_factory):
    """A catalogue of an earlier version, without moments, and one with them."""
    home = tmp_path_factory.mktemp("kept")
    with Catalogue.create(home / "old", kinds=OLD) as catalogue:
        catalogue.add(music, jobs=1)
    shutil.copytree(home / "old", home / "new", ignore=shutil.ignore_patterns("runs"))
    settings = home / "new" / "catalogue.toml"
    settings.write_text(settings.read_text().replace('"peaks"]', '"peaks", "moments"]'))
    with Catalogue.open(home / "new") as catalogue:
        catalogue.add(jobs=1)
    return {name: str(home / name) for name in ("old", "new")}


def named(root):
    with Catalogue.open(root) as catalogue:
        return {Path(r.source).stem: r.id for r in catalogue.recordings()}


def pair(root, first, second):
    ids = named(root)
    return tuple(sorted((ids[first], ids[second])))


def rows(root, pairs):
    scan_pairs._track.cache_clear()  # as in a process that meets the recordings for the first time
    return json.dumps(compared(Work(root, tuple(pairs), PARAMS)), sort_keys=True)


def no_torch(name):
    return None


def test_new_catalogues_keep_moments_by_the_model_that_is_named(tmp_path):
    assert usual_kinds()[-2:] == ("segments", "moments")
    with Catalogue.create(tmp_path / "c") as catalogue:
        named = {"segments": "segments:versions-v2", "moments": "moments:versions-v2"}
        assert dict(catalogue.settings.extractors) == named


def test_kept_moments_are_those_made_anew(roots):
    old, new = (Catalogue.open(roots[name]) for name in ("old", "new"))
    for recording in new.recordings():
        kept, made = new.view(recording.id), old.view(recording.id)
        assert kept.kept("moments")
        assert not made.kept("moments")
        assert kept["moments"].values.tobytes() == made["moments"].values.tobytes()
        assert kept.settings("moments") == made.settings("moments")


def test_a_catalogue_without_moments_scans_with_the_same_result(roots):
    pairs = [pair(roots["new"], "a", "b"), pair(roots["new"], "b", "trimmed")]
    assert rows(roots["old"], pairs) == rows(roots["new"], pairs)
    assert rows(roots["old"], pairs[::-1]) == json.dumps(json.loads(rows(roots["new"], pairs))[::-1], sort_keys=True)


def test_a_scan_finds_what_compare_finds(roots, music):
    first, second = sorted(("a", "b"), key=named(roots["new"]).get)
    match = compare(music / f"{first}.flac", music / f"{second}.flac", CompareParams(cues=CUES, controls=False))
    [row] = json.loads(rows(roots["new"], [pair(roots["new"], "a", "b")]))
    found = [p.span for p in match.passages]
    assert found
    assert row["spans"] == [[s.query_start_s, s.query_end_s, s.reference_start_s, s.reference_end_s] for s in found]


def test_kept_moments_need_no_network(roots, monkeypatch):
    wanted = rows(roots["new"], [pair(roots["new"], "a", "b")])
    monkeypatch.setattr(VersionMoments, "extract", None)
    monkeypatch.setattr(passages, "find_spec", no_torch)
    assert rows(roots["new"], [pair(roots["new"], "a", "b")]) == wanted


def test_without_torch_an_old_catalogue_is_compared_by_chroma_and_its_scans_are_told_apart(roots, monkeypatch):
    with Catalogue.open(roots["old"]) as old, Catalogue.open(roots["new"]) as new:
        heard = [depends_on(c, PARAMS)["moments"] for c in (old, new)]
        assert heard[0] == heard[1] != ""
        for module in (passages, scan_run):
            monkeypatch.setattr(module, "find_spec", no_torch)
        assert [depends_on(c, PARAMS)["moments"] for c in (old, new)] == ["", heard[1]]
        track = old.view(named(roots["old"])["a"])
        assert passages.heard(track).moments is None
        assert passages.heard(new.view(track.recording.id)).moments is not None


def test_of_one_recording_moments_are_not_asked_for(roots, monkeypatch):
    asked = []
    hear = passages.heard
    monkeypatch.setattr(passages, "heard", lambda track: asked.append(track.recording.id) or hear(track))
    [row] = json.loads(rows(roots["new"], [pair(roots["new"], "a", "trimmed")]))
    assert row["tier"] == "altered recording"
    assert row["coverage_q"] > 0.7
    assert asked == []
    rows(roots["new"], [pair(roots["new"], "a", "b")])
    assert len(asked) == 2


def test_where_chroma_gives_nothing_of_one_recording_moments_are_asked(roots, monkeypatch):
    ids = named(roots["new"])
    with Catalogue.open(roots["new"]) as catalogue:
        a, b = (catalogue.view(ids[name]) for name in ("a", "b"))
        wanted = passages.passages_between(a, b)
        shared = passages.shared_passages
        monkeypatch.setattr(
            passages,
            "shared_passages",
            lambda *c, moments=None, **s: shared(*c, moments=moments, **s) if moments else (),
        )
        found = passages.passages_between(a, b, same_sound=True)
    assert wanted
    assert [p.span for p in found] == [p.span for p in wanted]
    assert all(np.array_equal(f.path_s, w.path_s) for f, w in zip(found, wanted, strict=True))


def test_a_scan_by_other_nulls_is_another_scan(roots, monkeypatch):
    """Relations of scores rest on the nulls: a finished scan does not stand for one by another table."""
    with Catalogue.open(roots["new"]) as catalogue:
        before = depends_on(catalogue, PARAMS)
        monkeypatch.setattr(scan_run.nulls, "load", lambda: NullTable("other", {}, {}, {}))
        after = depends_on(catalogue, PARAMS)
    assert {name for name in before if before[name] != after[name]} == {"nulls"}
