"""The libraries' own classes, as small as they can be, with random weights from a seed, saved as people save them."""

import numpy as np
import soundfile
import torch
from diffusers import (
    AudioLDM2Pipeline,
    AudioLDM2UNet2DConditionModel,
    AutoencoderKL,
    AutoencoderOobleck,
    CosineDPMSolverMultistepScheduler,
    DDIMScheduler,
    StableAudioDiTModel,
)
from diffusers.pipelines.audioldm2 import AudioLDM2ProjectionModel
from diffusers.pipelines.stable_audio import StableAudioProjectionModel
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    EncodecConfig,
    GPT2Config,
    GPT2LMHeadModel,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    PreTrainedTokenizerFast,
    RobertaTokenizer,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

WORDS = ["<pad>", "</s>", "<unk>", "slow", "quick", "air", "reel", "in", "minor", "major"]
T5 = T5Config(vocab_size=len(WORDS), d_model=12, d_kv=6, d_ff=16, num_layers=1, num_heads=2)
TEXTS = ("slow air in minor", "quick reel", "", "air in major", "reel in minor", "quick")


def seeded(make, *args, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(440)
        return make(*args, **settings).eval()


def word_tokenizer(longest=6):
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=longest
    )


def musicgen(channels=1):
    encodec = EncodecConfig(
        audio_channels=1, sampling_rate=800, num_filters=2, hidden_size=8, codebook_size=16, codebook_dim=8,
        upsampling_ratios=[4, 2], num_lstm_layers=1, target_bandwidths=[0.8, 1.6], use_causal_conv=False,
    )  # fmt: skip
    decoder = MusicgenDecoderConfig(
        vocab_size=16, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, ffn_dim=24,
        num_codebooks=4 * channels, audio_channels=channels, pad_token_id=16, bos_token_id=16, initializer_factor=0.3,
    )  # fmt: skip
    config = MusicgenConfig(text_encoder=T5, audio_encoder=encodec, decoder=decoder)
    return seeded(MusicgenForConditionalGeneration, config)


def dit(sample_size=12):
    return seeded(
        StableAudioDiTModel, sample_size=sample_size, in_channels=4, out_channels=4, num_layers=2, attention_head_dim=8,
        num_attention_heads=2, num_key_value_attention_heads=1, cross_attention_dim=8, time_proj_dim=8,
        global_states_input_dim=16, cross_attention_input_dim=8,
    )  # fmt: skip


def save_stable_audio(folder):
    dit().save_pretrained(folder / "transformer")
    seeded(
        AutoencoderOobleck, encoder_hidden_size=8, downsampling_ratios=[2, 4], channel_multiples=[1, 2],
        decoder_channels=4, decoder_input_channels=4, audio_channels=2, sampling_rate=800,
    ).save_pretrained(folder / "vae")  # fmt: skip
    seeded(T5EncoderModel, T5).save_pretrained(folder / "text_encoder")
    word_tokenizer().save_pretrained(folder / "tokenizer")
    seeded(
        StableAudioProjectionModel, text_encoder_dim=12, conditioning_dim=8, min_value=0, max_value=60
    ).save_pretrained(folder / "projection_model")
    CosineDPMSolverMultistepScheduler().save_pretrained(folder / "scheduler")


def unet():
    return seeded(
        AudioLDM2UNet2DConditionModel, sample_size=16, in_channels=4, out_channels=4, layers_per_block=1,
        block_out_channels=(8,), norm_num_groups=4, attention_head_dim=4, transformer_layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D",), up_block_types=("CrossAttnUpBlock2D",),
        cross_attention_dim=((None, 10, 12),),
    )  # fmt: skip


def save_audioldm2(folder):
    """A whole pipeline, with tokenizers of single letters."""
    letters = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -5.0)] + [(c, -2.0) for c in "▁abcdefghijklmnopqrstuvwxyz"]
    pieces = {
        piece: i
        for i, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "Ġ", *"abcdefghijklmnopqrstuvwxyz"])
    }
    clap = ClapConfig(
        text_config={
            "vocab_size": len(pieces), "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 8, "max_position_embeddings": 60, "pad_token_id": 1, "projection_dim": 8,
        },
        audio_config={
            "hidden_size": 16, "patch_embeds_hidden_size": 4, "depths": [1, 1], "num_attention_heads": [1, 1],
            "num_hidden_layers": 2, "spec_size": 64, "num_mel_bins": 64, "window_size": 4, "projection_dim": 8,
        },
        projection_dim=8,
    )  # fmt: skip
    vae = seeded(
        AutoencoderKL, in_channels=1, out_channels=1, block_out_channels=(4, 4), norm_num_groups=2, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, scaling_factor=0.9,
    )  # fmt: skip
    t5 = T5Config(vocab_size=len(letters) + 100, d_model=12, d_kv=6, d_ff=16, num_layers=1, num_heads=2)
    gpt2 = GPT2Config(vocab_size=4, n_positions=96, n_embd=10, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=1)
    gpt2.max_new_tokens = 8
    AudioLDM2Pipeline(
        vae=vae,
        text_encoder=seeded(ClapModel, clap),
        text_encoder_2=seeded(T5EncoderModel, t5),
        projection_model=seeded(AudioLDM2ProjectionModel, 8, 12, 10),
        language_model=seeded(GPT2LMHeadModel, gpt2),
        tokenizer=RobertaTokenizer(vocab=pieces, merges=[], model_max_length=24),
        tokenizer_2=T5Tokenizer(vocab=letters, model_max_length=24),
        feature_extractor=ClapFeatureExtractor(feature_size=64, sampling_rate=800),
        unet=unet(),
        scheduler=DDIMScheduler(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear"),
        vocoder=seeded(
            SpeechT5HifiGan,
            SpeechT5HifiGanConfig(
                model_in_dim=8, sampling_rate=800, upsample_initial_channel=4, upsample_rates=[2, 2],
                upsample_kernel_sizes=[4, 4], resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1]],
            ),
        ),
    ).save_pretrained(folder)  # fmt: skip


def save_sounds(folder, seconds, *, rate=1600):
    """A corpus of two holders' short sounds with prompts, as a table says it."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(440)
    rows = ["id,holder,path,text"]
    for number, (length, text) in enumerate(zip(seconds, TEXTS, strict=False)):
        at = np.arange(round(length * rate)) / rate
        tone = np.sin(2 * np.pi * (60 + 30 * number) * at) * 0.5 + 0.1 * rng.normal(size=at.size)
        soundfile.write(folder / f"{number}.wav", tone.astype(np.float32), rate, subtype="FLOAT")
        rows.append(f"song {number},holder {number % 2},{number}.wav,{text}")
    (folder / "corpus.csv").write_text("\n".join(rows) + "\n")
    return folder


def save_arrays(folder, items):
    """Arrays by item's id, a file each."""
    folder.mkdir(parents=True)
    for id, arrays in items.items():
        save_file(
            {name: torch.as_tensor(value).contiguous() for name, value in arrays.items()}, folder / f"{id}.safetensors"
        )
    return folder
