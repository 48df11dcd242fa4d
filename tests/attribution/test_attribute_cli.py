"""``versionmatch attribute``: from files to a folder that says all it depends on, and comes out again."""

import json

import pytest

from tests.attribution.folders import attribution_folder
from versionmatch.cli.main import main


@pytest.fixture(scope="session")
def made(tmp_path_factory, trained):
    return attribution_folder(tmp_path_factory.mktemp("attribute"), trained)


def arguments(root, out, *more):
    given = ["attribute", "--model", f"reference-transformer:model={root / 'model'}"]
    given += ["--corpus", root / "model" / "corpus.json", "--outputs", root / "outputs", "--panel", root / "panel"]
    return [str(a) for a in (*given, "--out", out, "--compare", "0", "-q", *more)]


@pytest.fixture(scope="session")
def ran(made):
    """A run that is done; tests that change it take a copy."""
    assert main(arguments(made, made / "run")) == 0
    return made / "run"


def test_an_output_made_of_an_item_is_ranked_with_it_first_and_strangers_seldom_are(ran):
    """Of six strangers beside one panel of 24, three or more are expected at p ≤ .04 in one of 200 such panels."""
    results = {row["query"]: row for row in json.loads((ran / "results.json").read_text())["results"]}
    first = results["edited"]["items"][0]
    assert (results["edited"]["verdict"], first["item"]) == ("ranked", "tune-0003")
    words = [row["verdict"] for name, row in results.items() if name.startswith("stranger")]
    assert (len(words), set(words) <= {"ranked", "unattributable"}) == (6, True)
    assert words.count("ranked") <= 2
    assert results["edited"]["coverage"] == "scored 40 of 40, gate = all"
