"""Whichever command opens the licensed partition: what the log does not permit at that moment is in no answer."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.jobs.sounds import Inline, tune, wav
from tests.naive_rights import naive_allowed
from tests.rights.corpora import clock, said, small
from tests.rights.logs import BASE, LICENSED, TIMES, entered, facts
from versionmatch.audit.entry import START, Entry, chained
from versionmatch.cli.main import main
from versionmatch.errors import NotPermitted
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.corpus import Corpus
from versionmatch.jobs.governed import opened
from versionmatch.jobs.prints import CataloguePrints

N_LOGS = 150  # `python -m tests.rights.many_logs` takes 10,000


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    root = tmp_path_factory.mktemp("governed")
    corpus, paths = small(root)
    with corpus:
        return corpus.root, paths, [p.recording_id for p in corpus.ingest(paths, executor=Inline())]


@pytest.fixture
def made(template, tmp_path):
    shutil.copytree(template[0], tmp_path / "corpus")
    return tmp_path / "corpus", template[1], template[2]


def end(root, *grants):
    """Enter revocations and do nothing else: nobody has told the catalogue."""
    with Corpus(root, clock=clock()) as corpus, corpus.book.writing("test"):
        for grant in grants:
            corpus.book.add("revocation", grant=grant, effective=corpus.book.time)


def told(capsys, *command):
    capsys.readouterr()
    code = main([str(part) for part in command])
    return code, capsys.readouterr().out


def test_identify_search_and_lists_do_not_tell_what_was_revoked(made, capsys):
    root, paths, ids = made
    licensed = root / "licensed"
    assert told(capsys, "identify", licensed, paths[1])[0] == 0
    assert told(capsys, "search", licensed, paths[1], "--by", "recording")[0] == 0
    end(root, "m1")
    assert told(capsys, "identify", licensed, paths[1]) == (1, f"{paths[1]}: nothing found\n")
    assert told(capsys, "search", licensed, paths[1], "--by", "recording") == (1, "")
    assert told(capsys, "locate", licensed, paths[1]) == (1, "")
    listed = [
        json.loads(line)["id"] for line in told(capsys, "index", "stat", licensed, "--recordings")[1].splitlines()
    ]
    assert listed == sorted([ids[0], ids[2]])
    assert told(capsys, "identify", licensed, paths[0])[0] == 0
    index = b"".join(p.read_bytes() for p in (licensed / "index").rglob("*") if p.is_file())
    assert ids[0].encode() in index
    assert ids[1].encode() not in index  # the cache of fingerprints has let go of it as well


def test_a_revocation_counts_while_a_catalogue_is_open(made):
    root, _, ids = made
    with Catalogue.open(root / "licensed") as catalogue:
        prints = CataloguePrints(catalogue)
        peaks = catalogue.view(ids[2])["peaks"]
        assert [f.track for f in prints.found(peaks)] == [ids[2]]
        end(root, "g0")  # the work w2 is of p0 as well, by a grant of its own
        assert [f.track for f in prints.found(peaks)] == [ids[2]]
        end(root, "g2")
        assert prints.found(peaks) == ()
        assert len(catalogue) == 1
        with pytest.raises(NotPermitted, match="may not be used now"):
            catalogue.view(ids[2])


def test_pages_and_tables_of_earlier_scans_that_tell_of_it_go(made, capsys):
    root, _, ids = made
    licensed = root / "licensed"
    with Catalogue.open(licensed) as catalogue:
        first = catalogue.scan(by=("recording",), executor=Inline())
    (first.path / "index.html").write_text(f"<p>{ids[0]}</p>")
    assert told(capsys, "index", "stat", licensed)[0] == 0
    assert first.path.is_dir()
    end(root, "m0")
    assert told(capsys, "index", "stat", licensed)[0] == 0
    assert not first.path.exists()
    with Catalogue.open(licensed) as catalogue:
        again = catalogue.scan(by=("recording",), executor=Inline())
    assert again.path != first.path
    assert (again.facts["recordings"], again.facts["rights"]) != (first.facts["recordings"], first.facts["rights"])


def test_a_file_added_past_the_log_is_in_no_answer(made, tmp_path, capsys):
    root, _, _ = made
    stranger = tmp_path / "stranger.wav"
    stranger.write_bytes(wav(tune(55, 6.0)))
    with Catalogue.open(root / "licensed") as catalogue:
        catalogue.add(stranger, jobs=1, executor=Inline())
        assert len(catalogue) == 3
    assert told(capsys, "identify", root / "licensed", stranger)[0] == 1


def test_a_partition_that_is_named_unlicensed_and_a_catalogue_without_rights_answer_as_ever(made, tmp_path, capsys):
    root, paths, _ = made
    assert told(capsys, "identify", root / "unlicensed", paths[3])[0] == 0
    shutil.copytree(root / "licensed", tmp_path / "elsewhere" / "licensed")
    end(root, "m0", "m1", "m2")
    assert told(capsys, "identify", tmp_path / "elsewhere" / "licensed", paths[0])[0] == 0


PCM = {"a1": 0, "a2": 1, "a3": 0}
"""Assets of the random logs and the recording of the catalogue that each is: a1 and a3 are one."""


def write_log(folder: Path, entries, ids):
    """A log of these entries, chained, with the recordings that the assets are; and the entries as they stand there."""
    made, head = [], START
    for entry in entries:
        body = {**entry.body, "pcm_sha256": ids[PCM[entry.body["id"]]]} if entry.type == "asset" else entry.body
        made.append(Entry(entry.seq, head, entry.time, entry.actor, entry.type, body))
        head = chained(made[-1].line)
    folder.mkdir(exist_ok=True)
    (folder / "log.jsonl").write_bytes(b"".join(e.line + b"\n" for e in made))
    return made


def check_an_ordinary_catalogue(root: Path, ids, sounds, said_, at):
    """All that a program can ask of the catalogue against the slow twin; how many recordings were permitted."""
    entries, _ = entered((*BASE, *said_))
    write_log(root / "rights", entries, ids)
    moment = max(at, entries[-1].time)
    known = {e.body["id"] for e in entries if e.type == "asset"}
    assets = {i: [a for a, n in PCM.items() if ids[n] == i and a in known] for i in ids}
    scopes = ("store", "index", "compare")
    want = {
        i for i, some in assets.items()
        if some and all(naive_allowed(entries, a, scope, moment) for a in some for scope in scopes)
    }  # fmt: skip
    with Catalogue(opened(root / "licensed", clock=lambda: at)) as catalogue:
        assert {r.id for r in catalogue} == want
        assert len(catalogue) == len(want)
        assert {row.recording_id for row in catalogue.store.kept("peaks")} == want
        assert {t.recording.id for t in catalogue.cohort().tracks} == want
        for recording_id, sound in zip(ids, sounds, strict=True):
            hits = {hit.recording_id for hit in catalogue.query(sound, by="recording")}
            assert hits == want & {recording_id}
            if recording_id not in want:
                with pytest.raises(NotPermitted):
                    catalogue.view(recording_id)
    return len(want)


random_logs = given(
    st.one_of(st.lists(facts, max_size=14), st.lists(facts, max_size=10).map(lambda said: [*LICENSED, *said])),
    st.sampled_from(TIMES),
)


def two(template_root: Path, root: Path):
    """A corpus' folder with two recordings, their ids, and their sounds as queries."""
    shutil.copytree(template_root / "licensed", root / "licensed")
    with Catalogue.open(root / "licensed") as catalogue:  # no log stands over it yet
        first, second, *others = (recording.id for recording in catalogue)
        catalogue.remove(others)
        return (first, second), [catalogue.view(i) for i in (first, second)]


