import numpy as np
import pytest
import torch

from versionmatch.embed.net import VersionNet, centred
from versionmatch.embed.similarity import by_key
from versionmatch.errors import InputError
from versionmatch.train.loss import LOSSES, clews, loss_of, nt_xent, segment_contrast, triplet


def vectors(n, seed):
    return centred(torch.randn(n, 6, 12, generator=torch.Generator().manual_seed(seed)))


def test_by_key_is_the_dot_product_with_the_reference_raised():
    q, r = vectors(3, 0), vectors(4, 1)
    raised = torch.stack([torch.einsum("ndp,mdp->nm", q, r.roll(k, dims=2)) for k in range(12)], dim=2)
    torch.testing.assert_close(by_key(q, r), raised, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("semitones", range(12))
def test_a_rotated_vector_is_found_at_its_key(semitones):
    r = vectors(1, 2)
    found = by_key(r.roll(semitones, dims=2), r)[0, 0]
    assert int(found.argmax()) == semitones
    assert float(found.max()) == pytest.approx(1.0, abs=1e-5)


def test_nt_xent_is_the_textbook_sum():
    a, b = vectors(3, 3), vectors(3, 4)
    both = torch.cat([a, b])
    s = np.array([[max(float((x * y.roll(k, dims=1)).sum()) for k in range(12)) for y in both] for x in both]) / 0.1
    total = 0.0
    for i in range(6):
        others = [np.exp(s[i, j]) for j in range(6) if j != i]
        total -= np.log(np.exp(s[i, (i + 3) % 6]) / sum(others)) / 6
    assert float(nt_xent(a, b, 0.1)) == pytest.approx(total, rel=1e-4)


def test_triplet_of_perfect_pairs_far_from_all_else_is_nothing():
    a = torch.zeros(2, 4, 12)
    a[0, 0, 0] = a[1, 1, 0] = 1.0
    a = centred(a)
    assert float(triplet(a, a, 0.3)) == 0.0
    assert float(triplet(a, a.flip(0), 0.3)) == pytest.approx(2.3, abs=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_versions_that_agree_cost_less_than_strangers(name):
    a = vectors(8, 5)
    near = centred(a + 0.05 * torch.randn(8, 6, 12, generator=torch.Generator().manual_seed(6)))
    constant = {"nt-xent": 0.1, "triplet": 0.3, "clews": 8.0}[name]
    assert loss_of(name)(a, near, constant) < loss_of(name)(a, vectors(8, 7), constant)


def test_clews_has_no_gradient_left_with_the_published_epsilon_only_where_all_is_far():
    a = vectors(4, 8).requires_grad_()
    clews(a, vectors(4, 9), 5.0).backward()
    assert torch.isfinite(a.grad).all()
    assert a.grad.abs().max() > 0


def test_an_unknown_loss_lists_the_known_ones():
    with pytest.raises(InputError, match=r"no loss 'arcface'; there are: nt-xent, triplet, clews"):
        loss_of("arcface")


def test_segments_of_the_same_crop_cost_less_than_of_another():
    torch.manual_seed(0)
    net = VersionNet(8, 6, 0)
    moments = torch.rand(5, 30, 6, 12)
    same = segment_contrast(net, moments[:, 8:21], moments, 0.1)
    other = segment_contrast(net, moments.flip(0)[:, 8:21], moments, 0.1)
    assert same < other
