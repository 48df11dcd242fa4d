"""The whole way by the command line: entered, ingested, frozen, registered, paid, withdrawn, checked by a stranger."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra [rights]")

from tests.jobs.sounds import Inline
from tests.rights.corpora import said, sounds
from versionmatch.audit import verify_log
from versionmatch.cli.main import main
from versionmatch.jobs.corpus import Corpus


@pytest.fixture(scope="module")
def began(tmp_path_factory):
    """A corpus of four tunes, three of them licensed, ingested and signed; its folder, its files, its key."""
    root = tmp_path_factory.mktemp("cli")
    paths = sounds(root / "sounds", 4)
    facts = root / "facts.jsonl"
    lines = [{"type": kind, **body} for kind, body in said(paths, (0, 1, 2))]
    lines[0]["name"] = "Ada Lovelace"
    facts.write_text("\n".join(map(json.dumps, lines)) + "\n")
    corpus, key = root / "corpus", root / "key.pem"
    assert main(["corpus", "init", str(corpus), "--origin", "example.org/cli", "--kinds", "peaks,waveform"]) == 0
    assert main(["corpus", "enter", str(corpus), str(facts)]) == 0
    assert main(["audit", "checkpoint", str(corpus), "--new-key", str(key)]) == 0
    with Corpus(corpus) as made:
        made.ingest(paths, executor=Inline())  # by the command it is the same, with processes
    assert main(["audit", "checkpoint", str(corpus), "--key", str(key)]) == 0
    return corpus, paths, key


@pytest.fixture
def corpus(began, tmp_path, monkeypatch):
    shutil.copytree(began[0], tmp_path / "corpus")
    monkeypatch.setenv("VERSIONMATCH_RIGHTS_KEY", str(began[2]))
    return str(tmp_path / "corpus")


@pytest.fixture
def ask(capsys):
    def asked(*arguments, code=0):
        capsys.readouterr()
        assert main([str(a) for a in arguments]) == code, capsys.readouterr().err
        said_ = capsys.readouterr()
        asked.err = said_.err
        return said_.out

    return asked


def registered(ask, corpus, tmp_path):
    root = ask("corpus", "freeze", corpus, "--model-version", "v1").strip()
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    facts = ("--model-version", "v1", "--manifest", root[:12], "--weights", weights)
    ask("corpus", "register-model", corpus, "m", *facts)
    return root


def test_the_names_of_people_are_not_in_the_log(began):
    log = (began[0] / "rights" / "log.jsonl").read_text()
    assert "Lovelace" not in log
    assert '"id":"p0"' in log


def test_what_is_there_and_what_it_may_be_used_for_is_shown(ask, corpus):
    found = json.loads(ask("corpus", "show", corpus, "--model-version", "v1"))
    assert found["partitions"] == {"licensed": 3, "unlicensed": 1}
    assert found["coverage"]["train"] == {"permitted": 3, "master lacks": 0, "publishing lacks": 0, "both lack": 1}
    found = json.loads(ask("consent", "show", corpus, "a0", "--model-version", "v1"))
    assert found["scopes"]["train"]["grants"] == ["g0", "m0"]
    found = json.loads(ask("consent", "show", corpus, "a3", code=4))
    assert "100 % not granted, by l" in found["scopes"]["store"]["why"][0]
    assert json.loads(ask("consent", "show", corpus, "a0", "--entries", "7", code=4))["by entries"] == 7


def test_a_grant_is_entered_and_a_prohibition_outweighs_it(ask, corpus):
    common = (
        "consent", "grant", corpus, "--on", "recording:r3", "--right", "master", "--scopes", "compare",
        "--from", "2026-01-01T00:00:00Z", "--by", "l",
    )  # fmt: skip
    ask(*common[:3], "yes", *common[3:])
    why = json.loads(ask("consent", "show", corpus, "a3", code=4))["scopes"]["compare"]["why"]
    assert why == ["publishing of work w3: 100 % not granted, by p1"]
    ask(*common[:3], "no", *common[3:], "--deny")
    why = json.loads(ask("consent", "show", corpus, "a3", code=4))["scopes"]["compare"]["why"]
    assert why[0] == "master of recording r3: l forbids it (grant no)"
    ask(*common[:3], "no", *common[3:], code=3)
    assert "there is a grant 'no' already" in ask.err


def test_a_withdrawal_is_told_before_done_and_told_after(ask, corpus, tmp_path):
    registered(ask, corpus, tmp_path)
    before = ask("audit", "log", corpus)
    told = json.loads(ask("consent", "revoke", corpus, "g1", "--dry-run"))
    assert ask("audit", "log", corpus) == before
    done = json.loads(ask("consent", "revoke", corpus, "g1", "--purge"))
    assert told["needs-retrain"] == done["needs-retrain"] == ["m"]
    assert done["bytes taken from the disk"] == done["recordings taken out of search"]
    assert len(done["bytes taken from the disk"]) == 1
    (model,) = json.loads(ask("corpus", "models", corpus))["models"]
    assert (model["status"], model["no longer permitted"]) == ("needs-retrain", ["a1"])
    assert json.loads(ask("consent", "affected", corpus, "w1"))["models"] == ["m"]
    assert [json.loads(line)["type"] for line in ask("audit", "log", corpus, "--of", "g1").splitlines()] == [
        "grant", "revocation",
    ]  # fmt: skip
    ask("audit", "verify", corpus)


def test_nothing_is_frozen_that_is_not_permitted(ask, corpus):
    ask("corpus", "freeze", corpus, "--model-version", "v9", code=4)
    assert "no asset may be used to train" in ask.err


def test_a_statement_is_made_made_again_and_checked_against_the_log(ask, corpus, tmp_path):
    registered(ask, corpus, tmp_path)
    inputs, out, page = tmp_path / "in.json", tmp_path / "s.json", tmp_path / "s.html"
    pools = {"master": 1001, "publishing": 1000}
    document = {"id": "s1", "period": "2026-03", "model": "m", "method": "equal", "pools": pools}
    inputs.write_text(json.dumps(document))
    ask("royalty", "statement", corpus, inputs, "--out", out, "--out", page, "--out", tmp_path / "s.csv")
    assert json.loads(ask("royalty", "recompute", corpus, inputs, out))["identical"] is True
    ask("audit", "verify", corpus, "--against", page)
    changed = out.read_text().replace('"cents": 333', '"cents": 334', 1)
    (tmp_path / "changed.json").write_text(changed)
    ask("royalty", "recompute", corpus, inputs, tmp_path / "changed.json", code=5)
    assert "it differs in rights" in ask.err
    assert json.loads(ask("royalty", "diff", out, tmp_path / "changed.json", code=1)) == []
    inputs.write_text(json.dumps({**document, "id": "s2", "method": "influence"}))
    ask("royalty", "statement", corpus, inputs, "--out", out, code=3)
    assert "needs a table of influence" in ask.err
    ask("royalty", "statement", corpus, inputs, "--out", tmp_path / "s.pdf", code=3)


def test_a_log_that_was_changed_gives_exit_code_5_and_the_entry(ask, corpus, tmp_path):
    log = Path(corpus) / "rights" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"id":"w1"', b'"id":"w7"', 1))
    ask("audit", "verify", corpus, code=5)
    assert "entry 9: it is not what entry 10 was written after" in ask.err
    ask("consent", "show", corpus, "a0", code=5)


def test_a_stranger_checks_the_bundle_and_its_proofs_with_the_one_file_in_it(ask, corpus, tmp_path):
    ask("audit", "bundle", corpus, "--out", tmp_path / "b.zip", "--proofs", "4", "9")
    first = (tmp_path / "b.zip").read_bytes()
    ask("audit", "bundle", corpus, "--out", tmp_path / "b.zip", "--proofs", "4", "9")
    assert (tmp_path / "b.zip").read_bytes() == first
    zipfile.ZipFile(tmp_path / "b.zip").extractall(tmp_path / "b")

    def alone(*more):
        command = [sys.executable, "verify_log.py", ".", *more]
        return subprocess.run(command, cwd=tmp_path / "b", capture_output=True, text=True, check=False, env={})

    assert alone().returncode == 0
    done = alone("--proof", "proofs/entry-000000009.json")
    assert (done.returncode, done.stdout.strip()[:30]) == (0, "entry 9 is in the log of 36 en")
    proof = json.loads((tmp_path / "b" / "proofs" / "entry-000000004.json").read_text())
    for name, other in (("entry", proof["entry"].replace("w0", "w9")), ("path", proof["path"][1:]), ("index", 5)):
        (tmp_path / "b" / "wrong.json").write_text(json.dumps({**proof, name: other}))
        assert alone("--proof", "wrong.json").returncode == 5
    (tmp_path / "b" / "wrong.json").write_text("{}")
    assert alone("--proof", "wrong.json").returncode == 5


def test_the_proof_that_the_log_only_grew_holds_and_no_other_does(ask, corpus, began, tmp_path):
    sizes = sorted(int(p.stem) for p in (Path(corpus) / "rights" / "checkpoints").iterdir())
    proof = json.loads(ask("audit", "prove", corpus, "--grew", sizes[0], sizes[1]))
    own = verify_log.public_key((Path(corpus) / "rights" / "log.vkey").read_text())
    assert verify_log.check_proof(json.dumps(proof).encode(), own).endswith(f"begins with the one of {sizes[0]}")
    for other in ({"path": proof["path"][1:]}, {"path": [*proof["path"], "00" * 32]}, {"older": proof["newer"]}):
        with pytest.raises(verify_log.Tampered):
            verify_log.check_proof(json.dumps({**proof, **other}).encode(), own)
    ask("audit", "prove", corpus, code=3)
    ask("audit", "prove", corpus, "999", code=3)
    assert "sign a new one" in ask.err


def test_the_partitions_are_checked_by_their_sound(ask, corpus):
    found = json.loads(ask("audit", "segregation", corpus, "--by", "recording"))
    assert found["unlicensed"]["mixed"] == []
    assert (found["unlicensed"]["licensed"], found["unlicensed"]["others"]) == (3, 1)


@pytest.mark.parametrize("form", ["croissant", "prov", "odrl", "tdm", "eu-summary"])
def test_the_corpus_is_told_in_other_words(ask, corpus, tmp_path, form):
    root = registered(ask, corpus, tmp_path)
    assert json.loads(ask("corpus", "export", corpus, "--as", form, "--manifest", root)) is not None


def test_reservations_are_taken_from_a_file(ask, corpus, tmp_path):
    document = tmp_path / "tdmrep.json"
    document.write_text('[{"location": "work:w3", "tdm-reservation": 1}]')
    ask("corpus", "import", corpus, document, "--as", "tdm")
    told = json.loads(ask("corpus", "export", corpus, "--as", "tdm"))
    assert told == [{"location": "work:w3", "tdm-reservation": 1}]
    why = json.loads(ask("consent", "show", corpus, "a3", code=4))["scopes"]["train"]["why"]
    assert any("reserved against mining" in reason for reason in why)


def test_a_file_is_told_by_its_sound_before_it_is_placed(ask, corpus, began):
    _, paths, _ = began
    row = json.loads(ask("corpus", "ingest", corpus, paths[3], "--reference", f"{corpus}/unlicensed").splitlines()[0])
    assert row["partition"] == "unlicensed"
    assert [found["recording_id"] for found in row["heard_in_reference"]] == [row["recording_id"]]


def test_a_name_is_erased_and_grants_that_end_are_listed(ask, corpus):
    ask("consent", "erase-name", corpus, "p0")
    ask("consent", "erase-name", corpus, "p0", code=3)
    dated = ("--from", "2026-01-01T00:00:00Z", "--until", "2099-01-01T00:00:00Z")
    what = ("--on", "work:w3", "--right", "publishing", "--scopes", "store", "--by", "p1")
    ask("consent", "grant", corpus, "short", *what, *dated)
    assert ask("consent", "expiring", corpus, "--until", "2100-01-01T00:00:00Z") == "2099-01-01T00:00:00Z  short\n"


def test_facts_that_cannot_be_entered_are_told_by_their_line(ask, corpus, tmp_path):
    facts = tmp_path / "facts.jsonl"
    facts.write_text('{"type": "party", "id": "x"}\nno json\n')
    ask("corpus", "enter", corpus, facts, code=3)
    assert "line 2: no fact with a type" in ask.err
    ask("corpus", "init", corpus, "--origin", "x", code=3)


def test_the_page_of_a_scan_is_held_against_the_log(ask, corpus):
    ask("scan", f"{corpus}/licensed", "--by", "recording", "--quiet", "--jobs", "1")
    (page,) = (Path(corpus) / "licensed" / "runs").rglob("index.html")
    ask("audit", "verify", corpus, "--against", page)
    changed = page.read_text().replace(f"example.org/cli {len(Corpus(corpus).book.log)} ", "example.org/cli 20 ")
    page.write_text(changed)
    ask("audit", "verify", corpus, "--against", page, code=5)


def test_a_statement_is_made_again_on_another_machine_from_what_was_copied(ask, corpus, tmp_path):
    registered(ask, corpus, tmp_path)
    inputs, out = tmp_path / "in.json", tmp_path / "s.json"
    pools = {"master": 1001, "publishing": 1000}
    inputs.write_text(json.dumps({"id": "s1", "period": "2026-03", "model": "m", "method": "equal", "pools": pools}))
    ask("royalty", "statement", corpus, inputs, "--out", out)
    ask("consent", "revoke", corpus, "g1")  # what came later does not change what was
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "corpus").mkdir(parents=True)
    shutil.copytree(Path(corpus) / "rights", elsewhere / "corpus" / "rights")  # the log and the manifests, no music
    (elsewhere / "corpus" / "rights" / "names.db").unlink()
    shutil.copy(inputs, elsewhere)
    shutil.copy(out, elsewhere)
    again = json.loads(ask("royalty", "recompute", elsewhere / "corpus", elsewhere / "in.json", elsewhere / "s.json"))
    assert again["identical"] is True


def test_analytics_are_made_of_statements_that_the_log_tells_of(ask, corpus, tmp_path):
    registered(ask, corpus, tmp_path)
    inputs, out = tmp_path / "in.json", tmp_path / "s.json"
    pools = {"master": 1001, "publishing": 1000}
    inputs.write_text(json.dumps({"id": "s1", "period": "2026-03", "model": "m", "method": "equal", "pools": pools}))
    ask("royalty", "statement", corpus, inputs, "--out", out)
    page = tmp_path / "who.html"
    ask("royalty", "analytics", corpus, out, "--inputs", inputs, "--out", page)
    ask("audit", "verify", corpus, "--against", page)
    ask("royalty", "analytics", corpus, out, "--out", tmp_path / "who.pdf", code=3)
    out.write_text(out.read_text().replace('"cents": 333', '"cents": 334', 1))
    ask("royalty", "analytics", corpus, out, "--out", page, code=5)
    assert "is not a statement that the log tells of" in ask.err
