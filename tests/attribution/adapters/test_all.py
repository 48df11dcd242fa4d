"""What holds for every adapter, with the library's own class in it where there is one."""

import sys

import pytest
import torch

from tests.attribution.adapters.conftest import ADAPTERS, IDS
from versionmatch.attribution.attribute import attribute
from versionmatch.attribution.context import Context
from versionmatch.attribution.draws import Draws
from versionmatch.attribution.methods.unlearning import UnlearnDiagonal, UnlearnEkfac
from versionmatch.errors import InputError, MissingExtra, ParamsError
from versionmatch.plugins import find, names
from versionmatch.testing import check_adapter

DRAWS = Draws.first(3)
STEPS = {"musicgen": 10, "audiocraft": 10, "stable-audio": 100, "stable-audio-tools": 300, "audioldm2": 60}
each = pytest.mark.parametrize("name", ADAPTERS)


def test_all_adapters_are_announced():
    assert set(ADAPTERS) < set(names("adapters"))


@each
def test_an_adapter_opened_by_words_conforms(name, opened, sources):
    check_adapter(opened(name), sources[name], n_items=5)


@each
def test_a_model_opened_again_gives_the_same_bits(name, opened):
    one, other = opened(name), opened(name)
    assert one.fingerprint == other.fingerprint
    assert one.corpus.digest == other.corpus.digest
    assert one.item_ids() == IDS
    assert torch.equal(*(m.losses(m.load(IDS), DRAWS, mask_pad=False) for m in (one, other)))
    with torch.no_grad():
        next(iter(other.params().values())).add_(1e-3)
    assert one.fingerprint != other.fingerprint


def learned(model, steps):
    """The model's weights after some steps of training on its own corpus."""
    optimiser, batch = torch.optim.Adam(model.params().values(), 5e-3), model.load(IDS)
    for step in range(steps):
        optimiser.zero_grad()
        model.losses(batch, Draws.first(4, stream=f"training {step}"), mask_pad=False).mean().backward()
        optimiser.step()
    optimiser.zero_grad()


@each
def test_an_item_that_is_unlearned_is_the_first_to_be_forgotten(name, opened, told_apart):
    model = opened(name, **told_apart.get(name, {}))
    learned(model, STEPS[name])
    context = Context(model, model.corpus, batch_size=3)
    before = {key: value.detach().clone() for key, value in model.params().items()}
    for method in (UnlearnEkfac(rise=0.15, draws=8, query_draws=8), UnlearnDiagonal(draws=8, query_draws=8)):
        for result in attribute(context, dict.fromkeys(IDS[:3]), method=method):
            assert result.items[0].item == result.query, method.name
            assert result.items[0].score > 0
    assert all(torch.equal(value, before[key]) for key, value in model.params().items())


@each
def test_what_is_told_of_groups_are_the_layers_that_they_name(name, opened):
    model = opened(name)
    groups = model.groups()
    assert groups
    assert all(set(members) <= set(model.params()) for members in groups.values())
    if name != "audioldm2":  # whose parts by place hold those by kind
        kinds = [groups[kind] for kind in ("attention", "mlp", "head", "exit") if kind in groups]
        assert len({n for members in kinds for n in members}) == sum(map(len, kinds))


@each
def test_padding_is_left_out_only_where_that_is_asked(name, opened):
    """The longest item has no padding, all others have, and what is masked is what the padding adds."""
    model = opened(name)
    batch = model.load(IDS)
    plain, masked = (model.losses(batch, DRAWS, mask_pad=m).detach() for m in (False, True))
    whole = [i for i, id in enumerate(IDS) if bool(model.load([id]).stacks[0].valid.all())]
    for at in range(len(IDS)):
        assert bool((plain[at] == masked[at]).all()) == (at in whole), IDS[at]
    assert len(whole) < len(IDS)


@each
def test_edited_and_mashed_items_are_pieces_of_their_own(name, opened, told_apart):
    model = opened(name, **told_apart.get(name, {}))
    first, second = (model.load([id]).stacks[0] for id in IDS[:2])
    made = {
        "half": model.edited(IDS[0], 0.5, 440),
        "both": model.mash_up(*IDS[:2]),
        "none": model.edited(IDS[0], 0.0, 1),
    }
    batch = model.read(made)
    found = {id: main for stack in batch.stacks for id, main in zip(stack.ids, stack.main, strict=True)}
    music = int(first.valid.sum())
    assert torch.equal(found["none"], first.main[0])
    changed = (found["half"] != first.main[0]).movedim(1, 0).flatten(1).any(1)
    assert 0 < int(changed.sum()) <= round(music / 2)
    both = found["both"]
    frames = range(both.shape[1])
    of_first, of_second = ([torch.equal(both[:, t], own.main[0, :, t]) for t in frames] for own in (first, second))
    assert all(a or b for a, b in zip(of_first, of_second, strict=True))
    assert not all(of_first)
    assert not all(of_second)
    assert torch.isfinite(model.losses(batch, DRAWS, mask_pad=True)).all()


@each
def test_the_corpus_is_frozen_by_what_its_items_are(name, opened, homes, tmp_path):
    model = opened(name)
    assert len(set(model.corpus.contents)) == len(IDS)
    with pytest.raises(InputError, match=f"the corpus of {name} has no item 'song 9'"):
        model.load(["song 9"])


@pytest.mark.parametrize("name", ["musicgen", "stable-audio", "audioldm2"])
def test_frozen_encoders_run_once_per_item(name, opened, tmp_path, homes):
    model, runs = opened(name, keep=str(tmp_path)), []
    for part in model.frozen.values():
        encode = getattr(part, "encode", None)
        if encode is not None:
            part.encode = lambda *a, encode=encode, **k: (runs.append("codec"), encode(*a, **k))[1]
        part.register_forward_hook(lambda *_: runs.append("text"))
    first = model.losses(model.load(IDS), DRAWS, mask_pad=False)
    assert "codec" in runs
    assert "text" in runs
    runs.clear()
    assert torch.equal(first, model.losses(model.load(IDS), DRAWS, mask_pad=False))
    again = opened(name, keep=str(tmp_path))
    assert torch.equal(first, again.losses(again.load(IDS), DRAWS, mask_pad=False))
    assert not runs


@pytest.mark.parametrize(("name", "library"), [("musicgen", "transformers"), ("stable-audio", "diffusers")])
def test_a_missing_library_is_met_with_the_extra_that_brings_it(name, library, homes, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=r"versionmatch\[generative\]"):
        find("adapters", name).open(**homes[name])


@each
def test_a_folder_without_a_model_is_named(name, opened, tmp_path):
    with pytest.raises(InputError, match="there is no saved model for"):
        opened(name, model=str(tmp_path / "nothing"))


@pytest.mark.parametrize("name", ["stable-audio-tools", "audiocraft"])
@pytest.mark.parametrize(
    ("factory", "error", "told"),
    [
        ("small", ParamsError, "factory is MODULE:FUNCTION or FILE.py:FUNCTION"),
        ("tests.attribution.adapters.given:nobody", ParamsError, "no attribute 'nobody'"),
        ("/nowhere/net.py:make", ParamsError, "there is no factory"),
        ("tests.attribution.adapters.given:no_network", InputError, r"gives a torch.nn.Module; got dict"),
    ],
)
def test_a_factory_that_makes_no_network_is_named(name, factory, error, told, opened):
    with pytest.raises(error, match=told):
        opened(name, factory=factory)
