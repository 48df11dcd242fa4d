"""Small reference models that are trained in a second or two, once."""

import pytest

from versionmatch.attribution.context import Context
from versionmatch.attribution.reference.adapters import DenoiserModel, TransformerModel
from versionmatch.attribution.reference.denoiser import DenoiserParams
from versionmatch.attribution.reference.melodies import tunes
from versionmatch.attribution.reference.stored import train
from versionmatch.attribution.reference.transformer import TransformerParams

N = 40
SMALL = TransformerParams(dim=24, layers=1, heads=2, inner=32, steps=150, batch=16, checkpoints=(50, 150))
SMALL_DENOISER = DenoiserParams(width=48, blocks=1, steps=300, batch=32, checkpoints=(150,))


@pytest.fixture(scope="session")
def trained():
    return train(tunes(N, families=6, holders=4), SMALL)


@pytest.fixture(scope="session")
def transformer(trained):
    return TransformerModel(trained)


@pytest.fixture(scope="session")
def denoiser():
    return DenoiserModel(train(tunes(N, families=6, holders=4), SMALL_DENOISER))


@pytest.fixture(scope="session")
def outsiders():
    """Tunes of the same families that were not trained on."""
    return {tune.id: tune for tune in tunes(N + 6, families=6, holders=4)[N:]}


@pytest.fixture
def context(transformer):
    return Context(transformer, transformer.trained.corpus)


@pytest.fixture
def noisy(denoiser):
    return Context(denoiser, denoiser.trained.corpus)
