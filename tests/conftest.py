"""What all tests share: laws are tried on the same examples in every run, unless one explores."""

import os
from importlib.util import find_spec

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # tests run side by side: threads of one would wait for those of another
    os.environ.setdefault("OMP_NUM_THREADS", "1")

collect_ignore = [] if find_spec("torch") else ["embed/test_net.py", "train"]
"""What is about networks themselves can be looked at only where torch is installed."""

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def random_models(tmp_path_factory):
    """A folder of models: ``versions-v2`` and ``other`` with random weights; skipped where torch is not installed."""
    pytest.importorskip("torch")
    from tests.embed.random_model import random_model

    folder = tmp_path_factory.mktemp("models")
    random_model(folder)
    random_model(folder, "other", seed=441)
    return folder


@pytest.fixture
def model(random_models):
    """The directory of a model with random weights."""
    return str(random_models / "versions-v2")
