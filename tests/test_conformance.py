"""Every plugin that is announced, ours and any stranger's that is installed, keeps the rules of its seam."""

import importlib.util

import pytest

from versionmatch import plugins, testing
from versionmatch.jobs.compare import compare
from versionmatch.types import Evidence

EXTRAS = {"melody-essentia": "essentia", "hpcp-essentia": "essentia", "cqt-nnaudio": "nnAudio"}


@pytest.mark.parametrize("name", plugins.names("extractors"))
def test_extractor_conforms(name):
    needed = EXTRAS.get(name)
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    testing.check_extractor(plugins.find("extractors", name)())


@pytest.mark.parametrize("name", plugins.names("cues"))
def test_cue_conforms(name):
    testing.check_cue(plugins.find("cues", name)())


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
