"""A catalogue holds what was named to it, once, however it was named, by however many workers, in whatever order."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import versionmatch as vm
from tests.jobs.kill_driver import FaultyDisk
from tests.jobs.sounds import BAD, SR, Inline, folder_of, tune, wav
from versionmatch.audio import synth
from versionmatch.errors import CatalogueBusy, InputError, ParamsError, UnknownPlugin
from versionmatch.jobs import index_flow, index_work
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.index_work import Bytes, Plan, Task
from versionmatch.store.quarantine import PASSING, REASONS, SKIPPED
from versionmatch.store.rows import FileRow
from versionmatch.store.runs import Outcome


@pytest.fixture
def sounds(tmp_path):
    return folder_of(tmp_path / "sounds", 4)


@pytest.fixture
def catalogue(tmp_path):
    with Catalogue.create(tmp_path / "my.catalogue", kinds=("waveform",)) as found:
        yield found


def add(catalogue, paths=None, **settings):
    return catalogue.add(paths, jobs=1, executor=Inline(), **settings)


def test_everything_named_is_accounted_for(catalogue, sounds):
    found = add(catalogue, sounds)
    assert (found.seen, found.done, found.quarantined, found.skipped, found.pending) == (11, 6, 4, 1, 0)
    assert found.reasons == {**dict.fromkeys(BAD.values(), 1), "not_sound_by_name": 1}
    assert {os.path.basename(r.path): r.reason for r in catalogue.quarantined()} == BAD


def test_what_an_index_is_made_of_can_be_gone_through(catalogue, sounds):
    add(catalogue, sounds)
    rows = list(catalogue.store.kept("waveform"))
    assert [row.recording_id for row in rows] == [r.id for r in catalogue.recordings()]
    catalogue.remove([rows[0].recording_id])
    assert list(catalogue.store.kept("waveform")) == rows[1:]
    assert list(catalogue.store.kept("cqt")) == []


def test_the_same_sound_in_three_files_is_one_recording(catalogue, sounds):
    add(catalogue, sounds)
    assert len(catalogue) == 4
    first = next(r for r in catalogue.recordings() if r.source.endswith("000.wav"))
    paths = [os.path.basename(row.path) for row in catalogue.store.sources(first.id)]
    assert paths == ["000.wav", "again.wav", "as.flac"]


def test_nothing_is_decoded_twice(catalogue, sounds, monkeypatch):
    decoded = []
    load = index_work.IsolatedDecoder.load

    def noted(self, path, **given):
        decoded.append(os.path.basename(path))
        return load(self, path, **given)

    monkeypatch.setattr(index_work.IsolatedDecoder, "load", noted)
    add(catalogue, sounds)
    assert len(decoded) == len(set(decoded)) == 8  # again.wav has the bytes of 000.wav, empty.wav has none
    decoded.clear()
    (sounds / "000.wav").rename(sounds / "renamed.wav")
    os.utime(sounds / "001.wav", (1, 1))
    found = add(catalogue, sounds)
    assert (found.done, found.quarantined) == (6, 4)
    assert decoded == []


def test_a_new_tag_makes_no_new_recording(catalogue, sounds):
    add(catalogue, sounds)
    path = sounds / "as.flac"
    content = bytearray(path.read_bytes())
    vendor = content.find(b"reference libFLAC")
    content[vendor : vendor + 9] = b"REFERENCE"
    path.write_bytes(content)
    add(catalogue, sounds)
    assert len(catalogue) == 4


def test_facts_do_not_depend_on_workers_order_or_interruptions(tmp_path, sounds):
    digests = set()
    files = [str(p) for p in sorted(sounds.iterdir())]
    for n, how in enumerate(["whole", "shuffled", "two by two", "processes"]):
        with Catalogue.create(tmp_path / f"{n}.catalogue", kinds=("waveform",)) as catalogue:
            order = random.Random(n).sample(files, len(files))
            if how == "whole":
                add(catalogue, files)
            elif how == "shuffled":
                add(catalogue, order)
            elif how == "two by two":
                for i in range(0, len(order), 2):
                    add(catalogue, order[i : i + 2])
            else:
                catalogue.add(order, jobs=2)
            digests.add(catalogue.facts_sha256())
    assert len(digests) == 1


def test_a_deadline_leaves_what_was_not_begun_for_the_next_run(catalogue, sounds):
    found = add(catalogue, sounds, deadline_s=1e-9)
    assert found.pending > 0
    assert found.done + found.quarantined + found.skipped + found.pending == found.seen
    found = add(catalogue)
    assert (found.done, found.quarantined, found.skipped, found.pending) == (6, 4, 1, 0)


def test_a_path_that_is_named_twice_is_seen_twice_and_done_once(catalogue, sounds):
    path = str(sounds / "000.wav")
    found = add(catalogue, [path, f"{sounds}/./000.wav", path])
    assert (found.seen, found.done, found.skipped) == (3, 1, 2)
    assert found.reasons == {"duplicate_path": 2}


def test_a_file_that_changed_is_a_new_recording_and_the_old_one_stays(catalogue, sounds):
    add(catalogue, sounds)
    (sounds / "001.wav").write_bytes(wav(tune(77)))
    add(catalogue, sounds)
    assert len(catalogue) == 5


def test_a_file_that_changes_while_it_is_read_is_not_taken(catalogue, sounds, monkeypatch):
    load = index_work.IsolatedDecoder.load

    def meddled(self, path, **given):
        found = load(self, path, **given)
        if path.endswith("001.wav"):
            with open(path, "ab") as file:
                file.write(b"x")
        return found

    monkeypatch.setattr(index_work.IsolatedDecoder, "load", meddled)
    found = add(catalogue, sounds)
    assert found.reasons["changed_during_read"] == 1
    monkeypatch.undo()
    assert add(catalogue, sounds).done == 6


def test_a_change_that_leaves_size_and_time_is_noticed_where_it_is_fresh(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tune(1)))
    task = Task("a", str(path))
    found = index_work.read_bytes(task)
    stat = path.stat()
    path.write_bytes(wav(tune(2)))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert index_work._changed_since(task, found)


def test_links_devices_and_names_that_are_no_text_are_refused(catalogue, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "a.wav").write_bytes(wav(tune(1)))
    (folder / "link.wav").symlink_to(folder / "a.wav")
    os.mkfifo(folder / "pipe.wav")
    (folder / ".hidden.wav").write_bytes(wav(tune(2)))
    with open(os.fsencode(folder) + b"/\xff.wav", "wb") as file:
        file.write(wav(tune(3)))
    found = add(catalogue, folder)
    assert found.reasons == {"symlink_refused": 1, "special_file": 1, "path_unsafe": 1, "hidden": 1}
    assert found.done == 1
    assert add(catalogue, folder, follow_symlinks=True).done == 2
    assert len(catalogue) == 1


def test_a_missing_file_is_told_and_found_when_it_is_there(catalogue, tmp_path):
    assert add(catalogue, tmp_path / "a.wav").reasons == {"unreadable_io": 1}
    (tmp_path / "a.wav").write_bytes(wav(tune(1)))
    assert add(catalogue).done == 1


def test_another_kind_of_feature_is_made_of_all_by_the_next_add(catalogue, sounds):
    add(catalogue, sounds)
    text = (catalogue.path / "catalogue.toml").read_text()
    (catalogue.path / "catalogue.toml").write_text(text.replace('["waveform"]', '["waveform", "cqt"]'))
    with Catalogue.open(catalogue.path) as changed:
        assert [f.what for f in changed.verify()] == ["changed"]
        assert add(changed).done == 6
        first = next(changed.recordings())
        assert changed.store.features(first.id).kinds == ("cqt", "waveform")
        assert not changed.verify()


def test_an_unknown_kind_is_said_before_any_work(tmp_path, sounds):
    with Catalogue.create(tmp_path / "a", kinds=("wave",)) as catalogue, pytest.raises(UnknownPlugin, match="waveform"):
        add(catalogue, sounds)


def _dying(call, *given):
    if call is index_work.take_in and given[1].path.endswith("002.wav"):
        os._exit(1)
    return call(*given)


class _Killed(index_flow.Workers):
    def submit(self, call, *given):
        return super().submit(_dying, call, *given)


def test_a_worker_that_dies_costs_one_file_and_no_other(catalogue, sounds, monkeypatch):
    monkeypatch.setattr("versionmatch.jobs.index.Workers", _Killed)
    found = catalogue.add(sounds, jobs=2)
    assert found.reasons["internal_error"] == 1
    assert (found.done, found.pending) == (5, 0)
    monkeypatch.undo()
    assert add(catalogue, sounds).done == 6


def _hanging(call, *given):
    if call is index_work.take_in and given[1].path.endswith("002.wav"):
        index_work._features = lambda *_: time.sleep(60)
    return call(*given)


class _Hung(index_flow.Workers):
    def submit(self, call, *given):
        return super().submit(_hanging, call, *given)


def test_an_extractor_that_hangs_costs_one_file_and_no_other(catalogue, sounds, monkeypatch):
    monkeypatch.setattr("versionmatch.jobs.index.Workers", _Hung)
    found = catalogue.add(sounds, jobs=2, analysis_deadline_s=2.0)
    assert found.reasons["timeout"] == 1
    assert (found.done, found.pending) == (5, 0)
    (failed,) = (row for row in catalogue.quarantined() if row.reason == "timeout")
    assert failed.detail.startswith("analysing it took longer than 2 s, alone too")
    monkeypatch.undo()
    assert add(catalogue, sounds).done == 6


def test_no_space_ends_the_run_and_blames_no_file(catalogue, sounds, monkeypatch):
    monkeypatch.setattr("versionmatch.jobs.index.plan_of", lambda store, params: _full(store))
    with pytest.raises(OSError, match="No space left"):
        add(catalogue, sounds)
    monkeypatch.undo()
    found = add(catalogue, sounds)
    assert (found.done, found.quarantined, found.pending) == (6, 4, 0)


def _full(store):
    return Plan(str(store.root), ("waveform",), disk=FaultyDisk(3, 28))


def test_what_was_removed_is_gone_at_once_and_stays_away(catalogue, sounds):
    add(catalogue, sounds)
    gone = next(r for r in catalogue.recordings() if r.source.endswith("000.wav"))
    view = catalogue.view(gone.id)
    catalogue.remove([gone.id[:12]])
    assert gone.id not in {r.id for r in catalogue.recordings()}
    with pytest.raises(InputError, match=f"{gone.id} was removed from .*--restore"):
        catalogue.view(gone.id)
    assert view["waveform"].values.size  # who holds it already still can read it
    found = add(catalogue, sounds)
    assert (found.done, found.reasons["removed"]) == (3, 3)
    assert catalogue.compact() == (1, 1)
    assert not list((catalogue.path / "features").rglob(f"{gone.id}*"))
    assert gone.id.encode() not in _without_tombstones(catalogue)
    assert catalogue.compact() == (0, 0)
    assert add(catalogue, sounds, rehash=True).reasons["removed"] == 3
    assert add(catalogue, sounds, restore=True).done == 6
    assert catalogue.view(gone.id)["waveform"].values.size


def _without_tombstones(catalogue):
    with catalogue.store.reading() as connection:
        rows = [*connection.execute("SELECT * FROM recordings"), *connection.execute("SELECT * FROM artefacts")]
    return repr(rows).encode()


def test_a_view_is_compared_as_the_files_are(tmp_path):
    steps = [0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0] * 3
    for name, shift in (("a", 0), ("b", 3)):
        sound = synth.melody([(60 + shift + step, 0.5 * i, 0.5) for i, step in enumerate(steps)])
        (tmp_path / f"{name}.wav").write_bytes(wav(np.round(sound.samples * 32767).astype(np.int16), sound.sr))
    kinds = ("cqt", "onsets", "chroma", "melody", "notes", "beats", "key", "chords", "sections", "waveform")
    with Catalogue.create(tmp_path / "c", kinds=kinds) as catalogue:
        assert add(catalogue, [tmp_path / "a.wav", tmp_path / "b.wav"]).done == 2
        views = [catalogue.view(r.id) for r in sorted(catalogue, key=lambda r: r.source)]
        files = [shutil.copy(tmp_path / f"{n}.wav", tmp_path / f"{n}2.wav") for n in "ab"]
        cues = ("harmony", "melody", "rhythm")
        kept, made = vm.compare(*views, cues=cues), vm.compare(*files, cues=cues)
    assert kept.transposition == -3
    assert [e.raw for e in kept.evidence] == [e.raw for e in made.evidence]
    assert kept.probability == made.probability


def test_many_threads_read_while_one_writes(catalogue, sounds):
    add(catalogue, [sounds / "000.wav"])
    wrong, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            try:
                for recording in catalogue.recordings():
                    assert catalogue.view(recording.id)["waveform"].values.shape[0] == 2
            except Exception as error:  # noqa: BLE001 - told below
                wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    add(catalogue, sounds)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_catalogue_can_be_checked_while_it_grows(catalogue, sounds):
    add(catalogue, [sounds / "000.wav"])
    findings, stop = [], threading.Event()

    def check():
        while not stop.is_set():
            findings.extend(catalogue.verify())

    checking = threading.Thread(target=check)
    checking.start()
    for n in range(20):
        try:
            catalogue.decide("a", f"b{n}", "not a duplicate")
            add(catalogue, sounds)
        except CatalogueBusy:
            continue
    stop.set()
    checking.join()
    assert findings == []


WRITER = """
import sys, time
from versionmatch.store.catalogue import CatalogueStore
with CatalogueStore(sys.argv[1]).writing("test"):
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_told_who_the_first_one_is(catalogue, sounds):
    other = subprocess.Popen([sys.executable, "-c", WRITER, catalogue.path], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "writing\n"
    with pytest.raises(CatalogueBusy, match=rf"being written to by process {other.pid} on .* \(test\); wait"):
        add(catalogue, sounds)
    other.kill()
    other.wait()
    assert add(catalogue, sounds).done == 6


def test_of_many_writers_at_once_one_wins_each_time_and_nothing_is_lost(catalogue, sounds):
    outcomes = []

    def write(n):
        try:
            with Catalogue.open(catalogue.path) as mine:
                mine.decide(f"a{n}", f"b{n}", "not a duplicate")
            outcomes.append(n)
        except CatalogueBusy:
            outcomes.append(None)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    won = sorted(f"a{n}" for n in outcomes if n is not None)
    assert len(outcomes) == 100
    assert won
    assert sorted(d.first for d in catalogue.decisions()) == won
    assert not catalogue.verify()


def test_an_executor_can_be_handed_in(catalogue, sounds):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert catalogue.add(sounds, executor=pool).done == 6


def test_every_run_leaves_its_manifest_and_its_lines(catalogue, sounds):
    found = add(catalogue, sounds)
    manifest = json.loads((catalogue.path / "runs" / found.run_id / "manifest.json").read_text())
    assert manifest["coverage"] == found.to_dict()
    assert manifest["facts_sha256"] == catalogue.facts_sha256()
    lines = [json.loads(line) for line in (catalogue.path / "ledger.jsonl").read_text().splitlines()]
    assert [line["event"]["what"] for line in lines] == ["created", "run", "run ended"]
    assert lines[-1]["event"]["seen"] == 11


def test_a_killed_run_is_called_that_by_the_next(catalogue, sounds):
    class Killed(Inline):
        def submit(self, call, /, *given, **named):
            raise SystemExit

    with pytest.raises(SystemExit):
        catalogue.add(sounds, executor=Killed())
    assert add(catalogue).pending == 0


def test_a_catalogue_is_not_made_twice_nor_opened_where_there_is_none(catalogue, tmp_path):
    with pytest.raises(InputError, match="is a catalogue already"):
        Catalogue.create(catalogue.path)
    with pytest.raises(InputError, match="is no catalogue; make one with"):
        Catalogue.open(tmp_path)
    with pytest.raises(ParamsError, match=r"no setting 'job'.*Did you mean 'jobs'"):
        catalogue.add(tmp_path, job=3)


def test_every_reason_is_described():
    assert set(REASONS) > PASSING
    assert not set(REASONS) & set(SKIPPED)


def test_equal_bytes_are_decoded_once_also_while_they_are_under_way(tmp_path):
    calls = []

    class Slow(index_flow.Workers):
        def submit(self, call, *given):
            calls.append(call.__name__)
            return Inline().submit(call, *given) if call is index_work.read_bytes else Inline().submit(_made, *given)

    path = tmp_path / "a.wav"
    path.write_bytes(wav(tune(1)))
    tasks = iter([Task(name, str(path)) for name in "abc"])
    found = list(index_flow.outcomes(Slow(3), Plan("", ()), tasks, lambda task, bytes_: None))
    assert sorted(m.outcome.key for m in found) == ["a", "b", "c"]
    assert calls.count("take_in") == 1


def _made(plan, task, found: Bytes):
    file = FileRow(found.content, "r", "", "", "", "", "", "")
    return index_work.Made(Outcome(task.key, "done", content=found.content, file=file), 1.0, (("decode", 0.1),))


def test_seconds_are_no_part_of_the_facts(catalogue, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tune(1), SR))
    add(catalogue, path)
    before = catalogue.facts_sha256()
    time.sleep(0.01)
    os.utime(path)
    add(catalogue, path)
    assert catalogue.facts_sha256() == before


