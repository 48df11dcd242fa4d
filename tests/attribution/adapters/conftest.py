"""Models that are saved once, as people save them, and opened by the names and words of the command line."""

import json

import pytest
import torch
from safetensors.torch import save_file

from versionmatch.plugins import find

ADAPTERS = ("musicgen", "stable-audio", "audioldm2", "stable-audio-tools", "audiocraft")
SECONDS = (0.1, 0.12, 0.09, 0.1, 0.11)
IDS = tuple(f"song {number}" for number in range(5))


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Adapter's name → what ``open`` is given."""
    pytest.importorskip("transformers", reason="the extra [generative] is not installed")
    pytest.importorskip("diffusers", reason="the extra [generative] is not installed")
    from tests.attribution.adapters import given, tiny

    root = tmp_path_factory.mktemp("models")
    sounds = tiny.save_sounds(root / "sounds", SECONDS)
    tiny.musicgen().save_pretrained(root / "musicgen")
    tiny.word_tokenizer().save_pretrained(root / "musicgen")
    tiny.save_stable_audio(root / "stable-audio")
    tiny.save_audioldm2(root / "audioldm2")
    found = {
        name: {"model": str(root / name), "corpus": str(sounds)} for name in ("musicgen", "stable-audio", "audioldm2")
    }
    found["musicgen"]["seconds"] = "0.12"
    for name, net, items in (
        ("stable-audio-tools", tiny.seeded(given.SmallDenoiser), latents()),
        ("audiocraft", tiny.seeded(given.SmallLm), codes()),
    ):
        (root / name).mkdir()
        save_file(net.state_dict(), root / name / "model.safetensors")
        function = "small_lm" if name == "audiocraft" else "small_denoiser"
        found[name] = {
            "model": str(root / name),
            "codes": str(tiny.save_arrays(root / f"{name} items", items)),
            "factory": f"{given.__file__}:{function}",
        }
    config = {"model": {"io_channels": 4, "diffusion": {"diffusion_objective": "v"}}, "training": {}}
    (root / "stable-audio-tools" / "model_config.json").write_text(json.dumps(config))
    return found


@pytest.fixture(scope="session")
def opened(homes):
    """Opens an adapter by its name; more words replace those that are there."""

    def by_name(name, **words):
        return find("adapters", name).open(**{**homes[name], **words})

    return by_name


@pytest.fixture(scope="session")
def sources(homes):
    """Adapter's name → two pieces that are not of its corpus."""
    sound = {f"output {n}": f"{homes['musicgen']['corpus']}/{n}.wav" for n in (1, 3)}
    return {
        **dict.fromkeys(("musicgen", "stable-audio", "audioldm2"), sound),
        "stable-audio-tools": latents(2, seed=7, name="output"),
        "audiocraft": codes(2, seed=7, name="output"),
    }


@pytest.fixture(scope="session")
def told_apart(homes, tmp_path_factory):
    """Adapter's name → words that give it items which are clearly different: codecs with random weights hear little."""
    from tests.attribution.adapters import tiny

    folder, draw = tmp_path_factory.mktemp("told apart"), torch.Generator().manual_seed(440)

    def items(**shapes):
        return {id: {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()} for id in IDS}

    made = {
        "audioldm2": items(latents=(4, 6, 4), prompt_embeds=(3, 12), generated_prompt_embeds=(2, 10)),
        "stable-audio": items(latents=(4, 8), encoder_hidden_states=(4, 8), global_hidden_states=(1, 16)),
        "stable-audio-tools": items(latents=(4, 8), cross_attn_cond=(3, 6), global_embed=(5,)),
        "musicgen": {
            id: {
                "codes": torch.randint(0, 16, (4, 9), generator=draw),
                "text_states": torch.randn(2, 12, generator=draw),
            }
            for id in IDS
        },
    }
    return {name: {"codes": str(tiny.save_arrays(folder / name, arrays))} for name, arrays in made.items()}


def latents(count=5, *, seed=440, name="song", frames=12):
    draw = torch.Generator().manual_seed(seed)
    return {
        f"{name} {n}": {
            "latents": torch.randn(4, frames, generator=draw) * (1 + n / 4),
            "length": torch.tensor(frames - n),
            "cross_attn_cond": torch.randn(3, 6, generator=draw),
            "global_embed": torch.randn(5, generator=draw),
        }
        for n in range(count)
    }


def codes(count=5, *, seed=440, name="song", frames=12):
    draw = torch.Generator().manual_seed(seed)
    return {
        f"{name} {n}": {
            "codes": torch.randint(0, 12, (3, frames), generator=draw),
            "length": torch.tensor(frames - n),
            "condition_description": torch.randn(2, 6, generator=draw),
        }
        for n in range(count)
    }
