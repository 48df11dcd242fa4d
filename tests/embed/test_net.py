import pytest
import torch

from versionmatch.embed.front import FrontEnd, fold_weights, whitened
from versionmatch.embed.net import PitchClassConv, VersionNet, build, joined, rotation_basis
from versionmatch.errors import InputError


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(440)
    return VersionNet(16, 8, 4).eval()


def test_the_rotation_basis_is_orthonormal():
    basis = rotation_basis()
    torch.testing.assert_close(basis @ basis.T, torch.eye(12), atol=1e-6, rtol=0)


@pytest.mark.parametrize("semitones", range(12))
def test_a_convolution_over_pitch_classes_commutes_with_rotation(semitones):
    torch.manual_seed(1)
    conv = PitchClassConv(3, 5)
    x = torch.randn(12, 2, 7, 3)
    torch.testing.assert_close(conv(x.roll(semitones, 0)), conv(x).roll(semitones, 0), atol=1e-5, rtol=1e-4)


def test_a_convolution_reaches_every_interval():
    torch.manual_seed(2)
    conv = PitchClassConv(1, 1)
    x = torch.zeros(12, 1, 1, 1)
    x[0] = 1
    assert (conv(x).abs() > 1e-4).all()


@pytest.mark.parametrize("semitones", [1, 5, 11])
def test_behind_the_front_end_the_network_is_exactly_equivariant(net, semitones):
    torch.manual_seed(3)
    maps = torch.rand(12, 1, 80, net.front.channels)
    raised = net.trunk(maps.roll(semitones, 0))
    torch.testing.assert_close(raised, net.trunk(maps).roll(semitones, 3), atol=1e-5, rtol=1e-4)


def test_the_learned_maps_move_with_a_transposition(net):
    torch.manual_seed(4)
    levels = torch.zeros(1, 84, 20)
    levels[:, 30:50] = torch.rand(1, 20, 20)
    white, moved = whitened(levels), whitened(levels.roll(2, 1))
    heard = FrontEnd._heard(white, levels)[:, 30:50]
    again = FrontEnd._heard(moved, levels.roll(2, 1))[:, 32:52]
    torch.testing.assert_close(heard, again, atol=1e-5, rtol=1e-4)


def test_a_pure_tone_stands_alone_after_whitening():
    levels = torch.full((1, 84, 3), 0.2)
    levels[:, 40] = 1.0
    white = whitened(levels)
    assert white[0, 40].min() > 2.0
    assert (white[0, torch.arange(84) != 40] < 1e-4).all()


def test_whitening_is_that_of_running_means():
    torch.manual_seed(5)
    levels = torch.rand(1, 84, 2)
    padded = torch.cat([levels[:, :1].expand(1, 6, 2), levels, levels[:, -1:].expand(1, 6, 2)], 1)
    peaks = (levels - padded.unfold(1, 13, 1).mean(-1)).clamp(min=0)
    around = torch.cat([peaks[:, :1].expand(1, 12, 2), peaks, peaks[:, -1:].expand(1, 12, 2)], 1)
    rms = (around.unfold(1, 25, 1) ** 2).mean(-1).sqrt()
    torch.testing.assert_close(whitened(levels), peaks / (rms + 0.02), atol=1e-4, rtol=1e-4)


def test_bands_are_bells_in_pitch():
    weights = fold_weights()
    assert weights.shape == (5, 84)
    assert weights.argmax(1).tolist() == [8, 22, 36, 50, 64]


@pytest.mark.parametrize("frames", [16, 17, 31, 32, 33, 200, 201])
def test_there_is_a_moment_for_every_sixteen_frames(net, frames):
    moments = net(torch.rand(2, 84, frames))
    assert moments.shape == (2, -(-frames // 16), 8, 12)
    assert (moments > 0).all()


def test_a_pooled_vector_has_length_one_and_no_mean_over_pitch_classes(net):
    vector = net.pooled(net(torch.rand(3, 84, 64)))
    torch.testing.assert_close(vector.flatten(1).norm(dim=1), torch.ones(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(vector.mean(2), torch.zeros(3, 8), atol=1e-4, rtol=0)


def test_weights_of_nothing_are_as_if_the_moments_were_not_there(net):
    moments = net(torch.rand(1, 84, 160))
    weights = torch.ones(1, moments.shape[1])
    weights[:, 6:] = 0
    torch.testing.assert_close(net.pooled(moments, weights), net.pooled(moments[:, :6]), atol=1e-4, rtol=0)


def test_silence_is_no_number_less(net):
    vector = net.pooled(net(torch.zeros(1, 84, 50)))
    assert torch.isfinite(vector).all()


def test_a_gradient_is_a_number_where_nothing_sounds(net):
    levels = torch.zeros(1, 84, 48)
    levels[:, 40, 20:] = 1.0
    levels.requires_grad_()
    net.pooled(net(levels)).square().sum().backward()
    assert torch.isfinite(levels.grad).all()


def test_an_unknown_setting_of_the_network_is_named():
    with pytest.raises(InputError, match=r"no setting 'depth'; there are: "):
        build({"depth": 3})
    with pytest.raises(InputError, match=r"width of the network must be one number or 2, one a member; found \[8\]"):
        build({"members": 2, "width": [8]})
    with pytest.raises(InputError, match="must all have dim, width"):
        joined([{"width": 8, "dim": 4}, {"width": 8}])


def test_networks_side_by_side_may_be_of_different_sizes():
    network = joined([{"members": 2, "width": 8, "dim": 4}, {"width": 12, "dim": 3}])
    assert network == {"members": 3, "dim": [4, 4, 3], "width": [8, 8, 12]}
    net = build(network).eval()
    with torch.no_grad():
        moments = net(torch.rand(1, 84, 160))
        vector = net.pooled(moments)
    assert moments.shape == (1, 10, 11, 12)
    shares = vector.pow(2).sum(dim=-1).split([4, 4, 3], dim=-1)
    assert [float(share.sum()) for share in shares] == pytest.approx([1 / 3] * 3, abs=1e-5)
