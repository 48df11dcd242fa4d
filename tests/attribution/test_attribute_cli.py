"""``versionmatch attribute``: from files to a folder that says all it depends on, and comes out again."""

import csv
import hashlib
import json
import shutil

import numpy as np
import pytest

from tests.attribution.folders import attribution_folder
from versionmatch.attribution.cache import Cache
from versionmatch.attribution.methods.unlearning import UnlearnEkfac
from versionmatch.cli.main import main
from versionmatch.jobs.attribution import AttributionParams, Inputs, attributed
from versionmatch.jobs.attribution_corpus import read_corpus
from versionmatch.rights.book import Book
from versionmatch.rights.facts import WHOLE
from versionmatch.rights.manifest import Manifest

MODEL = "reference-transformer:model="


@pytest.fixture(scope="session")
def made(tmp_path_factory, trained):
    return attribution_folder(tmp_path_factory.mktemp("attribute"), trained)


def arguments(root, out, *more):
    given = ["attribute", "--model", f"{MODEL}{root / 'model'}", "--corpus", root / "model" / "corpus.json"]
    given += ["--outputs", root / "outputs", "--panel", root / "panel", "--out", out, "--compare", "0", "-q"]
    return [str(a) for a in (*given, *more)]


@pytest.fixture(scope="session")
def ran(made):
    """A run that is done; tests that change it take a copy beside it."""
    assert main(arguments(made, made / "run", "--format", "csv,jsonl")) == 0
    return made / "run"


@pytest.fixture
def moved(ran, request):
    """A copy of the run that may be changed."""
    folder = ran.parent / request.node.name[:40]
    shutil.copytree(ran, folder, ignore=shutil.ignore_patterns("cache"))
    yield folder
    shutil.rmtree(folder)


