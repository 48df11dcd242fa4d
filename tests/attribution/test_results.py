"""Corpora, results, and the door to them."""

import dataclasses
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.attribution.attribute import attribute
from versionmatch.attribution.cache import Cache
from versionmatch.attribution.context import Context
from versionmatch.attribution.reference.melodies import edited, tunes
from versionmatch.attribution.shortlist import Gate
from versionmatch.errors import InputError, ParamsError, UnknownPlugin
from versionmatch.types.attribution import AttributionResult, Corpus, Scores

SHA = "0" * 64


def result(**more):
    values = {
        "query": "q", "method": "random", "settings": {}, "unit": "none", "items": (), "verdict": "weak", "reasons": (),
        "p_value": None, "scored": 1, "corpus_size": 2, "gate": "all", "corpus_digest": SHA, "weights_digest": SHA,
        "code_digest": SHA, "limits": "It says little.", "moments": {},
    }  # fmt: skip
    return AttributionResult(**{**values, **more})


@pytest.mark.parametrize("what", ["corpus", "weights", "code"])
def test_there_is_no_result_without_digests(what):
    with pytest.raises(InputError, match=f"needs the sha256 of its {what}"):
        result(**{f"{what}_digest": ""})


@pytest.mark.parametrize(
    ("more", "match"),
    [({"verdict": "proven"}, "ranked, weak, unattributable, refused"), ({"scored": 3}, "1 to corpus_size = 2"),
     ({"limits": ""}, "states its limits")],
)  # fmt: skip
def test_a_result_that_says_too_much_or_too_little_cannot_be_made(more, match):
    with pytest.raises(InputError, match=match):
        result(**more)


IDS = st.lists(st.text(min_size=1, max_size=5), min_size=2, max_size=6, unique=True)


@given(IDS, st.randoms())
def test_a_corpus_is_the_same_in_any_order_and_another_with_any_other_holder(ids, random):
    rows = [(i, "ann") for i in ids]
    random.shuffle(rows)
    corpus, turned = Corpus(tuple(ids), ("ann",) * len(ids)), Corpus(*map(tuple, zip(*rows, strict=True)))
    assert corpus.digest == turned.digest
    assert Corpus(tuple(ids), ("bob",) + ("ann",) * (len(ids) - 1)).digest != corpus.digest
    assert Corpus(tuple(ids), corpus.holders, (SHA,) * len(ids)).digest != corpus.digest
    assert pickle.loads(pickle.dumps(corpus)).digest == corpus.digest


@pytest.mark.parametrize(
    ("made", "match"),
    [(lambda: Corpus(("a", "a"), ("x", "x")), "each once"), (lambda: Corpus(("a", "b"), ("x",)), "2 ids and 1 holders"),
     (lambda: Corpus(("a",), ("x",), ("no digest",)), "64 hex digits")],
)  # fmt: skip
def test_a_corpus_that_is_no_list_of_items_is_named(made, match):
    with pytest.raises(InputError, match=match):
        made()


def test_scores_are_finite():
    with pytest.raises(InputError, match="one finite number per candidate"):
        Scores(np.array([1.0, np.nan]))


@pytest.fixture(scope="module")
def panel():
    return {tune.id: tune for tune in tunes(24, seed=9, families=6, prefix="panel")}


def test_an_output_made_of_an_item_is_ranked_and_the_item_named(context, panel):
    source = context.model.trained.tunes[3]
    outputs = {"edited": edited(source, 0.2, id="e")}
    (ranked,) = attribute(context, outputs, panel=panel, likeness="ngram", top=5)
    assert (ranked.verdict, ranked.items[0].item, len(ranked.items)) == ("ranked", source.id, 5)
    assert ranked.items[0].likeness > 0.3 > ranked.items[1].likeness
    assert ranked.items[0].holder == source.holder
    assert ranked.items[0].z > 4
    assert ranked.unit == "nats per token"
    assert ranked.coverage == "scored 40 of 40, gate = all"
    assert "what is not listed cannot appear" in ranked.limits


