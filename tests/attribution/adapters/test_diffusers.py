"""Noise, targets and conditions of Stable Audio and AudioLDM 2 are those of the library's schedulers and pipelines."""

import pytest
import torch

from tests.attribution.adapters.conftest import IDS
from versionmatch.attribution.draws import Draws
from versionmatch.errors import InputError

diffusers = pytest.importorskip("diffusers", reason="the extra [generative] is not installed")
from tests.attribution.adapters import tiny  # noqa: E402
from versionmatch.attribution.adapters.audioldm2 import AudioLdm2  # noqa: E402
from versionmatch.attribution.adapters.items import Entry  # noqa: E402
from versionmatch.attribution.adapters.mel import FLOOR, MelSpec, log_mel, triangles  # noqa: E402
from versionmatch.attribution.adapters.stable_audio import StableAudio  # noqa: E402

DRAWS = Draws.first(4)


def close(a, b):
    return float((a - b).abs().max()) <= 1e-6 * max(1.0, float(b.abs().max()))


def test_stable_audios_noise_is_that_which_its_scheduler_takes_away(opened):
    """A network that predicted the target would give the scheduler the very latents."""
    pytest.importorskip("torchsde", reason="the scheduler of Stable Audio needs torchsde")
    scheduler = diffusers.CosineDPMSolverMultistepScheduler()
    adapter = opened("stable-audio")
    stack = adapter.load(IDS).stacks[0]
    noised = adapter.noised(stack, DRAWS, mask_pad=False)
    clean, noise = (
        stack.main.repeat_interleave(4, 0),
        DRAWS.normal(stack.ids, tuple(stack.main.shape[1:])).flatten(0, 1),
    )
    sigma = torch.tan(noised.times * torch.pi / 2)[:, None, None]
    mixed = clean + sigma * noise
    assert torch.allclose(scheduler.precondition_noise(sigma.flatten()), noised.times, atol=1e-6)
    assert close(noised.rows, scheduler.precondition_inputs(mixed, sigma))
    found = scheduler.precondition_outputs(mixed, noised.target, sigma)
    assert torch.allclose(found, clean, atol=1e-5 * float(sigma.max()))


def test_stable_audios_conditions_are_the_pipelines(opened, homes):
    pytest.importorskip("torchsde", reason="the scheduler of Stable Audio needs torchsde")
    pipe = diffusers.StableAudioPipeline.from_pretrained(
        homes["stable-audio"]["model"] if _index(homes) else "", local_files_only=True, low_cpu_mem_usage=False
    )
    inputs = opened("stable-audio").load(["song 0"]).stacks[0].inputs
    words = pipe.encode_prompt([tiny.TEXTS[0]], "cpu", False)
    ends = pipe.encode_duration(0.0, 0.1, "cpu", False, 1)
    assert close(inputs["encoder_hidden_states"], torch.cat([words, *ends], 1))
    assert close(inputs["global_hidden_states"], torch.cat(ends, 2))