def document(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_an_output_made_of_an_item_is_ranked_with_it_first_and_strangers_seldom_are(ran):
    """Of six strangers beside one panel of 24, three or more are expected at p ≤ .04 in one of 200 such panels."""
    results = {row["query"]: row for row in document(ran / "results.json")["results"]}
    first = results["edited"]["items"][0]
    assert (results["edited"]["verdict"], first["item"]) == ("ranked", "tune-0003")
    words = [row["verdict"] for name, row in results.items() if name.startswith("stranger")]
    assert (len(words), set(words) <= {"ranked", "unattributable"}) == (6, True)
    assert words.count("ranked") <= 2
    assert results["edited"]["coverage"] == "scored 40 of 40, gate = all"


def test_likeness_stands_beside_influence_and_is_that_of_the_notes(ran):
    found = document(ran / "results.json")["results"][0]
    assert (found["query"], found["likeness_method"]) == ("edited", "melodic identity")
    assert found["most_alike"][0]["item"] == "tune-0003"
    assert found["likeness"]["tune-0003"] > 0.6 > sorted(found["likeness"].values())[-2]
    assert len(found["points"]) == 40
    scores = {row["item"]: row["score"] for row in found["items"]}
    assert max(y for y, _ in found["points"]) == scores["tune-0003"]


def test_all_that_a_run_depends_on_is_written_down(ran, trained):
    facts = document(ran / "run.json")
    assert facts["models"][0]["name"].startswith(MODEL)
    assert facts["corpus"]["sha256"] == trained.corpus.digest
    assert (facts["corpus"]["items"], facts["corpus"]["holders"], facts["params"]["seed"]) == (40, 4, 440)
    assert facts["method"]["settings"]["rise"] == UnlearnEkfac().settings["rise"]
    assert set(facts["outputs"]) == {"edited", *(f"stranger-{i:04d}" for i in range(30, 36))}
    assert len(facts["panel"]) == 24
    assert facts["validation"] is None
    for digest in (facts["code_sha256"], facts["results_sha256"], *(o["sha256"] for o in facts["outputs"].values())):
        assert len(digest) == 64


def test_the_table_has_a_row_for_each_output_and_item(ran):
    with (ran / "influence.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7 * 20
    first = next(row for row in rows if row["output"] == "edited")
    assert (first["rank"], first["item"], first["likeness_rank"], first["verdict"]) == ("1", "tune-0003", "1", "ranked")
    lines = (ran / "influence.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["item"] for line in lines] == [row["item"] for row in rows]


def test_what_royalty_takes_supports_only_what_was_ranked(ran):
    found = document(ran / "royalty.json")
    by_verdict = {row["verdict"] for row in found["influence"]["rows"] if row["output"] == "edited"}
    assert by_verdict == {"supported"}
    words = {row["query"]: row["verdict"] for row in document(ran / "results.json")["results"]}
    for row in found["influence"]["rows"]:
        assert (row["verdict"] == "supported") == (words[row["output"]] == "ranked")
    assert found["influence"]["self_test"] == "none"
    assert found["log_entry"]["outputs_sha256"] == document(ran / "run.json")["results_sha256"]


def test_the_report_names_verdicts_coverage_and_limits_and_asks_no_network(ran):
    page = (ran / "report.html").read_text(encoding="utf-8")
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert "scored 40 of 40, gate = all" in page
    assert "what is not listed cannot appear" in page
    assert "self-tests were not run" in page


def test_a_run_comes_out_again(moved, capsys):
    assert main(["attribute", "--replay", str(moved), "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out) == {"identical": True, "differing": [], "largest_difference": 0.0}


def test_a_replay_of_another_output_or_of_altered_results_is_refused_with_code_5(made, moved, capsys):
    results = document(moved / "results.json")
    results["results"][0]["items"][0]["score"] += 1e-9
    (moved / "results.json").write_text(json.dumps(results))
    assert main(["attribute", "--replay", str(moved), "-q"]) == 5
    assert "results.json is not what the run wrote" in capsys.readouterr().err
    facts = document(moved / "run.json")
    facts["outputs"]["edited"]["sha256"] = "0" * 64
    shutil.copy(made / "run" / "results.json", moved / "results.json")
    (moved / "run.json").write_text(json.dumps(facts))
    assert main(["attribute", "--replay", str(moved), "-q"]) == 5
    assert "edited.mid is not the file that was attributed" in capsys.readouterr().err


class Stopped(Exception):
    """As a kill would, at a step."""


def test_a_run_that_was_stopped_goes_on_where_it_was_and_finds_the_same(made, tmp_path):
    disclosed = read_corpus(made / "model" / "corpus.json")
    inputs = Inputs.open((f"{MODEL}{made / 'model'}",), disclosed, (str(made / "outputs"),), (str(made / "panel"),))
    params = AttributionParams(compare=0, likeness="none")

    def stop_at_an_output(step):
        if step.startswith("stranger-0032"):
            raise Stopped

    first, second, whole = Cache(tmp_path / "a"), Cache(tmp_path / "a"), Cache()
    with pytest.raises(Stopped):
        attributed(inputs, params, first, tell=stop_at_an_output)
    again = attributed(inputs, params, second)
    once = attributed(inputs, params, whole)
    assert first.made + second.made == whole.made
    assert second.made < whole.made / 4
    for one, two in zip(again, once, strict=True):
        assert np.array_equal(one.result.scores, two.result.scores)
        assert one.result.verdict == two.result.verdict


def test_with_a_gate_it_is_told_how_much_was_scored(made, tmp_path):
    assert main(arguments(made, tmp_path / "run", "--gate", "0.2", "--gate-by", "gradcos", "--top", "5")) == 0
    found = document(tmp_path / "run" / "results.json")["results"][0]
    assert found["coverage"] == "scored 8 of 40, gate = gradcos, 20 %"
    assert "of the others nothing is known" in found["limits"]
    assert len(found["items"]) == 5
    assert "scored 8 of 40" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_without_a_panel_nothing_is_better_than_weak(made, tmp_path, capsys):
    given = arguments(made, tmp_path / "run", "--outputs", str(made / "outputs" / "edited.mid"), "--json", "--full")
    at = given.index("--panel")
    assert main(given[:at] + given[at + 2 :]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["verdict"] for row in told["results"]] == ["weak"]
    assert len(told["results"][0]["scores"]) == 40
    assert "There was no panel" in told["results"][0]["limits"]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("--model", "reference-transfomer:model=x"), 2, "Did you mean 'reference-transformer'"),
        (("--model", "reference-transformer"), 2, "needs 'model', as in NAME:model=…"),
        (("--model", "reference-transformer:folder=x"), 2, "takes no 'folder'; it takes: model, tonic"),
        (("--model", f"{MODEL}nowhere"), 3, "there is no reference model in nowhere"),
        (("--corpus", "nowhere.json"), 3, "nowhere.json is not there; a corpus is a manifest"),
        (("--outputs", "nowhere.mid"), 3, "nowhere.mid is not there; outputs are files"),
        (("--method", "unlearn-ekfak"), 2, "Did you mean 'unlearn-ekfac'"),
        (("--method", "unlearn-ekfac:rice=1"), 2, "Did you mean 'rise'"),
        (("--method", "ngram", "--draws", "4"), 2, "takes no 'draws'"),
        (("--method", "embedding"), 2, "which the model 'reference-transformer' does not offer"),
        (("--gate", "1.5"), 2, "gate = 1.5"),
        (("--rights", "nowhere"), 2, "--rights needs --registered"),
        (("--validation", "nowhere.json"), 3, "nowhere.json is not there"),
        (("--format", "xlsx"), 3, "no table format 'xlsx'"),
    ],
)
def test_errors_name_the_thing_and_the_remedy(made, tmp_path, capsys, change, code, said):
    given = arguments(made, tmp_path / "run")
    if change[0] == "--model":
        at = given.index("--model")
        given = given[:at] + given[at + 2 :]
    assert main([*given, *change]) == code
    assert said in capsys.readouterr().err


def test_a_model_that_was_not_registered_with_an_item_is_refused_with_code_4(made, tmp_path, capsys, trained):
    root = tmp_path / "rights-corpus"
    book = Book.create(root / "rights", "example.org/attribution")
    content_of = dict(zip(trained.corpus.ids, trained.corpus.contents, strict=True))
    weights = hashlib.sha256((made / "model" / "weights.safetensors").read_bytes()).hexdigest()
    ids = sorted(content_of)
    with book.writing("test"):
        book.add("party", id="ann")
        book.add("work", id="w", shares={"ann": WHOLE})
        for item in ids:
            book.add("recording", id=f"r-{item}", works=["w"], owners={"ann": WHOLE})
            book.add("asset", id=item, recording=f"r-{item}", sha256=content_of[item])
        for version, some in (("all", ids), ("less", ids[1:])):
            manifest = Manifest("train", version, "", book.time, tuple((item, ()) for item in some))
            book.freeze(manifest)
            book.add("model", id=f"model-{version}", version=version, manifest=manifest.root, weights_sha256=weights)
        root_of_all = book.state.models["model-all"]["manifest"]
        book.add("model", id="other", version="all", manifest=root_of_all, weights_sha256="0" * 64)
    given = arguments(made, tmp_path / "run", "--rights", str(root), "--registered")
    assert main([*given, "model-less"]) == 4
    assert "1 of 40 candidates are not in the frozen corpus" in capsys.readouterr().err
    frozen = [str(root) if a.endswith("corpus.json") else a for a in arguments(made, tmp_path / "run", "--registered")]
    assert main([*frozen, "model-less"]) == 4
    assert "the model has 1 items, such as 'tune-0000', that are not in the frozen corpus" in capsys.readouterr().err
    assert main([*given, "other"]) == 5
    assert "those registered as 'other'" in capsys.readouterr().err
    assert main([*given, "nobody"]) == 3
    assert "it has: model-all, model-less, other" in capsys.readouterr().err
    assert main([*frozen, "model-all"]) == 0
    facts = document(tmp_path / "run" / "run.json")
    assert facts["registered"]["manifest"] == root_of_all
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert book.log.checkpoint.short in page.replace("&#x27;", "'")
    assert document(tmp_path / "run" / "results.json")["results"][0]["items"][0]["holder"] == "ann"
