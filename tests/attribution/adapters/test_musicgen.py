"""MusicGen's losses are the library's own, item by item."""

import pytest
import torch
from torch.nn import functional

from tests.attribution.adapters.conftest import IDS
from versionmatch.attribution.draws import Draws
from versionmatch.errors import InputError, ParamsError

transformers = pytest.importorskip("transformers", reason="the extra [generative] is not installed")
from tests.attribution.adapters import tiny  # noqa: E402
from versionmatch.attribution.adapters.items import Entry  # noqa: E402
from versionmatch.attribution.adapters.musicgen import MusicGen  # noqa: E402

ONE = Draws.first(1)
PAD = 16


@pytest.fixture(scope="module", params=[1, 2], ids=["mono", "stereo"])
def pair(request):
    """The library's model, and the adapter with codes of two lengths, prompts of three, and one without."""
    model, draw = tiny.musicgen(request.param), torch.Generator().manual_seed(1)
    model.config.decoder.decoder_start_token_id = PAD  # what the published configurations hold
    entries = [
        Entry(
            f"song {n}",
            text=text,
            arrays={
                "codes": torch.randint(0, 16, (4 * request.param, 9 + n % 2), generator=draw),
                "length": torch.tensor(6 + n),
            },
        )
        for n, text in enumerate(["slow air in minor", "quick reel", "", "air"])
    ]
    return model, MusicGen(model, entries, tokenizer=tiny.word_tokenizer())


def library_labels(model, codes):
    """Codes in the delay pattern as the library itself lays them out, ``(1, place, codebook)``."""
    first = torch.full((len(codes), 1), PAD)
    decoder = model.decoder
    _, pattern = decoder.build_delay_pattern_mask(
        torch.cat([first, codes], 1), PAD, max_length=codes.shape[1] + len(codes) // decoder.config.audio_channels
    )
    return pattern[:, 1:].T[None]


def library_loss(model, codes, text):
    words = tiny.word_tokenizer()(text, return_tensors="pt")
    return model(
        input_ids=words.input_ids, attention_mask=words.attention_mask, labels=library_labels(model, codes)
    ).loss


def test_losses_are_the_librarys_own_with_padding_and_delays(pair):
    model, adapter = pair
    found = adapter.losses(adapter.load(IDS[:4]), ONE, mask_pad=False)[:, 0]
    for at in (0, 1, 3):
        entry = adapter._entries[IDS[at]]
        assert float(found[at]) == pytest.approx(
            float(library_loss(model, entry.arrays["codes"], entry.text)), abs=1e-6
        )


def test_an_item_without_a_prompt_is_unconditional_as_the_library_makes_it(pair):
    model, adapter = pair
    nothing = model.get_unconditional_inputs(1)
    labels = library_labels(model, adapter._entries["song 2"].arrays["codes"])
    loss = model(
        encoder_outputs=(nothing.encoder_outputs[0],), attention_mask=nothing.attention_mask, labels=labels
    ).loss
    for ids in (["song 2"], ["song 0", "song 2"]):
        found = adapter.losses(adapter.load(ids), ONE, mask_pad=False)[-1, 0]
        assert float(found) == pytest.approx(float(loss), abs=1e-6)


def test_masked_padding_is_left_out_of_each_codebook(pair):
    model, adapter = pair
    entry = adapter._entries["song 1"]
    codes, length = entry.arrays["codes"], int(entry.arrays["length"])
    labels = library_labels(model, codes)
    words = tiny.word_tokenizer()(entry.text, return_tensors="pt")
    logits = model(input_ids=words.input_ids, attention_mask=words.attention_mask, labels=labels).logits
    each = []
    for k in range(len(codes)):
        late = k // model.config.decoder.audio_channels
        each.append(functional.cross_entropy(logits[k, late : late + length], codes[k, :length]))
    found = adapter.losses(adapter.load(["song 1"]), ONE, mask_pad=True)
    assert found.item() == pytest.approx(torch.stack(each).mean().item(), abs=1e-6)


