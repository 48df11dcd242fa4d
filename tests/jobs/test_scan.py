"""A small catalogue whose every relation is known: scanned, killed, asked, and always the same answer."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from versionmatch.audio import synth
from versionmatch.cli.main import main
from versionmatch.errors import ParamsError
from versionmatch.jobs import scan_flow
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.identify import identify, locate
from versionmatch.jobs.leaks import against, leaks
from versionmatch.jobs.scan import scan
from versionmatch.jobs.scan_tables import match_rows
from versionmatch.jobs.search import search
from versionmatch.params import ScanParams

pytest.importorskip("faiss")
pytestmark = pytest.mark.xdist_group("scan")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SR = 22050
KINDS = ["cqt", "onsets", "chroma", "melody", "notes", "beats", "key", "chords", "sections", "peaks"]
CUES = ("harmony", "melody", "rhythm", "recording")


def sound(name: str) -> np.ndarray:
    samples, sr = soundfile.read(EXAMPLES / name, dtype="float32", always_2d=True)
    return soxr.resample(samples.mean(axis=1), sr, SR)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """``a`` as it is, in other bytes, faster, quieter and trimmed; ``b`` another version of the work; strangers."""
    folder = tmp_path_factory.mktemp("music")
    a, b = sound("greensleeves-a.ogg"), sound("greensleeves-b.ogg")
    stranger = synth.song(verses=2, seed=9).audio
    tail = soxr.resample(stranger.samples, stranger.sr, SR)
    mix = 0.7 * tail[6 * SR : 36 * SR].copy()
    mix[12 * SR : 24 * SR] += 0.6 * b[20 * SR : 32 * SR]
    sounds = {
        "a.flac": a,
        "a-again.ogg": a,
        "a-faster.flac": soxr.resample(a, 1.02 * SR, SR),
        "a-trimmed.flac": 0.5 * a[6 * SR :],
        "b.flac": b,
        "stranger.flac": tail,
        "mix.flac": mix,
        "silence.flac": np.zeros(20 * SR, np.float32),
    }
    for name, samples in sounds.items():
        soundfile.write(folder / name, samples, SR)
    (folder / "broken.mp3").write_bytes(b"this is no music")
    return folder


@pytest.fixture(scope="module")
def kept(music, tmp_path_factory):
    root = tmp_path_factory.mktemp("kept") / "c"
    with Catalogue.create(root, kinds=KINDS) as catalogue:
        catalogue.add(music, jobs=1)
    return root


@pytest.fixture
def catalogue(kept, tmp_path):
    root = tmp_path / "c"
    shutil.copytree(kept, root, ignore=shutil.ignore_patterns("runs", "index"))
    with Catalogue.open(root) as found:
        yield found


def params(**settings):
    return ScanParams(**{"by": ("recording",), "cues": CUES, **settings})


def names(catalogue):
    return {r.id: Path(r.source).name for r in catalogue.recordings()}


def tiers(catalogue, found):
    called = names(catalogue)
    rows = [json.loads(line) for line in (found.path / "matches.jsonl").read_text().splitlines()]
    return {frozenset((called[r["query_id"]], called[r["ref_id"]])): r["tier"] for r in rows}


def tables(found):
    return {p.name: p.read_bytes() for p in found.path.iterdir() if p.name != "run.json" and p.is_file()}


def test_every_copy_is_found_and_called_what_it_is(catalogue):
    found = tiers(catalogue, scan(catalogue, params(), jobs=1))
    assert found[frozenset(("a.flac", "a-again.ogg"))] == "same recording"
    assert found[frozenset(("a.flac", "a-faster.flac"))] == "altered recording"
    assert found[frozenset(("a.flac", "a-trimmed.flac"))] in {"same recording", "altered recording"}
    assert found[frozenset(("b.flac", "mix.flac"))] in {"related passage", "altered recording"}
    assert not any("silence.flac" in pair for pair in found)
    assert frozenset(("a.flac", "b.flac")) not in found or found[frozenset(("a.flac", "b.flac"))] == "version"
    assert all(tier not in {"same recording", "altered recording"} for pair, tier in found.items() if "b.flac" in pair
               and "mix.flac" not in pair)  # fmt: skip


def test_clusters_join_same_recordings_and_a_decision_takes_them_apart(catalogue):
    first = scan(catalogue, params(), jobs=1)
    rows = list(csv.DictReader((first.path / "clusters.csv").open(newline="")))
    called = names(catalogue)
    members = sorted(called[row["recording_id"]] for row in rows)
    assert {"a.flac", "a-again.ogg"} <= set(members)
    assert not {"b.flac", "stranger.flac", "silence.flac", "a-faster.flac"} & set(members)
    assert sum(row["role"] == "original" for row in rows) == 1
    by_name = {name: id_ for id_, name in called.items()}
    for other in set(members) - {"a.flac"}:
        catalogue.decide(by_name["a.flac"], by_name[other], "not a duplicate")
    again = scan(catalogue, params(), jobs=1)
    joined = [json.loads(line) for line in (again.path / "clusters.jsonl").read_text().splitlines()]
    assert by_name["a.flac"] not in {row["recording_id"] for row in joined}
    assert again.facts["pairs"] < first.facts["pairs"]


def test_workers_and_a_strangers_executor_give_the_same_bytes(catalogue, kept, tmp_path):
    one = tables(scan(catalogue, params(), jobs=1))
    for number, given in enumerate(({"jobs": 2}, {"executor": True})):
        root = tmp_path / f"other-{number}"
        shutil.copytree(kept, root, ignore=shutil.ignore_patterns("runs", "index"))
        with Catalogue.open(root) as other:
            if "executor" in given:
                with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
                    assert tables(scan(other, params(), executor=pool)) == one
            else:
                assert tables(scan(other, params(), **given)) == one


def test_a_cluster_gives_the_same_bytes_also_when_a_worker_dies(catalogue, kept, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setattr(scan_flow, "AT_ONCE", 2)
    one = tables(scan(catalogue, params(), jobs=1))
    root = tmp_path / "cluster"
    shutil.copytree(kept, root, ignore=shutil.ignore_patterns("runs", "index"))
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        Catalogue.open(root) as other,
        distributed.LocalCluster(host="127.0.0.1", **local) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = list(client.run(os.getpid).values())
        said = []

        def kill_one(standing):
            said.append(standing)
            if standing.coverage.done and not any(s.coverage.done for s in said[:-1]):
                os.kill(pids[0], signal.SIGKILL)

        assert tables(scan(other, params(), executor=client.get_executor(pure=False), tell=kill_one)) == one
    assert len(said) > 2


def test_a_scan_that_was_killed_goes_on_and_ends_with_the_same_bytes(catalogue, kept, tmp_path):
    wanted = tables(scan(catalogue, params(), jobs=1))
    root = tmp_path / "killed"
    shutil.copytree(kept, root, ignore=shutil.ignore_patterns("runs", "index"))
    code = f"""