def test_pieces_that_owe_the_corpus_nothing_are_seldom_ranked(context, panel):
    """Of 12 like the panel's half a one is expected at p ≤ .04; more than three would be so in one of 900 runs."""
    strangers = {tune.id: tune for tune in tunes(36, seed=9, families=6)[24:]}
    words = [found.verdict for found in attribute(context, strangers, panel=panel)]
    assert set(words) <= {"ranked", "unattributable"}
    assert words.count("ranked") <= 3


def test_a_result_is_json_and_keeps_all_scores_only_where_asked(noisy, panel):
    (kept,) = attribute(noisy, {noisy.corpus.ids[0]: None}, "unlearn-diag", full=True)
    told = json.loads(json.dumps(kept.to_dict(), allow_nan=False))
    assert len(told["scores"]) == 40
    assert told["items"][0]["standard_error"] > 0
    assert told["verdict"] == "weak"
    assert "There was no panel" in told["limits"]
    (sparse,) = attribute(noisy, {noisy.corpus.ids[0]: None}, "unlearn-diag")
    assert sparse.to_dict()["scores"] is None
    assert pickle.loads(pickle.dumps(kept)).to_dict() == kept.to_dict()


def test_a_gate_is_told_and_lets_the_source_pass(context, panel):
    source = context.model.trained.tunes[3]
    (found,) = attribute(context, {"e": edited(source, 0.2, id="e")}, panel=panel, gate=Gate(0.2))
    assert found.coverage == "scored 8 of 40, gate = hidden + gradcos, 20 %"
    assert found.items[0].item == source.id
    assert "of the others nothing is known" in found.limits
    whole = attribute(context, {"e": edited(source, 0.2, id="e")}, full=True)[0]
    scores = dict(zip(whole.candidates, whole.scores, strict=True))
    assert found.items[0].score == pytest.approx(scores[source.id], abs=1e-6)


def test_several_models_are_averaged_and_their_spread_told(trained, context):
    from tests.attribution.conftest import SMALL, N
    from versionmatch.attribution.reference.adapters import TransformerModel
    from versionmatch.attribution.reference.stored import train

    other = TransformerModel(train(tunes(N, families=6, holders=4), SMALL, seed=441))
    outputs = {"e": edited(trained.tunes[3], 0.2, id="e")}
    both = [context, Context(other, other.trained.corpus)]
    (found,) = attribute(both, outputs, full=True)
    single = [attribute(c, outputs, full=True)[0].scores for c in both]
    assert found.scores == pytest.approx(np.mean(single, axis=0))
    assert found.models == 2
    assert found.items[0].spread > 0
    assert found.weights_digest not in {c.weights for c in both}


def test_results_are_the_same_again_from_the_cache(context, tmp_path):
    outputs = {"e": edited(context.model.trained.tunes[3], 0.2, id="e")}
    kept = dataclasses.replace(context, cache=Cache(tmp_path))
    first, again = (attribute(kept, outputs, full=True)[0].to_dict() for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda c: attribute(c, {}), InputError, "one output or more"),
        (lambda c: attribute(c, {"a": None}, panel={"a": None}), InputError, "'a' is in both"),
        (
            lambda c: attribute(c, {c.corpus.ids[0]: None}, "unlern-ekfac"),
            UnknownPlugin,
            "Did you mean 'unlearn-ekfac'",
        ),
        (lambda c: attribute(c, {"nobody": None}, "ngram"), InputError, "no item 'nobody'"),
        (lambda c: dataclasses.replace(c, groups=("lungs",)), InputError, "no group 'lungs'"),
        (lambda c: dataclasses.replace(c, batch_size=0), InputError, "1 or more"),
        (lambda c: Context(c.model, Corpus(("x",), ("y",))), InputError, "41 of them differ"),
        (lambda c: Gate(0.0), ParamsError, "share above 0"),
    ],
)
def test_what_cannot_be_done_is_named(call, error, match, context):
    with pytest.raises(error, match=match):
        call(context)