@pytest.fixture(scope="module")
def pair(template, tmp_path_factory):
    root = tmp_path_factory.mktemp("pair")
    return root, *two(template[0], root)


@settings(max_examples=N_LOGS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@random_logs
def test_by_any_log_an_ordinary_catalogue_tells_of_what_the_slow_twin_permits_and_nothing_else(pair, said_, at):
    check_an_ordinary_catalogue(*pair, said_, at)


def test_what_has_ended_and_lies_there_still_is_held_against_the_rest(tmp_path, capsys):
    corpus, paths = small(tmp_path)
    loud = tmp_path / "sounds" / "louder.wav"
    loud.write_bytes(wav(tune(0, 6.0) // 2))
    with corpus:
        with corpus.book.writing("test"):
            corpus.book.add_all(again(said([*paths, loud], (4,))[-5:]))
        corpus.ingest([*paths, loud], executor=Inline())
    end(tmp_path / "corpus", "m0")
    code, out = told(capsys, "audit", "segregation", tmp_path / "corpus", "--by", "recording")
    assert code == 4
    (row,) = json.loads(out)["no longer permitted"]["mixed"]
    assert row["asset"] == "a4"


def again(facts_):
    """Without the parties, who are known."""
    return [(kind, body) for kind, body in facts_ if kind != "party"]
