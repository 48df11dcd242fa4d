"""The reference models and the music they are trained on."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.attribution.conftest import SMALL, SMALL_DENOISER, N
from versionmatch.attribution.draws import Draws
from versionmatch.attribution.methods.likeness import Ngram
from versionmatch.attribution.reference import denoiser as diffusion
from versionmatch.attribution.reference import melodies
from versionmatch.attribution.reference import transformer as autoregressive
from versionmatch.attribution.reference.adapters import DenoiserModel, TransformerModel
from versionmatch.attribution.reference.stored import open_trained, train
from versionmatch.errors import InputError, IntegrityError
from versionmatch.testing import check_adapter


@given(st.integers(melodies.LOWEST, melodies.HIGHEST), st.integers(0, 7))
def test_a_token_is_a_note(semitones, duration):
    value = melodies.token(semitones, duration)
    assert melodies.note(value) == (semitones, duration)
    assert 8 <= value < melodies.VOCABULARY == 192


def test_tunes_are_all_different_and_each_depends_on_its_number_alone():
    many = melodies.tunes(300)
    assert len({t.tokens for t in many}) == 300
    assert all(len(t.tokens) == melodies.LENGTH and min(t.tokens) >= 8 for t in many)
    assert melodies.tunes(50) == many[:50]
    assert melodies.tunes(50, seed=441) != many[:50]


def test_tunes_of_a_family_share_figures_and_most_have_one_holder():
    many = melodies.tunes(200)
    figures = [{t.tokens[i : i + 2] for i in range(0, 48, 2)} for t in many]
    same = [len(figures[i] & figures[j]) for i in range(200) for j in range(i) if many[i].family == many[j].family]
    other = [len(figures[i] & figures[j]) for i in range(200) for j in range(i) if many[i].family != many[j].family]
    assert np.mean(same) > 3 * np.mean(other)
    own = [t.holder == f"holder-{t.family % 16:02d}" for t in many]
    assert 0.7 < np.mean(own) < 0.95


def test_the_default_networks_have_the_sizes_that_are_stated():
    assert (
        sum(p.numel() for p in autoregressive.TuneTransformer(autoregressive.TransformerParams()).parameters()) == 64960
    )
    assert sum(p.numel() for p in diffusion.TuneDenoiser(diffusion.DenoiserParams()).parameters()) == 267328


def test_training_is_the_same_again_and_leaves_the_global_noise_alone(trained):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    again = train(melodies.tunes(N, families=6, holders=4), SMALL)
    assert torch.rand(1) == expected
    for (name, a), b in zip(trained.net.named_parameters(), again.net.parameters(), strict=True):
        assert torch.equal(a, b), name


def test_what_was_learned_is_this_music(transformer, denoiser, outsiders):
    """Trained tunes are expected more than tunes of the same families, and those more than tunes of others."""
    rows = [transformer.trained.tunes, list(outsiders.values()), melodies.tunes(20, seed=77)]
    for mean_loss, net, encode in (
        (autoregressive.mean_loss, transformer.net, melodies.table),
        (diffusion.mean_loss, denoiser.net, lambda t: diffusion.latent(melodies.table(t))),
    ):
        seen, near, far = (mean_loss(net, encode(r)).mean() for r in rows)
        assert seen < near < far


def test_a_latent_is_its_tune():
    tune = melodies.tunes(1)[0]
    assert diffusion.tune_of(diffusion.latent(melodies.table([tune]))[0]) == tune.tokens


def test_what_the_models_make_are_tunes(transformer, denoiser):
    made = autoregressive.sample_tunes(transformer.net, 3, seed=1)
    made += [diffusion.tune_of(row) for row in diffusion.sample_latents(denoiser.net, 3, seed=1, steps=10)]
    assert all(len(t) == 48 and min(t) >= 8 for t in made)
    assert autoregressive.sample_tunes(transformer.net, 3, seed=1) == made[:3]


def test_models_are_opened_as_they_were_saved(trained, tmp_path):
    trained.save(tmp_path)
    opened = TransformerModel(tmp_path)
    assert opened.fingerprint == TransformerModel(trained).fingerprint
    assert opened.trained.corpus.digest == trained.corpus.digest
    assert opened.checkpoints() == TransformerModel(trained).checkpoints()
    (tmp_path / "weights.safetensors").write_bytes(b"no")
    with pytest.raises(IntegrityError, match="is damaged"):
        open_trained(tmp_path)
    with pytest.raises(InputError, match="no reference model in"):
        open_trained(tmp_path / "elsewhere")


def test_padding_counts_unless_it_is_masked():
    short = tuple(melodies.Tune(t.id, t.holder, t.family, t.tokens[: 20 + i]) for i, t in enumerate(melodies.tunes(8)))
    model = TransformerModel(train(short, SMALL))
    assert "padding" in model.capabilities
    check_adapter(model, {"q": melodies.tunes(9)[8]})
    batch, draws = model.load(["tune-0000"]), Draws.first(1)
    plain, masked = (model.losses(batch, draws, mask_pad=m).item() for m in (False, True))
    each = autoregressive.token_losses(model.net(batch.rows), batch.rows)[0]
    assert plain == pytest.approx(each.mean().item(), rel=1e-6)
    assert masked == pytest.approx(each[:20].mean().item(), rel=1e-6)
    with pytest.raises(InputError, match="of tunes of 48 notes"):
        DenoiserModel(
            train(melodies.tunes(3), SMALL_DENOISER).__class__(
                diffusion.TuneDenoiser(SMALL_DENOISER), SMALL_DENOISER, short, 0
            )
        )


def test_targets_drawn_from_the_model_follow_its_odds(transformer):
    """The mean loss of drawn targets is the model's entropy."""
    batch = transformer.load(transformer.item_ids()[:4])
    found = transformer.sampled(batch, Draws.first(300), 440).mean(1)
    odds = transformer.net(batch.rows).softmax(-1)
    entropy = -(odds * odds.log()).sum(-1).mean(1)
    assert torch.allclose(found, entropy, rtol=0.03)


def test_shared_figures_are_found_however_they_are_turned(context):
    tune = context.model.trained.tunes[0]
    query = context.model.read({"turned": tune.tokens[24:] + tune.tokens[:24]})
    method = Ngram()
    assert method.score(context, method.fit(context), query, context.corpus.ids).values.argmax() == 0
