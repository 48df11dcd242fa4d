"""Sound to segments in torch: near the extractor's numbers, no padding heard, gradients to the samples."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnAudio")

from versionmatch.audio.decode import load  # noqa: E402
from versionmatch.embed.encoder import VersionEncoder  # noqa: E402
from versionmatch.embed.module import VersionModule  # noqa: E402
from versionmatch.errors import InputError  # noqa: E402
from versionmatch.features.cqt import LibrosaCQT  # noqa: E402

SONG = Path(__file__).resolve().parents[2] / "examples" / "greensleeves-a.ogg"


@pytest.fixture(scope="module")
def module(random_models):
    return VersionModule(str(random_models / "versions-v2"))


@pytest.fixture(scope="module")
def song():
    return load(SONG)[1]


def samples(song, *spans_s):
    return [torch.tensor(song.samples[int(a * 16000) : int(b * 16000)]) for a, b in spans_s]


def test_vectors_are_near_those_of_the_extractor(module, song, random_models):
    encoder = VersionEncoder(str(random_models / "versions-v2"))
    wanted = encoder.encode(LibrosaCQT(tuning=False).extract({"audio": song}))
    with torch.no_grad():
        vectors, mask = module(torch.tensor(song.samples)[None])
        whole = module.whole(torch.tensor(song.samples)[None])
    assert mask.tolist() == [[True] * len(wanted)]
    cosines = np.einsum("ni,ni->n", vectors[0].numpy(), wanted.vectors.reshape(len(wanted), -1))
    assert cosines.min() > 0.999
    assert float(whole[0].numpy() @ wanted.whole.ravel()) > 0.999


def test_padding_is_not_heard(module, song):
    short, long = samples(song, (0, 12), (20, 50))
    batch = torch.nn.utils.rnn.pad_sequence([short, long], batch_first=True)
    lengths = torch.tensor([len(short), len(long)])
    with torch.no_grad():
        vectors, mask = module(batch, lengths)
        alone = [module(x[None])[0][0] for x in (short, long)]
        by_mask, _ = module(batch, torch.arange(batch.shape[1])[None] < lengths[:, None])
    assert mask.sum(dim=1).tolist() == [1, 2]
    assert not vectors[0, 1].any()
    for row, there, wanted in zip(vectors, mask, alone, strict=True):
        assert float((row[there] - wanted).abs().max()) < 1e-5
    assert torch.equal(by_mask, vectors)


def test_what_lies_in_the_padding_does_not_matter(module, song):
    (x,) = samples(song, (5, 15))
    noisy = torch.cat([x, torch.ones(16000)])[None]
    with torch.no_grad():
        found = module(noisy, torch.tensor([len(x)]))[0]
        assert float((found - module(x[None])[0]).abs().max()) < 1e-5


def test_there_is_a_gradient_down_to_the_samples(module, song):
    (x,) = samples(song, (5, 10))
    x.requires_grad_(True)
    vectors, _ = module(x[None])
    direction = torch.linspace(-1, 1, vectors.numel())
    (vectors[0, 0] @ direction).backward()
    assert bool(torch.isfinite(x.grad).all())
    with torch.no_grad():
        step = 1e-4 * x.grad / x.grad.norm()
        gained = [module((x + sign * step)[None])[0][0, 0] @ direction for sign in (1, -1)]
    assert float(gained[0] - gained[1]) == pytest.approx(2e-4 * float(x.grad.norm()), rel=0.1)


def test_silence_gives_zero_and_a_gradient_that_is_a_number(module):
    for x in (torch.zeros(1, 48000), torch.cat([torch.zeros(1, 48000), 0.1 * torch.ones(1, 48000)], dim=1)):
        sound = x.clone().requires_grad_(True)
        vectors, _ = module(sound)
        vectors.sum().backward()
        assert bool(torch.isfinite(vectors).all())
        assert bool(torch.isfinite(sound.grad).all())
    assert not module(torch.zeros(1, 48000))[0].any()


def test_weights_learn_only_where_they_are_meant_to(module, random_models, song):
    assert not any(p.requires_grad for p in module.parameters())
    trained = VersionModule(str(random_models / "versions-v2"), trainable=True)
    (x,) = samples(song, (5, 10))
    trained(x[None])[0].sum().backward()
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in trained.net.parameters())
    assert not any(p.requires_grad for p in trained.cqt.parameters())


@pytest.mark.parametrize("lengths", [[0], [99999], [3, 4]])
def test_lengths_that_do_not_fit_are_refused(module, lengths):
    with pytest.raises(InputError, match="from 1 to 16000"):
        module(torch.zeros(1, 16000), torch.tensor(lengths))
    with pytest.raises(InputError, match=r"\(batch, n ≥ 1\)"):
        module(torch.zeros(16000))
