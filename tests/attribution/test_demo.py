"""The whole example, small: trained, generated, validated, attributed, trained again, told on a page."""

import json
import re

import pytest

from versionmatch.attribution.reference.demo import HOLDERS, DemoParams, corpus_tunes, train_all
from versionmatch.attribution.reference.transformer import TransformerParams
from versionmatch.cli.main import main
from versionmatch.errors import ParamsError
from versionmatch.jobs import attribution_demo

TINY = DemoParams(
    items=32, families=4, steps=40, outputs=2, panel=24, strangers=2, seeds=2, share=0.2, checked=2, workers=1,
    method="unlearn-ekfac:rise=0.15",  # of 32 items on a model trained so briefly, a wider step moves all
)  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Made by the command, with sizes for a test."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attribution_demo, "DemoParams", lambda: TINY)
        assert main(["attribute", "demo", "--out", str(folder), "--compare", "0", "-q"]) == 0
    return folder


def test_everything_is_there_and_the_page_says_where_it_comes_from(out):
    page = (out / "attribution.html").read_text(encoding="utf-8")
    assert "A small transformer was trained on generated tunes of made-up rights holders" in page
    assert "32 items of 6 rights holders" in page
    assert not re.search(r"https?:|<script", page)
    run = json.loads((out / "attribution" / "run.json").read_text())
    assert run["validation"]["path"] == "validate.json"
    assert len(run["models"]) == 2
    names = sorted(run["outputs"])
    assert [n for n in names if n.startswith("made-")] == ["made-01", "made-02"]
    assert "control-of-another-model" in names


def test_an_edited_item_is_ranked_and_missed_when_models_are_trained_without_it(out):
    rows = {r["query"]: r for r in json.loads((out / "attribution" / "results.json").read_text())["results"]}
    edited = rows["control-edited-tune-0007"]
    assert edited["items"][0]["item"] == "tune-0007"
    assert edited["items"][0]["holder"] in HOLDERS
    again = json.loads((out / "attribution" / "retrained.json").read_text())
    groups = {each["name"]: each for each in again["groups"]}
    assert groups["ranked, made by hand"]["rise"] > abs(groups["the panel"]["rise"])


def test_the_same_seed_gives_the_same_model_and_none_is_trained_twice(out, tmp_path):
    folder = tmp_path / "model-440"
    jobs = [(corpus_tunes(TINY), TransformerParams(steps=TINY.steps), 440, str(folder))]
    train_all(jobs, workers=1)
    assert (folder / "weights.safetensors").read_bytes() == weights_of(out / "attribution" / "model-440")
    before = (folder / "model.json").stat().st_mtime_ns
    train_all(jobs, workers=1)
    assert (folder / "model.json").stat().st_mtime_ns == before


def weights_of(folder):
    return (folder / "weights.safetensors").read_bytes()


def test_intervals_need_two_seeds():
    with pytest.raises(ParamsError, match="seeds = 1; it must be 2 or more"):
        DemoParams(seeds=1)
