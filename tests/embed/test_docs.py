"""The examples of the page on the embedding run, with the model that is shipped or one with random weights."""

import doctest
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("nnAudio")

from versionmatch.embed.directory import model_paths

ROOT = Path(__file__).resolve().parents[2]


def test_the_examples_run(random_models, monkeypatch):
    monkeypatch.chdir(ROOT)
    if "versions-v2" not in model_paths():
        monkeypatch.setenv("VERSIONMATCH_MODELS", str(random_models))
    found = doctest.testfile(str(ROOT / "docs" / "embedding-use.md"), module_relative=False)
    assert found.attempted > 10
    assert found.failed == 0
