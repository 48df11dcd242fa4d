"""Losses of stable-audio-tools and audiocraft, beside formulas written out and beside the libraries' own code."""

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

pytest.importorskip("transformers", reason="the extra [generative] is not installed")
from tests.attribution.adapters import given as own
from tests.attribution.adapters import tiny
from tests.attribution.adapters.conftest import IDS, codes, latents
from versionmatch.attribution.adapters.audiocraft import Audiocraft
from versionmatch.attribution.adapters.items import Entry
from versionmatch.attribution.adapters.stable_audio_tools import Objective, StableAudioTools
from versionmatch.attribution.adapters.timesteps import SAMPLERS, LogSnr, Shift
from versionmatch.attribution.draws import Draws
from versionmatch.errors import InputError, ParamsError
from versionmatch.testing import check_adapter

DRAWS = Draws.first(4)
ENTRIES = tuple(Entry(id, arrays=arrays) for id, arrays in latents().items())


def close(found, wanted):
    return float((found - wanted).abs().max()) <= 1e-6


@pytest.mark.parametrize("objective", ["v", "rectified_flow", "rf_denoiser"])
@pytest.mark.parametrize("masked", [False, True])
def test_losses_are_the_plain_formula(objective, masked):
    model = StableAudioTools(tiny.seeded(own.SmallDenoiser), ENTRIES, Objective(objective), n_channels=4)
    found = model.losses(model.load(IDS), DRAWS, mask_pad=masked)
    for i, entry in enumerate(ENTRIES):
        x, frames = entry.arrays["latents"], int(entry.arrays["length"]) if masked else 12
        for k in range(4):
            t, n = DRAWS.levels([entry.id])[0, k], DRAWS.normal([entry.id], (4, 12))[0, k]
            if objective == "v":
                a, s = math.cos(float(t) * math.pi / 2), math.sin(float(t) * math.pi / 2)
                mixed, target = a * x + s * n, a * n - s * x
            else:
                mixed, target = (1 - t) * x + t * n, n - x
            more = {name: entry.arrays[name][None] for name in ("cross_attn_cond", "global_embed")}
            off = model.net(mixed[None], t[None], **more)[0] - target
            assert float(found[i, k]) == pytest.approx(float(off[:, :frames].square().mean()), abs=1e-6)


def test_the_network_and_the_loss_are_masked_as_in_training():
    """With dropout 0 always, with dropout 1 never, between in some draws; unlearning always masks."""
    net, at = tiny.seeded(own.SmallDenoiser), 2
    lossy = {
        share: StableAudioTools(net, ENTRIES, Objective(mask_padding=True, mask_padding_dropout=share), n_channels=4)
        for share in (0.0, 0.5, 1.0)
    }
    many = Draws.first(40)
    plain = {share: m.losses(m.load(IDS), many, mask_pad=False)[at] for share, m in lossy.items()}
    always = lossy[0.5].losses(lossy[0.5].load(IDS), many, mask_pad=True)[at]
    assert close(plain[0.0], always)
    dropped = (plain[0.5] - plain[1.0]).abs() < 1e-6
    assert 8 <= int(dropped.sum()) <= 32
    assert close(plain[0.5][~dropped], always[~dropped])
    check_adapter(lossy[0.5], latents(2, seed=7, name="output"))


def density(name, t):
    """Of the level t; written from the definitions of the distributions."""
    normal = torch.distributions.Normal(0.0, 1.0)

    def logistic(x):
        return normal.log_prob(torch.logit(x)).exp() / (x * (1 - x))

    if name == "uniform":
        return torch.ones_like(t)
    if name == "logit_normal":
        return logistic(t)
    if name == "trunc_logit_normal":
        return logistic(0.075 + 0.925 * (1 - t)) * 0.925 / (1 - normal.cdf(torch.logit(torch.tensor(0.075).double())))
    return normal.log_prob((torch.logit(1 - t) + 1.2) / 2.0).exp() / 2.0 / (t * (1 - t))


@pytest.mark.parametrize("name", SAMPLERS)
def test_timesteps_have_the_distribution_that_is_named(name):
    at = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    weight = density(name, at) / 200_000
    mean = float((weight * at).sum())
    spread = float((weight * at.square()).sum() - mean**2) ** 0.5
    assert float(weight.sum()) == pytest.approx(1.0, abs=1e-3)
    drawn = SAMPLERS[name](Draws.first(4000).levels(["a"])[0], LogSnr())
    assert float(drawn.mean()) == pytest.approx(mean, abs=2e-3)
    assert float(drawn.std()) == pytest.approx(spread, abs=2e-3)
    assert float(drawn.min()) >= 0
    assert float(drawn.max()) <= 1


@given(st.floats(0.001, 0.999), st.integers(1, 8192), st.booleans())
@settings(max_examples=60, deadline=None)
def test_longer_latents_are_shifted_towards_noise(t, length, sine):
    shift = Shift(use_sine=sine)
    here, longer = (float(shift.moved(torch.tensor(t, dtype=torch.float64), n)) for n in (length, length + 64))
    assert 0 < here < longer <= 1


