"""Every plugin that is announced, ours and any stranger's that is installed, keeps the rules of its seam."""

import importlib.util
from dataclasses import replace

import pytest

from versionmatch import plugins, testing
from versionmatch.embed.directory import model_paths
from versionmatch.jobs.compare import compare
from versionmatch.types import Evidence

EXTRAS = {"lancedb": "lancedb", "melody-essentia": "essentia", "hpcp-essentia": "essentia", "cqt-nnaudio": "nnAudio"}


MODELLED = ("segments", "embedding", "versions")
"""Plugins that need an embedding model."""


@pytest.fixture(autouse=True)
def models(request, monkeypatch):
    """The model that is shipped, else one with random weights under its name: a seam asks for no learning."""
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    if name in MODELLED:
        folder = request.getfixturevalue("random_models")
        monkeypatch.setenv("VERSIONMATCH_MODELS", "" if "versions-v2" in model_paths() else str(folder))
        testing.example_tracks.cache_clear()  # another test may have left segments of another model with them


@pytest.mark.parametrize("name", plugins.names("extractors"))
def test_extractor_conforms(name):
    needed = EXTRAS.get(name)
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    testing.check_extractor(plugins.find("extractors", name)())


@pytest.mark.parametrize("name", plugins.names("cues"))
def test_cue_conforms(name):
    testing.check_cue(plugins.find("cues", name)())


@pytest.mark.parametrize("name", plugins.names("encoders"))
def test_encoder_conforms(name):
    testing.check_encoder(plugins.find("encoders", name)())


@pytest.mark.parametrize("name", plugins.names("indexes"))
def test_index_conforms(name):
    needed = EXTRAS.get(name)
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    testing.check_vector_index(plugins.find("indexes", name))


@pytest.fixture(scope="module")
def match():
    return compare(*testing.example_tracks()[:2])


@pytest.mark.parametrize("name", plugins.names("exporters"))
def test_exporter_conforms(name, match):
    testing.check_exporter(plugins.find("exporters", name)(), match)


class LoudnessCue:
    """A cue that breaks a rule: it finds every pair equally alike."""

    name, needs = "loudness", ("audio",)

    def compare(self, query, reference):
        return Evidence("loudness", 1.0, "nothing")


def test_a_cue_that_finds_everything_alike_does_not_conform():
    with pytest.raises(testing.ConformanceError, match="more like itself than like another"):
        testing.check_cue(LoudnessCue())


def test_the_kit_refuses_a_cue_whose_chance_is_no_measure():
    class Odd:
        def __init__(self):
            self.inner = plugins.find("cues", "harmony")()
            self.name, self.needs = self.inner.name, self.inner.needs

        def compare(self, query, reference):
            return replace(self.inner.compare(query, reference), chance={"steps": -1.0})

    with pytest.raises(testing.ConformanceError, match="not negative; steps is -1"):
        testing.check_cue(Odd())
