"""The self-tests of a model: they pass where the method finds what is there, and fail for what must not pass."""

import json
from dataclasses import replace

import pytest
import torch

from tests.attribution.folders import attribution_folder, tunes_into
from versionmatch.attribution.context import Context
from versionmatch.attribution.opening import open_method
from versionmatch.attribution.reference.melodies import edited, tunes
from versionmatch.attribution.selftest import (
    Bench,
    Check,
    edited_items,
    known_pieces,
    randomised_weights,
    selftest,
    shuffled,
    strangers,
    usable,
)
from versionmatch.cli.main import main


@pytest.fixture
def bench(transformer):
    panel = {tune.id: tune for tune in tunes(24, seed=9, families=6, prefix="panel")}
    context = Context(transformer, transformer.trained.corpus)
    return Bench((context,), open_method("unlearn-ekfac"), panel, {}, {}, 4)


def test_a_method_that_finds_what_is_there_may_be_used(bench):
    checks = {check.name: check for check in selftest(bench)}
    assert usable(list(checks.values())) == (True, ())
    assert checks["edited items"].value == checks["mash-ups"].value == 1.0
    assert checks["randomised weights"].value < 0.5 < checks["stability over seeds of noise"].value
    assert checks["self-influence"].state == "shown"
    assert checks["strangers"].state == "not made"


def test_likeness_does_not_pass_for_influence_as_it_needs_no_weights(bench):
    found = randomised_weights(replace(bench, method=open_method("ngram")))
    assert (found.state, found.value) == ("failed", 1.0)


def test_chance_finds_no_edited_item(bench):
    found = edited_items(replace(bench, method=open_method("random")))
    assert found.state == "failed"
    assert found.value < 0.5


def test_without_a_panel_or_a_positive_control_the_answer_is_no(bench):
    yes, reasons = usable(selftest(replace(bench, panel={})))
    assert not yes
    assert any(reason.startswith("panel: 0 pieces") for reason in reasons)


def test_strangers_that_are_of_the_corpus_are_too_often_attributable(bench):
    items = bench.contexts[0].model.trained.tunes[:12]
    made = {f"stranger/{tune.id}": edited(tune, 0.2, id="e") for tune in items}
    found = strangers(replace(bench, strangers=made))
    assert (found.state, found.value) == ("failed", 1.0)
    apart = {tune.id: tune for tune in tunes(36, seed=9, families=6, prefix="stranger")[30:]}
    assert strangers(replace(bench, strangers=apart)).state == "passed"


def test_known_pieces_count_where_an_adapter_makes_none(bench):
    tune = bench.contexts[0].model.trained.tunes[4]
    right = {"known/a": (edited(tune, 0.2, id="e"), tune.id)}
    assert known_pieces(replace(bench, known=right)).state == "passed"
    wrong = {"known/a": (edited(tune, 0.2, id="e"), bench.contexts[0].model.trained.tunes[9].id)}
    assert known_pieces(replace(bench, known=wrong)).state == "failed"


def test_shuffled_weights_keep_their_values_and_are_put_back_bit_for_bit(transformer):
    before = {name: value.detach().clone() for name, value in transformer.params().items()}
    with shuffled(transformer, 440):
        for name, value in transformer.params().items():
            assert torch.equal(value.detach().flatten().sort().values, before[name].flatten().sort().values)
        moved = [
            not torch.equal(value, before[name]) for name, value in transformer.params().items() if value.dim() > 1
        ]
        assert all(moved)
    assert all(torch.equal(value, before[name]) for name, value in transformer.params().items())


def test_what_failed_or_was_needed_and_not_made_speaks_against_use():
    passed = Check("a", "passed", "1", "1", "", needed=True)
    shown, optional = Check("b", "shown", "0", "", ""), Check("c", "not made", "none", "", "")
    assert usable([passed, shown, optional]) == (True, ())
    needed = Check("d", "not made", "none given", "one", "", needed=True)
    failed = Check("e", "failed", "2 of 9", "8 of 9", "")
    assert usable([passed, needed, failed]) == (False, ("e: 2 of 9, demanded 8 of 9", "d: not made, none given"))


@pytest.fixture(scope="module")
def made(tmp_path_factory, trained):
    root = attribution_folder(tmp_path_factory.mktemp("validate"), trained)
    tunes_into(root / "strangers", tunes(36, seed=9, families=6, prefix="stranger")[30:])
    return root


def validation(root, out, *more):
    given = [
        "attribute",
        "validate",
        "--model",
        f"reference-transformer:model={root / 'model'}",
        "--panel",
        root / "panel",
    ]
    return [
        str(a) for a in (*given, "--corpus", root / "model" / "corpus.json", "--out", out, "--count", "4", "-q", *more)
    ]


def test_a_run_cites_the_validation_of_its_own_model_and_method_and_no_other(made, tmp_path, capsys):
    known = tmp_path / "known.csv"
    known.write_text(f"path,item\n{made / 'outputs' / 'edited.mid'},tune-0003\n")
    assert main(validation(made, tmp_path / "run", "--strangers", str(made / "strangers"), "--known", str(known))) == 0
    said = capsys.readouterr().out
    assert said.endswith("usable: yes\n")
    assert "passed    known pieces: 100% of 1 attributable" in said
    found = json.loads((tmp_path / "run" / "validate.json").read_text())
    assert (found["usable"], len(found["strangers"]), len(found["panel"])) == (True, 6, 24)
    run = [
        a
        for a in validation(made, tmp_path / "run", "--outputs", str(made / "outputs" / "edited.mid"))
        if a != "validate"
    ]
    assert main([*run, "--compare", "0"]) == 0
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["validation"]["usable"] is True
    assert json.loads((tmp_path / "run" / "royalty.json").read_text())["influence"]["self_test"] == "passed"
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "The self-tests of this model, corpus and method passed" in page
    assert "randomised weights" in page
    other = [*run, "--method", "unlearn-diag", "--validation", str(tmp_path / "run" / "validate.json")]
    capsys.readouterr()
    assert main(other) == 3
    assert "validate.json is of another method than this run; validate again" in capsys.readouterr().err


def test_a_validation_that_fails_says_why_with_code_1_and_royalty_is_told(made, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(validation(made, out, "--method", "ngram")) == 1
    assert "usable: no; randomised weights: mean rank correlation 1.00" in capsys.readouterr().out
    more = ("--method", "ngram", "--outputs", str(made / "outputs" / "edited.mid"), "--compare", "0")
    assert main([a for a in validation(made, out, *more) if a != "validate"]) == 0
    assert json.loads((out / "royalty.json").read_text())["influence"]["self_test"] == "failed"
    assert "are not to be used" in (out / "report.html").read_text(encoding="utf-8")


def test_panel_and_strangers_must_be_apart(made, tmp_path, capsys):
    assert main(validation(made, tmp_path / "run", "--strangers", str(made / "panel"))) == 3
    assert "is of the panel and a stranger" in capsys.readouterr().err