def test_sound_becomes_the_codes_of_the_models_own_codec(opened, homes):
    adapter = opened("musicgen", seconds="")
    codec = adapter.frozen["codec"]
    import soundfile

    from versionmatch.audio.decode import stream

    path = f"{homes['musicgen']['corpus']}/3.wav"
    assert soundfile.info(path).samplerate == 1600
    samples = torch.from_numpy(next(iter(stream(path, sr=800))))[None, None]
    expected = codec.encode(samples, torch.ones_like(samples, dtype=torch.bool), bandwidth=1.6).audio_codes[0, 0]
    stack = adapter.load(["song 3"]).stacks[0]
    assert torch.equal(stack.main[0], expected)
    assert stack.valid.all()
    assert adapter.tokens(adapter.load(["song 3"])) == [expected[0].tolist()]


def test_sound_in_stereo_gives_left_and_right_codebooks_in_turn(tmp_path):
    import numpy as np
    import soundfile

    sides = np.random.default_rng(440).normal(size=(160, 2)).astype(np.float32) * 0.3
    soundfile.write(tmp_path / "both.wav", sides, 1600, subtype="FLOAT")
    soundfile.write(tmp_path / "right.wav", sides[:, 1], 1600, subtype="FLOAT")
    stereo = MusicGen(tiny.musicgen(2), [Entry("both", path=tmp_path / "both.wav")])
    mono = MusicGen(tiny.musicgen(1), [Entry("right", path=tmp_path / "right.wav")])
    mono.frozen["codec"].load_state_dict(stereo.frozen["codec"].state_dict())
    assert torch.equal(stereo.load(["both"]).stacks[0].main[0, 1::2], mono.load(["right"]).stacks[0].main[0])


def test_a_part_of_a_recording_is_an_item(homes, tmp_path, opened):
    table = tmp_path / "parts.csv"
    table.write_text(
        f"id,path,start,seconds\nall,{homes['musicgen']['corpus']}/0.wav,,\n"
        f"middle,{homes['musicgen']['corpus']}/0.wav,0.02,0.05\n"
    )
    adapter = opened("musicgen", corpus=str(table), seconds="")
    assert [adapter.load([i]).stacks[0].main.shape[2] for i in ("all", "middle")] == [10, 5]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"codes": torch.zeros(3, 5, dtype=torch.int64)}, r"of 4 codebooks; got torch.int64 \(3, 5\)"),
        ({"codes": torch.full((4, 5), 16)}, "codes are 0 to 15; got 16 to 16"),
        ({"codes": torch.zeros(4, 5, dtype=torch.int64), "length": torch.tensor(6)}, "length is 1 to 5 frames"),
        (
            {"codes": torch.zeros(4, 5, dtype=torch.int64), "text_states": torch.zeros(2, 5)},
            r"text_states are \(token, 12\)",
        ),
        ({"kodes": torch.zeros(4, 5)}, "has no array 'codes'; it has: kodes"),
    ],
)
def test_what_does_not_fit_is_named(arrays, told, opened):
    with pytest.raises(InputError, match=told):
        opened("musicgen").read({"piece": arrays} if "codes" in arrays else {"piece": Entry("piece", arrays=arrays)})


def test_what_cannot_be_opened_is_named(opened, homes, tmp_path):
    with pytest.raises(ParamsError, match="seconds is the length of the model's window"):
        opened("musicgen", seconds="long")
    with pytest.raises(ParamsError, match="give corpus="):
        opened("musicgen", corpus="")
    with pytest.raises(InputError, match=r"is 0.12 s long, the model's window 0.10 s"):
        opened("musicgen", seconds="0.1").load(["song 1"])
    model = MusicGen(tiny.musicgen(), [Entry("a", text="air", arrays={"codes": torch.zeros(4, 5, dtype=torch.int64)})])
    with pytest.raises(InputError, match="no tokenizer was saved with the model"):
        model.load(["a"])
