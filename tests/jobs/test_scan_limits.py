"""A scan within limits: what it leaves waits, what cannot be compared is recorded, and the end is the same."""

import json
import os
import shutil
import sys
from types import SimpleNamespace

import pytest
import soundfile

from tests.jobs import scan_faults
from tests.jobs.sounds import Inline
from tests.jobs.test_scan import KINDS
from versionmatch.audio import synth
from versionmatch.cli import scan_progress
from versionmatch.cli.main import main
from versionmatch.errors import IncompleteScan, ParamsError
from versionmatch.jobs import scan_flow
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.scan import scan
from versionmatch.jobs.scan_flow import Clock, PairCoverage, Standing, compared_all
from versionmatch.jobs.workers import Workers
from versionmatch.params import ScanLimits, ScanParams
from versionmatch.store.run_folder import RunFolder

pytest.importorskip("faiss")
pytestmark = pytest.mark.xdist_group("scan")


def pairs_of(n, **names):
    """``n`` pairs, those of the given numbers called otherwise."""
    called = {number: name for name, number in names.items()}
    return [(f"a{i:03d}", called.get(i, f"b{i:03d}")) for i in range(n)]


def flown(folder, pairs, workers, monkeypatch, tell=lambda _: None, **limits):
    """Rows and coverage of these pairs, compared as ``scan_faults`` does."""
    monkeypatch.setattr(scan_flow, "compared", scan_faults.compared)
    run = RunFolder.of(folder, "scan", {"n": len(pairs)})
    with workers:
        clock = Clock(ScanLimits(**limits))
        return compared_all(SimpleNamespace(path=folder), run, pairs, ScanParams(), workers, clock, tell)


@pytest.mark.skipif(sys.platform != "linux", reason="bounds the memory of processes")
def test_what_hangs_dies_or_takes_too_much_is_recorded_and_costs_no_other_pair(tmp_path, monkeypatch):
    monkeypatch.setattr(scan_flow, "AT_ONCE", 4)
    pairs = pairs_of(16, hang=1, hungry=6, odd=9, die=14)
    limits = ScanLimits(max_memory_mib=1536, jobs=2)
    assert limits.workers(8) == 1
    workers = Workers(2, memory=limits.worker_bytes)
    rows, found = flown(tmp_path, pairs, workers, monkeypatch, pair_deadline_s=1.0)
    reasons = {"pair_timeout": 1, "pair_memory_cap": 1, "pair_error": 1, "pair_worker_died": 1}
    assert found == PairCoverage(16, 12, 4, reasons)
    assert [(row["query_id"], row["ref_id"]) for row in rows] == pairs
    assert {row["ref_id"]: row["failed"] for row in rows if "failed" in row} == {
        "hang": "pair_timeout", "hungry": "pair_memory_cap", "odd": "pair_error", "die": "pair_worker_died"
    }  # fmt: skip
    again, same = flown(tmp_path, pairs, Workers(1, Inline()), monkeypatch)  # nothing is tried that was recorded
    assert (again, same) == (rows, found)


@pytest.mark.parametrize("n", [1, 3])
def test_after_a_deadline_every_pair_is_done_failed_or_waits_and_the_next_run_goes_on(tmp_path, monkeypatch, n):
    monkeypatch.setattr(scan_flow, "AT_ONCE", 5)
    pairs = [*pairs_of(12, odd=2), *((f"c{i}", f"slow{i}") for i in range(12))]
    whole, _ = flown(tmp_path / "whole", pairs, Workers(1, Inline()), monkeypatch)
    told = []
    rows, found = flown(tmp_path / "part", pairs, Workers(n, Inline()), monkeypatch, told.append, deadline_s=0.2)
    assert 0 < found.pending < 12
    assert found.failed == 1
    assert found.done + found.failed + found.pending == found.shortlisted == 24
    assert len(rows) == found.done + found.failed
    counts = [s.coverage.done + s.coverage.failed for s in told]
    assert counts == sorted(counts)
    assert [s.n_pairs for s in told] == counts
    rows, found = flown(tmp_path / "part", pairs, Workers(4 - n, Inline()), monkeypatch)
    assert rows == whole
    assert found.pending == 0