def test_samplers_and_shifts_are_the_librarys():
    """The library's own functions, told the same normal numbers."""
    path = own.folder_of("stable-audio-tools") / "inference" / "sampling.py"
    even = Draws.first(50).levels(["a"])[0]
    normal = torch.special.ndtri(even.double()).float()
    torch_like = type("T", (), {**{n: getattr(torch, n) for n in dir(torch) if not n.startswith("_")}})
    torch_like.randn = staticmethod(lambda *_: normal)
    library = own.definitions(
        path, "truncated_logistic_normal_rescaled", "sample_timesteps_logsnr", "DistributionShift", "get_alphas_sigmas",
        torch=torch_like, math=math, dist=torch.distributions,
    )  # fmt: skip
    truncated = 1 - library.truncated_logistic_normal_rescaled(50)
    assert torch.allclose(SAMPLERS["trunc_logit_normal"](even, LogSnr()), truncated, atol=2e-6)
    assert torch.allclose(SAMPLERS["log_snr"](even, LogSnr()), library.sample_timesteps_logsnr(50), atol=1e-6)
    for length in (100, 256, 1024, 4096):
        for sine in (False, True):
            moved = library.DistributionShift(use_sine=sine).time_shift(even, length)
            assert torch.allclose(Shift(use_sine=sine).moved(even, length), moved, atol=1e-6)
    model = StableAudioTools(tiny.seeded(own.SmallDenoiser), ENTRIES, n_channels=4)
    assert all(close(a, b) for a, b in zip(model._rates(even), library.get_alphas_sigmas(even), strict=True))


@pytest.mark.parametrize("objective", ["v", "rectified_flow"])
def test_the_librarys_transformer_and_its_loss_give_the_same_losses(objective):
    """Its DiT with random weights, its own masked error; what its training step does between them is written out."""
    folder = own.folder_of("stable-audio-tools")
    pytest.importorskip("einops", reason="the transformer of stable-audio-tools needs einops")
    dit = own.module_alone(folder / "models", "dit", "sat_models").DiffusionTransformer
    library_mse = own.module_alone(folder / "training" / "losses", "losses", "sat_losses").MSELoss
    net = tiny.seeded(
        dit, io_channels=4, embed_dim=32, depth=1, num_heads=1, cond_token_dim=6, project_cond_tokens=True,
        global_cond_dim=5, diffusion_objective=objective,
    )  # fmt: skip
    with torch.no_grad():  # its last layers are made as zeros
        for number, value in enumerate(net.parameters()):
            value.add_(0.1 * torch.randn(value.shape, generator=torch.Generator().manual_seed(number)))
    how = Objective(objective, "log_snr", mask_padding=True, shift=Shift(min_length=1, max_length=64))
    model = StableAudioTools(net, ENTRIES, how, n_channels=4)
    check_adapter(model, latents(2, seed=7, name="output"))
    error = library_mse("output", "targets", mask_key="mask", name="mse")
    found = model.losses(model.load(IDS), DRAWS, mask_pad=True)
    for i, entry in enumerate(ENTRIES):
        x = entry.arrays["latents"][None].expand(4, -1, -1)
        t = how.shift.moved(SAMPLERS["log_snr"](DRAWS.levels([entry.id])[0], LogSnr()), 12)[:, None, None]
        n = DRAWS.normal([entry.id], (4, 12))[0]
        a, s = (torch.cos(t * math.pi / 2), torch.sin(t * math.pi / 2)) if objective == "v" else (1 - t, t)
        mask = (torch.arange(12) < entry.arrays["length"])[None]
        more = {
            name: entry.arrays[name][None].expand(4, *entry.arrays[name].shape)
            for name in ("cross_attn_cond", "global_embed")
        }
        out = net(a * x + s * n, t[:, 0, 0], mask=mask.expand(4, -1), **more)
        target = a * n - s * x if objective == "v" else n - x
        for k in range(4):
            loss = error({"output": out[k : k + 1], "targets": target[k : k + 1], "mask": mask})
            assert float(found[i, k]) == pytest.approx(float(loss), abs=1e-6)


