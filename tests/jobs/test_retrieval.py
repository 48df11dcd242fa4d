import json

import numpy as np
import pytest

from versionmatch.errors import InputError, ParamsError
from versionmatch.jobs.retrieval import RetrievalParams, bench_retrieval, similarities
from versionmatch.jobs.retrieval_items import read_manifest
from versionmatch.match.metrics import KEYS

CHORDS = [(0, 4, 7), (9, 0, 4), (5, 9, 0), (7, 11, 2), (2, 5, 9), (4, 7, 11)]


def song(work: int, version: int, seconds: int = 30) -> np.ndarray:
    """A CQT at 10 Hz as stored in a collection: the work's chords, the version's key, registers and noise."""
    plan = np.random.default_rng(work).integers(0, len(CHORDS), seconds)
    rng = np.random.default_rng([work, version])
    values = 0.02 * rng.random((84, seconds * 10))
    for second, chord in enumerate(plan):
        for pitch in CHORDS[chord]:
            values[(pitch + 3 * version) % 12 + 36, second * 10 : second * 10 + 10] += rng.uniform(0.5, 1.0)
    return np.round(255 * np.sqrt(values / values.max())).astype(np.uint8)


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("collection")
    np.savez(folder / "songs.npz", **{f"work{w}_v{v}": song(w, v) for w in range(4) for v in range(2)})
    return folder


def test_versions_in_other_keys_are_found_and_every_figure_has_its_interval(collection):
    result = bench_retrieval(RetrievalParams(manifest=str(collection / "songs.npz"), cue="harmony", workers=1))
    assert (result["map"], result["raw"]["map"], result["nar"]) == (1.0, 1.0, 0.0)
    assert (result["n_queries"], result["n_candidates"], result["n_works"]) == (8, 7, 4)
    for key in KEYS:
        for figures in (result, result["raw"]):
            low, high = figures[f"{key}_ci"]
            assert low <= figures[key] <= high
    json.dumps(result)


def test_the_result_depends_neither_on_the_workers_nor_on_the_cache(collection, tmp_path):
    base = {"manifest": str(collection / "songs.npz"), "cue": "harmony", "n_bootstrap": 50}
    alone = bench_retrieval(RetrievalParams(**base, workers=1))
    together = bench_retrieval(RetrievalParams(**base, workers=2, cache_dir=str(tmp_path)))
    again = bench_retrieval(RetrievalParams(**base, workers=1, cache_dir=str(tmp_path)))
    assert alone == together == again


def test_an_interrupted_run_goes_on_where_it_was(collection, tmp_path):
    params = RetrievalParams(manifest=str(collection / "songs.npz"), cue="harmony", workers=1, cache_dir=str(tmp_path))
    whole = similarities(params, lambda _: None)
    rows = sorted((tmp_path / "pairs").rglob("*.f64"))
    assert len(rows) == 7
    rows[2].unlink()
    rows[4].write_bytes(b"cut short")
    told = []
    resumed = similarities(params, told.append)
    assert [line for line in told if line.startswith("harmony")] == ["harmony 1/2", "harmony 2/2"]
    assert np.array_equal(whole.rows["harmony"], resumed.rows["harmony"])


def test_a_broken_file_is_listed_and_the_others_are_measured(collection):
    (collection / "broken.wav").write_text("no sound")
    rows = ["path,work_id", "broken.wav,work9", "songs.npz#nothing,work9", "songs.npz,"]
    (collection / "some.csv").write_text("\n".join(rows))
    result = bench_retrieval(RetrievalParams(manifest=str(collection / "some.csv"), cue="rhythm", workers=1))
    assert [e["path"] for e in result["errors"]] == ["broken.wav", "songs.npz#nothing"]
    assert "there is no such array" in result["errors"][1]["error"]
    assert str(collection) not in json.dumps(result["errors"])
    assert result["n_items"] == 8


def test_items_of_one_recording_are_left_out_of_each_others_ranking(collection):
    rows = [f"songs.npz#work{w}_v{v},work{w},r{w if w == 0 else 10 * w + v}" for w in range(4) for v in range(2)]
    (collection / "doubles.csv").write_text("path,work_id,recording_id\n" + "\n".join(rows))
    result = bench_retrieval(RetrievalParams(manifest=str(collection / "doubles.csv"), cue="harmony", workers=1))
    assert result["n_queries"] == 6


def test_an_index_beside_the_archive_names_the_works(tmp_path):
    np.savez(tmp_path / "f.npz", a=song(0, 0), b=song(0, 1))
    (tmp_path / "index.json").write_text(json.dumps([{"id": "a", "work": "x"}, {"id": "b", "work": "y"}]))
    assert [item.work_id for item in read_manifest(tmp_path / "f.npz")] == ["x", "y"]


def test_a_manifest_that_cannot_be_used_says_why(tmp_path):
    (tmp_path / "m.csv").write_text("file,work\na.wav,1\n")
    with pytest.raises(InputError, match="lacks the column path, work_id"):
        read_manifest(tmp_path / "m.csv")
    (tmp_path / "e.csv").write_text("path,work_id\n")
    with pytest.raises(InputError, match="names no recordings"):
        read_manifest(tmp_path / "e.csv")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_manifest(tmp_path / "none.csv")
    (tmp_path / "w.csv").write_text("path,work_id\na.wav,\n")
    with pytest.raises(InputError, match=r"row for a\.wav has no work_id"):
        read_manifest(tmp_path / "w.csv")
    with pytest.raises(ParamsError, match=r"cue = 'timbre'; it must be one of .*harmony, .*melody, .*rhythm, .*fused"):
        RetrievalParams(manifest="m.csv", cue="timbre")