def test_failed_pairs_are_tried_again_when_that_is_asked_for(tmp_path, monkeypatch):
    pairs = pairs_of(3, odd=1)
    assert flown(tmp_path, pairs, Workers(1, Inline()), monkeypatch)[1].failed == 1
    monkeypatch.setattr(scan_faults, "_facts", lambda work, pair: {"query_id": pair[0], "ref_id": pair[1], "tier": "t"})
    assert flown(tmp_path, pairs, Workers(1, Inline()), monkeypatch)[1].failed == 1
    rows, found = flown(tmp_path, pairs, Workers(1, Inline()), monkeypatch, retry=True)
    assert (found.done, found.failed, rows[1]["tier"]) == (3, 0, "t")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Four recordings of one sound, each as loud as no other: six pairs."""
    folder = tmp_path_factory.mktemp("copies")
    song = synth.song(verses=1).audio
    for name, gain in (("a", 1.0), ("b", 0.8), ("c", 0.6), ("d", 0.5)):
        soundfile.write(folder / f"{name}.flac", gain * song.samples, song.sr)
    with Catalogue.create(folder / "kept", kinds=KINDS) as catalogue:
        catalogue.add([folder / f"{name}.flac" for name in "abcd"], executor=Inline(), jobs=1)
    return folder / "kept"


PARAMS = ScanParams(by=("recording",), cues=("recording",))


def tables(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name != "run.json"}


def copied(kept, root):
    shutil.copytree(kept, root, ignore=shutil.ignore_patterns("runs", "index"))
    return Catalogue.open(root)


def test_a_stopped_scan_keeps_its_tables_apart_and_the_next_ends_with_the_same_bytes(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(scan_flow, "AT_ONCE", 1)
    with copied(kept, tmp_path / "whole") as catalogue:
        whole = scan(catalogue, PARAMS, executor=Inline())
    assert whole.facts["coverage"] == {"shortlisted": 6, "done": 6, "failed": 0, "pending": 0, "reasons": {}}
    begun = iter([False] * 3)
    with copied(kept, tmp_path / "part") as catalogue:
        with monkeypatch.context() as stopping:
            stopping.setattr(Clock, "over", lambda _: next(begun, True))
            part = scan(catalogue, PARAMS, executor=Inline(), jobs=1)
        assert (part.facts["state"], part.facts["coverage"]["pending"]) == ("stopped", 3)
        assert part.tables == part.path / "incomplete"
        assert sorted(p.name for p in part.path.iterdir()) == ["incomplete", "parts"]
        assert json.loads((part.tables / "run.json").read_text()) == part.facts
        with pytest.raises(IncompleteScan, match=r"3 of the 6 pairs of .* wait"):
            part.whole()
        with pytest.raises(IncompleteScan):
            list(catalogue.matches(PARAMS, executor=Inline(), deadline_s=1e-9))
        end = scan(catalogue, PARAMS, jobs=2)
    assert end.path == part.path
    assert tables(end.path) == tables(whole.path)
    assert not (end.path / "incomplete").exists()
    left_out = {"state", "coverage"}
    assert {k: v for k, v in end.facts.items() if k not in left_out} == {
        k: v for k, v in whole.facts.items() if k not in left_out
    }


def test_the_command_says_what_waits_and_what_failed(kept, tmp_path, monkeypatch, capsys):
    with copied(kept, tmp_path / "c"):
        pass
    command = ["scan", str(tmp_path / "c"), "--by", "recording", "--cues", "recording", "--jobs", "1"]
    assert main([*command, "--deadline", "1e-9"]) == 3
    said = capsys.readouterr()
    assert "NOT COMPLETE: 6 of 6 pairs wait; the same command goes on" in said.err
    events = [json.loads(line) for line in said.err.splitlines() if line.startswith("{")]
    assert [e["stage"] for e in events] == ["shortlist", "comparing", "tables"]
    page = next((tmp_path / "c" / "runs").glob("*/incomplete/index.html")).read_text(encoding="utf-8")
    assert "This scan is not complete: 6 of 6 pairs wait to be compared." in page
    monkeypatch.setattr(scan_flow, "compared", _all_odd)
    monkeypatch.setattr("versionmatch.jobs.scan.workers_of", lambda limits, executor: Workers(1, Inline()))
    assert main([*command, "-q"]) == 3
    assert capsys.readouterr().err == "6 pairs could not be compared (6 pair_error); errors.jsonl says which\n"
    folder = next((tmp_path / "c" / "runs").glob("*-scan-*"))
    assert len((folder / "errors.jsonl").read_text().splitlines()) == 6
    assert "6 pairs could not be compared; each is under Errors" in (folder / "index.html").read_text(encoding="utf-8")
    monkeypatch.undo()
    assert main([*command, "-q", "--retry", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["coverage"]["done"] == 6
    assert not list(folder.glob("parts/*.json"))


def _all_odd(work):
    return [scan_flow.failed_row(pair, "pair_error", "odd") for pair in work.pairs]


def test_progress_is_a_line_for_people_and_figures_for_programs():
    standing = Standing("comparing", PairCoverage(1200, 290, 10, {"pair_error": 10}), 200, 50.0)
    figures = scan_progress.figures_of(standing)
    assert figures == {"stage": "comparing", "shortlisted": 1200, "done": 290, "failed": 10, "pending": 900,
                       "elapsed_s": 50.0, "pairs_per_s": 4.0, "eta_s": 225.0}  # fmt: skip
    words = "comparing: 300 of 1,200 pairs, 10 failed, 4.0 a second, 3 min 45 s to go"
    assert scan_progress.line_of(figures) == words
    assert scan_progress.line_of(scan_progress.figures_of(Standing("shortlist"))) == "proposing pairs"


def test_a_bound_below_what_a_process_needs_is_refused():
    with pytest.raises(ParamsError, match="max_memory_mib = 100; it must be 768 MiB or more"):
        ScanLimits(max_memory_mib=100)
    assert ScanLimits(max_memory_mib=4096).workers(16) == 4
    assert ScanLimits(max_memory_mib=4096, jobs=2).worker_bytes == 2 << 30
    assert os.cpu_count() == ScanLimits().workers(os.cpu_count())