def test_training_is_read_from_the_librarys_configuration(opened, homes, tmp_path):
    config = {
        "model": {
            "io_channels": 4,
            "diffusion": {"diffusion_objective": "rectified_flow", "distribution_shift_options": {"min_length": 8}},
        },
        "training": {
            "timestep_sampler": "log_snr",
            "timestep_sampler_options": {"mean_logsnr": -0.5},
            "p_one_shot": 0.25,
            "mask_padding": True,
            "mask_padding_dropout": 0.1,
        },
    }
    (tmp_path / "model_config.json").write_text(json.dumps(config))
    weights = f"{homes['stable-audio-tools']['model']}/model.safetensors"
    (tmp_path / "model.safetensors").symlink_to(weights)
    model = opened("stable-audio-tools", model=str(tmp_path), shift_length="4096")
    assert model.objective == Objective(
        "rectified_flow", "log_snr", LogSnr(-0.5, 2.0), Shift(min_length=8), 4096, 0.25, True, 0.1
    )
    assert model.loss_unit == "flow-MSE"
    times = model._times(model.load(IDS).stacks[0], Draws.first(400))
    assert float((times == 1).float().mean()) == pytest.approx(0.25, abs=0.04)
    config["training"]["inpainting"] = {"mask_kwargs": {}}
    with pytest.raises(InputError, match="training with inpainting masks is not rebuilt"):
        Objective.of_config(config)
    with pytest.raises(ParamsError, match="objective is one of v, rectified_flow, rf_denoiser; got 'x0'"):
        Objective("x0")
    with pytest.raises(ParamsError, match="one_shot is a share"):
        Objective(one_shot=2.0)
    with pytest.raises(ParamsError, match="shift_length is a number"):
        opened("stable-audio-tools", shift_length="long")


def pieces(special):
    net = tiny.seeded(own.SmallLm)
    entries = [Entry(id, arrays=arrays) for id, arrays in codes().items()]
    return net, entries, Audiocraft(net, entries, special_padding=special)


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_codebooks_losses_are_the_plain_formula(special, masked):
    net, entries, model = pieces(special)
    found = model.losses(model.load(IDS), Draws.first(1), mask_pad=masked)[:, 0]
    for i, entry in enumerate(entries):
        rows, length = entry.arrays["codes"], int(entry.arrays["length"])
        heard = rows.clone()
        if special:
            heard[:, length:] = net.special_token_id
        end = length if special or masked else 12
        places = torch.full((1, 3, 13), net.special_token_id)
        for k in range(3):
            places[0, k, 1 + k :] = heard[k, : 12 - k]
        words = entry.arrays["condition_description"][None]
        said = net.step_logits(places, {"description": (words, None)})[0]
        total = 0.0
        for k in range(3):
            predicted = min(end, 12 - k)  # what is later than the last step of the pattern is not predicted
            total += sum(-said[k, t + k].log_softmax(0)[rows[k, t]] for t in range(predicted)) / predicted / 3
        assert float(found[i]) == pytest.approx(float(total), abs=1e-6)


def test_special_padding_counts_nowhere():
    _, _, model = pieces(True)
    assert "padding" not in model.capabilities
    batch = model.load(IDS)
    assert torch.equal(*(model.losses(batch, Draws.first(1), mask_pad=m) for m in (False, True)))
    check_adapter(model, codes(2, seed=7, name="output"))


def test_frozen_conditioners_are_not_attributed_to():
    net, _, model = pieces(False)
    assert {name for name, _ in net.named_parameters()} - set(model.params()) == {
        "condition_provider.weight",
        "condition_provider.bias",
    }


def test_the_librarys_own_pattern_and_loss_give_the_same_losses():
    """audiocraft's delay pattern and ``_compute_cross_entropy``, an item at a time, around the same small network."""
    folder = own.folder_of("audiocraft")
    net, entries, model = pieces(False)
    provider = own.module_alone(folder / "modules", "codebooks_patterns", "audiocraft_patterns").DelayedPatternProvider(
        3
    )
    import typing

    library = own.definitions(
        folder / "solvers" / "musicgen.py", "_compute_cross_entropy", torch=torch, F=functional, tp=typing
    )
    found = model.losses(model.load(IDS), Draws.first(1), mask_pad=True)[:, 0]
    for i, entry in enumerate(entries):
        rows, pattern = entry.arrays["codes"][None], provider.get_pattern(12)
        places, _, _ = pattern.build_pattern_sequence(rows, net.special_token_id, keep_only_valid_steps=True)
        said = net.step_logits(places, {"description": (entry.arrays["condition_description"][None], None)})
        logits, _, mask = pattern.revert_pattern_logits(
            said.permute(0, 3, 1, 2), float("nan"), keep_only_valid_steps=True
        )
        logits, mask = logits.permute(0, 2, 3, 1), mask[None] & (torch.arange(12) < entry.arrays["length"])
        loss, _ = library._compute_cross_entropy(None, logits, rows, mask)
        assert float(found[i]) == pytest.approx(float(loss), abs=1e-6)
        ours = net.compute_predictions(rows, [], {"description": (entry.arrays["condition_description"][None], None)})
        assert torch.equal(
            ours.mask[0], pattern.revert_pattern_logits(said.permute(0, 3, 1, 2), 0.0, keep_only_valid_steps=True)[2]
        )


def test_what_is_no_language_model_is_named():
    with pytest.raises(InputError, match=r"has n_q, card, compute_predictions; SmallDenoiser has not"):
        Audiocraft(own.SmallDenoiser(), [])