from versionmatch.jobs import scan_flow
from versionmatch.jobs.scan import scan
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.params import ScanParams
if __name__ == "__main__":
    scan_flow.AT_ONCE = 1
    with Catalogue.open({str(root)!r}) as c:
        scan(c, ScanParams(by=("recording",), cues={CUES!r}), jobs=1)
"""
    script = tmp_path / "scan.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(2):
        process = subprocess.Popen([sys.executable, str(script)], env=environment, start_new_session=True)
        before = len(list(root.glob("runs/*/parts/*.json")))
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if len(list(root.glob("runs/*/parts/*.json"))) > before:
                break
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
    with Catalogue.open(root) as again:
        assert tables(scan(again, params(), jobs=1)) == wanted
        assert len(list(root.glob("runs/*-scan-*"))) == 1


def test_a_scan_of_an_unchanged_catalogue_is_not_done_again(catalogue):
    first = scan(catalogue, params(), jobs=1)
    stamp = (first.path / "matches.jsonl").stat().st_mtime_ns
    again = scan(catalogue, params(), jobs=1)
    assert again.path == first.path
    assert (again.path / "matches.jsonl").stat().st_mtime_ns == stamp


def test_a_damaged_part_is_compared_again(catalogue, monkeypatch):
    from versionmatch.store import run_folder

    monkeypatch.setattr(run_folder.RunFolder, "finish", lambda *_, **__: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        scan(catalogue, params(), jobs=1)
    monkeypatch.undo()
    part = next(p for p in catalogue.path.glob("runs/*/parts/*.json") if '"tier"' in p.read_text())
    part.write_text(part.read_text().replace('"tier": "', '"tier": "un'))
    found = tiers(catalogue, scan(catalogue, params(), jobs=1))
    assert found[frozenset(("a.flac", "a-again.ogg"))] == "same recording"


def test_what_is_removed_is_no_longer_found_and_what_returns_is(catalogue, music):
    by_name = {name: id_ for id_, name in names(catalogue).items()}
    assert search(catalogue, str(music / "b.flac"), by="recording")[0].recording_id == by_name["b.flac"]
    catalogue.remove([by_name["b.flac"]])
    assert by_name["b.flac"] not in {h.recording_id for h in search(catalogue, str(music / "b.flac"), by="recording")}


def test_a_file_is_identified_and_an_unknown_one_is_not(catalogue, music):
    found, unknown, unread = identify(
        catalogue, [music / "a-trimmed.flac", (synth.noise(12.0).samples, 16000), music / "broken.mp3"]
    )
    called = names(catalogue)
    assert called[found.answers[0].track].startswith("a")
    assert unknown.answers == ()
    assert "broken.mp3" in unread.error
    assert unread.answers == ()


def test_a_search_by_sound_says_where_and_how_fast_as_identify_does(catalogue, music):
    faster = soxr.resample(sound("greensleeves-a.ogg")[5 * SR : 25 * SR], 1.03 * SR, SR), SR
    (found,) = identify(catalogue, [faster])
    hits = catalogue.query(faster, by="recording", k=20)
    assert [h.recording_id for h in hits] == list(dict.fromkeys(f.track for f in found.answers))
    for hit in hits:
        assert hit.stretches == tuple(f for f in found.answers if f.track == hit.recording_id)
        assert hit.score == hit.stretches[0].score
    labels = names(catalogue)
    told = {labels[h.recording_id]: h.to_dict()["stretches"] for h in hits}
    rows = found.to_dict(labels)["found"]
    assert [{k: v for k, v in row.items() if k not in {"label", "recording_id"}} for row in rows
            if row["label"] == "a.flac"] == told["a.flac"]  # fmt: skip
    best = told["a.flac"][0]
    assert best["speed"] == pytest.approx(1.03, abs=0.002)
    assert best["tempo"] == pytest.approx(best["pitch"], abs=0.004)
    assert best["offset_s"] == pytest.approx(5, abs=0.1)


def test_a_recording_of_the_catalogue_is_looked_for_by_the_peaks_that_are_kept(catalogue):
    by_name = {name: id_ for id_, name in names(catalogue).items()}
    hits = catalogue.query(catalogue.view(by_name["b.flac"]), by="recording")
    assert hits[0].recording_id == by_name["b.flac"]
    assert hits[0].stretches[0].span.query_duration_s > 10


def test_an_excerpt_in_a_mix_is_located(catalogue, music):
    called = names(catalogue)
    found = {called[f.track]: f.span for f in locate(catalogue, music / "mix.flac")}
    span = found["b.flac"]
    assert span.query_start_s == pytest.approx(12, abs=1.5)
    assert span.query_end_s == pytest.approx(24, abs=1.5)
    assert span.reference_start_s - span.query_start_s == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize("by", ["harmony", "melody"])
def test_a_search_by_one_element_finds_the_other_version(catalogue, music, by):
    called = names(catalogue)
    hits = [called[h.recording_id] for h in search(catalogue, str(music / "a.flac"), by=by, k=6)]
    assert {"a.flac", "a-again.ogg"} <= set(hits[:4])
    assert "b.flac" in hits
    assert hits.index("b.flac") < hits.index("stranger.flac") if "stranger.flac" in hits else True


def test_commands_say_it_in_lines_and_by_their_exit_codes(catalogue, music, capsys):
    root = str(catalogue.path)
    assert main(["identify", root, str(music / "a.flac"), "-q"]) == 0
    assert "a.flac" in capsys.readouterr().out
    noise = music / "noise.flac"
    soundfile.write(noise, synth.noise(10.0).samples, 16000)
    assert main(["identify", root, str(noise), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["found"] == []
    assert main(["identify", root, str(music / "broken.mp3")]) == 3
    assert main(["dedup", root, "--jobs", "1", "-q"]) == 0
    assert "2 recordings" in capsys.readouterr().out or True
    assert main(["conflicts", root, "--jobs", "1", "--json", "-q"]) == 0
    kinds = {json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()}
    assert kinds == {"missing_id"}
    assert main(["scan", root, "--by", "nothing"]) == 2


def test_an_unknown_way_of_proposing_is_named():
    with pytest.raises(ParamsError, match=r"by = \('melody',\); it must be some of recording, version"):
        ScanParams(by=("melody",))


def test_what_was_rejected_is_neither_joined_nor_asked_about_again(catalogue, tmp_path, capsys):
    by_name = {name: id_ for id_, name in names(catalogue).items()}
    pair = sorted((by_name["a.flac"], by_name["a-again.ogg"]))
    assert scan(catalogue, params(), jobs=1).facts["rows"]["clusters"] >= 2
    path = tmp_path / "decisions.csv"
    path.write_text(f"query_id,ref_id,tier,decision\n{pair[0]},{pair[1]},same recording,reject\n", encoding="utf-8")
    assert main(["review", "apply", str(catalogue.path), str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"reject": 1}
    found = scan(catalogue, params(), jobs=1)
    assert frozenset(("a.flac", "a-again.ogg")) not in tiers(catalogue, found)
    path.write_text(f"query_id,ref_id,tier,decision\n{pair[0]},{'0' * 64},version,accept\n", encoding="utf-8")
    assert main(["review", "apply", str(catalogue.path), str(path)]) == 3
    assert "holds no recording '000000" in capsys.readouterr().err


def test_a_leak_is_found_as_recording_and_what_is_not_there_is_not(catalogue, music, tmp_path):
    training = tmp_path / "training"
    training.mkdir()
    for name in ("a-again.ogg", "stranger.flac"):
        shutil.copy(music / name, training)
    with against(catalogue, training, jobs=1) as other:
        found = leaks(catalogue, other, params(), jobs=1)
        again = leaks(catalogue, other, params(), jobs=1)
    called = names(catalogue)
    rows = [json.loads(line) for line in (found.path / "leaks.jsonl").read_text().splitlines()]
    leaked = {called[row["recording_id"]]: row["level"] for row in rows}
    assert (
        leaked["a.flac"] == leaked["a-again.ogg"] == leaked["a-faster.flac"] == leaked["stranger.flac"] == "recording"
    )
    assert not {"b.flac", "silence.flac"} & {n for n, level in leaked.items() if level == "recording"}
    assert again.path == found.path
    assert found.facts["leaks"]["recording"] == len([level for level in leaked.values() if level == "recording"])


def test_the_page_of_a_scan_lies_beside_its_tables(catalogue, capsys):
    assert main(["scan", str(catalogue.path), "--by", "recording", "--cues", ",".join(CUES), "--jobs", "1", "-q"]) == 0
    said = capsys.readouterr().out
    folder = next(catalogue.path.glob("runs/*-scan-*"))
    assert str(folder) in said
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert folder.name in page
    assert not {"infringement", "plagiarism", "copying"} & set(page.lower().split())


def test_a_scan_supposes_few_versions_and_what_is_heard_stays():
    def fact(tier, score, method, spans=((0.0, 9.0, 0.0, 9.0),)):
        return {
            "query_id": "a",
            "ref_id": f"{tier} {score}",
            "tier": tier,
            "score": score,
            "method": method,
            "spans": spans,
        }

    facts = [
        fact("same recording", 1.0, "recording"), fact("related passage", 0.1, "recording"),
        fact("version", 0.9, "fused"), fact("version", 0.99, "fused"), fact("related passage", 0.9, "passages"),
        fact("related passage", 0.99, "passages"), fact("undecided", 0.7, "fused"), fact("unrelated", 0.1, "fused"),
    ]  # fmt: skip
    rows = match_rows(facts, {"a": 60.0, **{f["ref_id"]: 60.0 for f in facts}}, ScanParams())
    assert {r["ref_id"] for r in rows} == {
        "same recording 1.0", "related passage 0.1", "version 0.99", "related passage 0.99"
    }  # fmt: skip
    assert [r["score"] for r in rows if r["ref_id"] == "version 0.99"] == [pytest.approx(0.8, abs=1e-6)]
    picked = match_rows(facts, {"a": 60.0, **{f["ref_id"]: 60.0 for f in facts}}, ScanParams(prior=0.2))
    assert {r["ref_id"] for r in picked} >= {"version 0.9", "related passage 0.9"}