def test_no_question_about_one_recording_goes_through_all_of_them(catalogue, sounds):
    add(catalogue, sounds)
    asked = []
    with catalogue.store.reading() as connection:
        connection.set_trace_callback(asked.append)
        recording = next(catalogue.recordings())
        _ = catalogue.view(recording.id)["waveform"]
        connection.set_trace_callback(None)
        plans = [row[3] for text in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
    assert len(plans) > 5
    assert not [plan for plan in plans if plan.startswith("SCAN") and "removals" not in plan]
    assert not [plan for plan in plans if "inputs_state" in plan]


def test_a_catalogue_keeps_its_model_and_another_is_one_line(tmp_path, random_models, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", str(random_models))
    sounds = folder_of(tmp_path / "sounds", 1, bad=False)
    with Catalogue.create(tmp_path / "a", kinds=("cqt", "segments")) as catalogue:
        add(catalogue, sounds)
        (first, *_) = catalogue.recordings()
        assert catalogue.view(first.id)["segments"].model_id == "versions-v2"
    text = (tmp_path / "a" / "catalogue.toml").read_text()
    assert '"segments" = "segments:versions-v2"' in text
    (tmp_path / "a" / "catalogue.toml").write_text(text.replace("segments:versions-v2", "segments:other"))
    with Catalogue.open(tmp_path / "a") as catalogue:
        found = add(catalogue)
        assert (found.done, found.pending) == (found.seen, 0)
        assert {catalogue.view(r.id)["segments"].model_id for r in catalogue.recordings()} == {"other"}