def _index(homes):
    """Writes the list of parts that the whole pipeline's own save_pretrained would write."""
    import json
    from pathlib import Path

    parts = {
        "vae": ["diffusers", "AutoencoderOobleck"],
        "text_encoder": ["transformers", "T5EncoderModel"],
        "projection_model": ["stable_audio", "StableAudioProjectionModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": ["diffusers", "StableAudioDiTModel"],
        "scheduler": ["diffusers", "CosineDPMSolverMultistepScheduler"],
    }
    path = Path(homes["stable-audio"]["model"]) / "model_index.json"
    path.write_text(json.dumps({"_class_name": "StableAudioPipeline", "_diffusers_version": "0.38.0", **parts}))
    return True


def test_stable_audios_loss_is_the_plain_formula(opened):
    adapter = opened("stable-audio")
    batch = adapter.load(["song 2"])
    stack, found = batch.stacks[0], adapter.losses(batch, DRAWS, mask_pad=True)[0]
    length = int(stack.valid.sum())
    assert length < stack.main.shape[2]
    levels, noise = DRAWS.levels(["song 2"])[0], DRAWS.normal(["song 2"], tuple(stack.main.shape[1:]))[0]
    for k in range(4):
        a, s = torch.cos(levels[k] * torch.pi / 2), torch.sin(levels[k] * torch.pi / 2)
        turns = diffusers.models.embeddings.get_1d_rotary_pos_embed(
            4, stack.main.shape[2] + 1, use_real=True, repeat_interleave_real=False
        )
        said = adapter.net(
            a * stack.main + s * noise[k],
            levels[k][None],
            **{name: stack.inputs[name] for name in ("encoder_hidden_states", "global_hidden_states")},
            rotary_embedding=turns,
        ).sample[0]
        off = (said - (a * noise[k] - s * stack.main[0]))[:, :length]
        assert found[k].item() == pytest.approx(off.square().mean().item(), abs=1e-6)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_audioldms_noise_and_target_are_the_schedulers(kind):
    draw = torch.Generator().manual_seed(3)
    entries = [
        Entry(
            f"song {n}",
            arrays={
                "latents": torch.randn(4, 6, 4, generator=draw),
                "prompt_embeds": torch.randn(2 + n, 12, generator=draw),
                "generated_prompt_embeds": torch.randn(2, 10, generator=draw),
                "length": torch.tensor(4 + n),
            },
        )
        for n in range(3)
    ]
    scheduler = diffusers.DDPMScheduler(prediction_type=kind, beta_schedule="scaled_linear")
    adapter = AudioLdm2(tiny.unet(), scheduler, entries)
    batch = adapter.load(IDS[:3])
    noised = adapter.noised(batch.stacks[0], DRAWS, mask_pad=False)
    masked = adapter.losses(batch, DRAWS, mask_pad=True)
    for at, entry in enumerate(entries):
        clean = entry.arrays["latents"][None].expand(4, -1, -1, -1)
        noise = DRAWS.normal([entry.id], (4, 6, 4))[0]
        steps = (DRAWS.levels([entry.id])[0] * 1000).long()
        rows = slice(4 * at, 4 * at + 4)
        assert torch.equal(noised.times[rows], steps)
        mixed = scheduler.add_noise(clean, noise, steps)
        assert close(noised.rows[rows], mixed)
        wanted = {"epsilon": noise, "sample": clean, "v_prediction": scheduler.get_velocity(clean, noise, steps)}[kind]
        assert close(noised.target[rows], wanted)
        states = {k: entry.arrays[k][None].expand(4, -1, -1) for k in ("prompt_embeds", "generated_prompt_embeds")}
        said = adapter.net(
            mixed, steps, encoder_hidden_states=states["generated_prompt_embeds"],
            encoder_hidden_states_1=states["prompt_embeds"], encoder_attention_mask_1=torch.ones(4, 2 + at),
        ).sample  # fmt: skip
        plain = (said - wanted)[:, :, : 4 + at].square().mean((1, 2, 3))
        assert torch.allclose(masked[at], plain, atol=1e-6)


def test_audioldms_conditions_are_the_pipelines(opened, homes):
    pipe = diffusers.AudioLDM2Pipeline.from_pretrained(homes["audioldm2"]["model"], low_cpu_mem_usage=False)
    inputs = opened("audioldm2").load(IDS[:2]).stacks[0].inputs
    for at, text in enumerate(tiny.TEXTS[:2]):  # alone: what its GPT-2 makes of a text changes with the others' lengths
        states, _, generated = pipe.encode_prompt([text], "cpu", 1, False)
        tokens = states.shape[1]
        assert inputs["prompt_embeds_mask"][at].sum() == tokens
        assert close(inputs["prompt_embeds"][at, :tokens], states[0])
        assert close(inputs["generated_prompt_embeds"][at], generated[0])


def test_a_mel_spectrogram_is_that_of_the_librarys_front_end():
    audio_utils = pytest.importorskip("transformers.audio_utils")
    bank = audio_utils.mel_filter_bank(513, 64, 0, 8000, 16000, norm="slaney", mel_scale="slaney")
    assert abs(triangles(MelSpec()) - bank.T).max() < 1e-9
    sound = torch.randn(4000, generator=torch.Generator().manual_seed(5))
    plain = audio_utils.spectrogram(
        sound.numpy(), audio_utils.window_function(1024, "hann"), 1024, 160, power=1.0, mel_filters=bank,
        mel_floor=FLOOR, log_mel="log",
    )  # fmt: skip
    assert torch.allclose(log_mel(sound, MelSpec()), torch.from_numpy(plain.T[:25]).float(), atol=1e-4)


def test_sound_is_padded_to_the_networks_window(opened):
    adapter = opened("stable-audio")
    stack = adapter.load(["song 2"]).stacks[0]  # 0.09 s at 800 Hz, 8 samples a frame, in a window of 12 frames
    assert stack.main.shape[1:] == (4, 12)
    assert stack.valid.sum() == 9
    with pytest.raises(InputError, match=r"the model's window 0\.08 s"):
        opened("stable-audio", seconds="0.08").load(["song 2"])


def test_latents_need_their_conditions_where_there_are_no_encoders(tmp_path):
    latents = {"latents": torch.zeros(4, 6)}
    with pytest.raises(InputError, match="has no encoder_hidden_states and global_hidden_states"):
        StableAudio(tiny.dit(), [Entry("a", arrays=latents)]).load(["a"])
    scheduler = diffusers.DDIMScheduler()
    model = AudioLdm2(tiny.unet(), scheduler, [Entry("a", arrays={"latents": torch.zeros(4, 6, 4)})])
    with pytest.raises(InputError, match="has no prompt_embeds and generated_prompt_embeds"):
        model.load(["a"])
    with pytest.raises(InputError, match=r"latents are \(channel, frame, band\) of 4 channels; got \(4, 6\)"):
        model.read({"b": torch.zeros(4, 6)})
    with pytest.raises(InputError, match="not all of its latents are finite"):
        model.read({"b": torch.full((4, 6, 4), torch.nan)})
    sound = tiny.save_sounds(tmp_path / "sounds", (0.1,)) / "0.wav"
    with pytest.raises(InputError, match="is sound, and stable-audio was given no codec"):
        StableAudio(tiny.dit(), []).read({"c": sound})


def test_a_unet_and_its_scheduler_alone_are_enough_for_stored_latents(homes, told_apart, tmp_path, opened):
    """Beside the whole pipeline: the same losses."""
    from pathlib import Path

    whole = Path(homes["audioldm2"]["model"])
    for part in ("unet", "scheduler"):
        (tmp_path / part).symlink_to(whole / part)
    alone, all_of_it = (opened("audioldm2", model=str(m), **told_apart["audioldm2"]) for m in (tmp_path, whole))
    assert torch.equal(*(m.losses(m.load(IDS), DRAWS, mask_pad=False) for m in (alone, all_of_it)))
    assert alone.weights_file == tmp_path / "unet" / "diffusion_pytorch_model.safetensors"
    assert not alone.frozen
    assert alone.corpus.digest == all_of_it.corpus.digest
