"""The shipped truth is what the plan says, retraining gives it again, and methods reach their floors on it."""

import json

import numpy as np
import pytest
import torch

from tests.attribution.conftest import N
from versionmatch.attribution.benchmark.exact import ridge_agreement, with_random_weights
from versionmatch.attribution.benchmark.measure import (
    figures,
    forward_seconds,
    gated_lds,
    method_of,
    one_thread,
    scored,
    share_agreement,
)
from versionmatch.attribution.benchmark.plan import ITEMS, SPLITS, corpus, losses_of, retrained
from versionmatch.attribution.benchmark.retraining import Ledger, truth_of, without_tops
from versionmatch.attribution.benchmark.shipped import (
    FOLDERS,
    Question,
    read_truth,
    shipped_context,
    shipped_question,
    write_truth,
)
from versionmatch.attribution.metrics import Truth, lds, spearman
from versionmatch.attribution.reference.melodies import table, tunes
from versionmatch.attribution.shortlist import Gate
from versionmatch.cli.main import main
from versionmatch.errors import InputError, IntegrityError

FLOORS = {"ar": 0.36, "diffusion": 0.46}
CEILINGS = {"ar": 0.58, "diffusion": 0.58}
"""Shares of the ceiling."""


@pytest.fixture(scope="module", params=FOLDERS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def shipped(kind):
    return shipped_context(kind)


def test_the_corpus_and_the_halves_are_those_of_the_plan(kind, shipped):
    assert shipped.model.trained.tunes == corpus()
    for name, split in SPLITS.items():
        members = shipped_question(kind, name).truth.members
        assert np.array_equal(members, [split.members(j) for j in range(len(members))])
        assert (members.sum(axis=1) == ITEMS // 2).all()


def test_the_splits_share_neither_halves_nor_queries(kind):
    halves, asked = [], []
    for name in SPLITS:
        question = shipped_question(kind, name)
        halves.append({row.tobytes() for row in question.truth.members})
        asked.append({row.tobytes() for row in question.queries})
    assert not halves[0] & halves[1]
    assert not asked[0] & asked[1]


def test_half_the_queries_are_outputs_and_half_tunes_that_were_held_out(kind):
    question, (first, last) = shipped_question(kind), SPLITS["report"].held_out
    assert len(question.queries) == 2 * question.n_outputs >= 24
    assert len(question.truth.members) >= 40
    assert np.array_equal(question.queries[question.n_outputs :], table(tunes(last)[first:]))
    assert not {t.tokens for t in corpus()} & {tuple(row) for row in question.queries.tolist()}


@pytest.mark.parametrize(("subset", "number"), [(7, 1)])
def test_retraining_on_a_half_gives_the_stored_losses_again(kind, shipped, subset, number):
    """To 1e-3 where the arithmetic is that of the machine that made them; else the same order of queries."""
    question, split, model = shipped_question(kind), SPLITS["report"], shipped.model.trained
    rows = table(model.tunes)[question.truth.members[subset]]
    with one_thread():
        found = losses_of(retrained(model.params, rows, of=ITEMS, seed=split.seed(subset, number)), question.queries)
    stored = question.truth.losses[subset, number]
    if np.allclose(found, stored, rtol=1e-3):
        return
    assert spearman(found[:, None], stored[:, None])[0] > 0.97
    assert np.abs(found - stored).mean() < 0.05 * stored.mean()


def test_the_default_reaches_its_floor_and_chance_does_not(kind, shipped):
    question = shipped_question(kind)
    queries = question.batches(shipped.model)
    runs = [scored(shipped, method_of(kind, name), queries) for name in ("random", "ngram", "unlearn-ekfac")]
    found = figures(runs, question.truth, question.n_outputs, rounds=100)
    chance, likeness, default = (found["methods"][run.name] for run in runs)
    assert default["lds"] >= FLOORS[kind]
    assert default["of_ceiling"] >= CEILINGS[kind]
    assert default["lds"] >= likeness["lds"] + 0.03
    assert abs(chance["lds"]) <= 0.06
    assert abs(default["query_agnostic"]) < default["lds"] / 2  # what is scored is the query's own
    gate = gated_lds(shipped, Gate(0.2), queries, runs[-1], question.truth)
    assert gate["scored"] == pytest.approx(0.2)
    assert gate["of_full"] >= 0.92


def test_scores_are_of_what_was_learned_not_of_the_network(kind, shipped):
    """With random weights less is left of the LDS; of the transformer's, less than half.

    The denoiser's random features alone know a latent's neighbours: that is why it is only less.
    """
    question = shipped_question(kind, "dev")
    asked = Question(
        Truth(question.truth.members, question.truth.losses[:, :, :8]), question.queries[:8], question.n_outputs
    )
    blank = with_random_weights(shipped.model.trained, 500_000)
    other = type(shipped.model)(blank)
    context = type(shipped)(other, blank.corpus)
    mine, theirs = (
        lds(scored(c, method_of(kind, "unlearn-ekfac"), asked.batches(c.model)).scores, asked.truth)
        for c in (shipped, context)
    )
    assert theirs < (mine / 2 if kind == "ar" else mine - 0.05)


def test_on_ridge_regression_the_default_ranks_as_leaving_out_does():
    assert min(ridge_agreement(n=120).values()) >= 0.999


def test_a_gate_that_lets_all_pass_takes_nothing_away(context, outsiders):
    queries = [context.model.read({name: tune}) for name, tune in list(outsiders.items())[:4]]
    rng = np.random.default_rng(1)
    truth = Truth(rng.random((5, N)) < 0.5, rng.random((5, 2, 4)))
    run = scored(context, method_of("ar", "ngram"), queries)
    assert gated_lds(context, Gate(1.0, ("hidden",)), queries, run, truth)["lds"] == lds(run.scores, truth)


def test_holders_shares_agree_with_themselves_and_not_with_their_contrary():
    scores = np.random.default_rng(1).random((3, 12))
    holders = [f"h{i % 4}" for i in range(12)]
    assert share_agreement(scores, scores, holders) == pytest.approx(1)
    assert (share_agreement(scores, 1 - scores, holders) < 0).all()


def test_losses_that_were_written_are_not_made_again(tmp_path):
    path, made = tmp_path / "run" / "losses.jsonl", []

    def make():
        made.append(1)
        return np.array([1.5, 2.5])

    assert Ledger(path).get("a", make).tolist() == [1.5, 2.5]
    path.write_bytes(path.read_bytes() + b'{"b": [1.')  # a kill in the middle of a line
    again = Ledger(path)
    assert again.get("a", make).tolist() == [1.5, 2.5]
    assert again.get("b", make).tolist() == [1.5, 2.5]
    assert len(made) == 2
    assert set(json.loads(path.read_text().splitlines()[-1])) == {"b"}


def test_a_ledger_damaged_in_the_middle_is_named(tmp_path):
    path = tmp_path / "losses.jsonl"
    path.write_text('{"a": [1.\n{"b": [2.0]}\n')
    with pytest.raises(IntegrityError, match="line 1 of"):
        Ledger(path)


def test_a_truth_that_is_not_there_or_damaged_is_named(tmp_path):
    with pytest.raises(InputError, match="make it with retrain"):
        read_truth(tmp_path / "truth.safetensors", "report")
    (tmp_path / "truth.safetensors").write_bytes(b"no tensors")
    with pytest.raises(IntegrityError, match="is damaged"):
        read_truth(tmp_path / "truth.safetensors", "report")


def test_a_truth_is_read_as_it_was_written(tmp_path):
    rng = np.random.default_rng(1)
    truth = Truth(rng.random((4, 13)) < 0.5, rng.random((4, 2, 3)).astype(np.float32))
    write_truth(tmp_path / "t", {"dev": Question(truth, rng.integers(0, 192, (3, 48)), 1)})
    found = read_truth(tmp_path / "t", "dev")
    assert np.array_equal(found.truth.members, truth.members)
    assert np.array_equal(found.truth.losses, truth.losses)
    assert found.n_outputs == 1
    with pytest.raises(InputError, match="no split 'report'"):
        read_truth(tmp_path / "t", "report")


def test_halves_are_trained_on_once_and_leaving_nothing_out_changes_nothing(context, outsiders, tmp_path):
    """Two removals of the same items with the same seeds are one model, so their effects are the same."""
    rows = table(list(outsiders.values()))
    ledger, trained = Ledger(tmp_path / "l"), context.model.trained
    truth = truth_of(trained, SPLITS["dev"], rows, ledger, subsets=3, seeds=2)
    again = truth_of(trained, SPLITS["dev"], rows, Ledger(tmp_path / "l"), subsets=3, seeds=2)
    assert truth.members.sum(axis=1).tolist() == [N // 2] * 3
    assert np.array_equal(truth.losses, again.losses)
    assert (truth.losses.std(axis=1) > 0).all()  # seeds differ
    question, scores = Question(truth, rows, len(rows)), np.random.default_rng(1).random((len(rows), N))
    found = without_tops(context, question, {"a": scores, "b": scores.copy()}, ledger, share=0.1, seeds=2, targets=3)
    assert found["a"] == found["b"]
    assert found["random"].targets_error > 0


def test_a_forward_pass_takes_time(context):
    assert forward_seconds(context, 2) > 0


def test_the_command_prints_figures(capsys):
    main(
        [
            "bench",
            "attribution",
            "--tier",
            "M",
            "--model",
            "ar",
            "--method",
            "random",
            "--method",
            "ngram",
            "--json",
            "-q",
        ]
    )
    found = json.loads(capsys.readouterr().out)["kinds"]["ar"]
    assert set(found["methods"]) == {"random", "ngram"}
    assert found["methods"]["ngram"]["interval"][0] < found["methods"]["ngram"]["lds"] < found["ceiling"]


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
