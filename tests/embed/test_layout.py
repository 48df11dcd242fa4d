"""Published checkpoints are recognised in the layouts they come in, and loading them is loud."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.embed.published_examples import FILTERS, SMALL, batch, network, state  # noqa: E402
from tests.embed.test_published import coverhunter_c, dvinet_plus, mirex, relative  # noqa: E402
from versionmatch.embed.architectures import find_architecture  # noqa: E402
from versionmatch.embed.convert import convert  # noqa: E402
from versionmatch.embed.published.layout import published_state  # noqa: E402
from versionmatch.embed.unpickle import read_checkpoint  # noqa: E402
from versionmatch.errors import InputError  # noqa: E402


class Configuration:
    """Stands for the configuration objects that real checkpoints hold."""


def prefixed(prefix, values):
    return {prefix + name: tensor for name, tensor in values.items()}


def read(tmp_path, value, architecture=None):
    torch.save(value, tmp_path / "given.pt")
    return published_state(read_checkpoint(tmp_path / "given.pt"), architecture)


def same(found, architecture):
    wanted = state(architecture)
    assert found.family.architecture == architecture
    assert list(found.arrays) == list(find_architecture(architecture).shapes(found.network))
    return all(np.array_equal(found.arrays[name], values.numpy()) for name, values in wanted.items())


def lightning_fish():
    """As the unified model is published: compiled, with the longer filters of training, and an optimiser."""
    given = {name.replace("model.", "model._orig_mod.", 1): values for name, values in state("fish-1").items()}
    longer = {name: given.pop(f"feature_extractor.{name}") for name in ("lenghts", "cqt_kernels_real")}
    imaginary = given.pop("feature_extractor.cqt_kernels_imag")
    for name, values in {**longer, "cqt_kernels_imag": imaginary}.items():
        given[f"feature_extractor_inference.{name}"] = values
        given[f"feature_extractor.{name}"] = torch.cat([values, values[:12]])
    return {"epoch": 1, "state_dict": given, "hyper_parameters": {"cfg": Configuration()}, "optimizer_states": []}


NESTED = {
    "clews-1": lambda s: {"model": s["clews-1"], "optim": {"state": {}}, "conf": Configuration(), "epoch": 3},
    "fish-1": lambda _: lightning_fish(),
    "discogs-vinet-1": lambda s: {"epoch": 2, "model_state_dict": s["discogs-vinet-1"], "scaler_state_dict": {}},
    "coverhunter-1": lambda s: {"generator": s["coverhunter-1"] | {"_ce_layer.weight": torch.ones(9, 6)}},
    "move-1": lambda s: s["move-1"],
}


@pytest.mark.parametrize("architecture", NESTED)
def test_each_is_recognised_in_the_container_it_is_published_in(tmp_path, architecture):
    found = read(tmp_path, NESTED[architecture]({architecture: state(architecture)}))
    assert same(found, architecture)
    for name, value in SMALL[architecture].items():
        assert found.network[name] == value


@pytest.mark.parametrize("architecture", NESTED)
@pytest.mark.parametrize("prefix", ["module.", "module.model.", "model._orig_mod.", "net."])
def test_prefixes_are_stripped_and_said(tmp_path, architecture, prefix):
    found = read(tmp_path, {"state_dict": prefixed(prefix, state(architecture))})
    assert same(found, architecture)
    assert any(sentence.startswith("stripped") for sentence in found.said)
    assert found.said[0] == "taken from 'state_dict'"


def test_nothing_is_said_where_nothing_is_changed(tmp_path):
    assert read(tmp_path, state("move-1")).said == ()


def test_what_only_training_needs_is_left_out_and_said(tmp_path):
    given = state("coverhunter-1") | {"_ce_layer.weight": torch.ones(9, 6), "_center_loss.centers": torch.ones(9, 6)}
    found = read(tmp_path, given)
    assert found.said == ("left out 2 entries that only training needs: _ce_layer.weight, _center_loss.centers",)


def test_the_longer_filters_of_training_serve_where_there_are_no_others(tmp_path):
    given = lightning_fish()
    for name in list(given["state_dict"]):
        if name.startswith("feature_extractor_inference."):
            del given["state_dict"][name]
    assert same(read(tmp_path, given), "fish-1")


@pytest.mark.parametrize("architecture", FILTERS)
def test_filters_are_made_where_the_file_has_none(tmp_path, architecture):
    given = {name: v for name, v in state(architecture).items() if not name.startswith(FILTERS[architecture])}
    found = read(tmp_path, given)
    assert same(found, architecture)
    assert "which the file lacks" in found.said[-1]


def test_the_corrected_spelling_of_lengths_is_read_too(tmp_path):
    given = state("clews-1")
    given["cqt.0.lengths"] = given.pop("cqt.0.lenghts")
    assert same(read(tmp_path, given), "clews-1")


@pytest.mark.parametrize(
    ("architecture", "published", "extra"),
    [
        ("discogs-vinet-1", mirex, {}),
        ("discogs-vinet-1", dvinet_plus, {"cqt.lenghts": torch.ones(84)}),
        ("coverhunter-1", coverhunter_c, {"ce_layer.weight": torch.ones(2, 6), "cqt.lenghts": torch.ones(96)}),
    ],
)
def test_other_layouts_of_the_same_network_are_renamed(tmp_path, architecture, published, extra):
    found = read(tmp_path, {published(name): v for name, v in state(architecture).items()} | extra)
    assert same(found, architecture)
    assert any(sentence.startswith("renamed") for sentence in found.said)
    assert any("is not known here" in sentence for sentence in found.said) == bool(extra)


def test_the_mirex_layout_looks_at_fewer_frames(tmp_path):
    given = state("discogs-vinet-1")
    assert read(tmp_path, given).network["frames"] == 8000
    assert read(tmp_path, prefixed("module.", {mirex(n): v for n, v in given.items()})).network["frames"] == 7600


def test_a_bias_of_the_last_layer_is_kept(tmp_path):
    found = read(tmp_path, state("discogs-vinet-1") | {"proj.0.bias": torch.arange(7.0)})
    assert found.network["bias"] == 1
    assert found.arrays["proj.0.bias"].tolist() == [*range(7)]


def test_half_precision_is_loaded_as_single(tmp_path):
    given = {n: v.half() if v.dtype.is_floating_point else v for n, v in state("move-1").items()}
    found = read(tmp_path, given)
    assert found.arrays["conv1.weight"].dtype == np.float32
    assert found.arrays["lin_bn.num_batches_tracked"].dtype == np.int64


def without(name):
    return lambda given: given.pop(name)


def turned(name):
    return lambda given: given.update({name: given[name].T})


DAMAGE = {
    "missing": (without("conv3.bias"), r"no whole MOVE and Re-MOVE \(move-1\): 1 missing \(conv3\.bias\)"),
    "unexpected": (lambda g: g.update({"conv9.bias": g["conv3.bias"]}), r"1 unexpected \(conv9\.bias\)"),
    "shape": (turned("lin1.weight"), r"lin1\.weight has shape \(6, 5\), not \(6, 6\)"),
    "no tensor": (lambda g: g.update({"conv3.bias": 3}), r"conv3\.bias is a int, not a tensor"),
    "an object": (lambda g: g.update({"conv3.bias": Configuration()}), r"conv3\.bias is an object of .*Configuration"),
    "axes": (
        lambda g: g.update({"conv1.weight": g["conv1.weight"].flatten(1)}),
        r"is no MOVE and Re-MOVE \(move-1\): conv1\.weight must be there with 4 axes; found \(6, 2160\)",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_does_not_fit_is_named(tmp_path, kind):
    change, message = DAMAGE[kind]
    given = state("move-1")
    change(given)
    with pytest.raises(InputError, match=rf"given\.pt.*{message}"):
        read(tmp_path, given)


def test_all_that_does_not_fit_is_said_at_once(tmp_path):
    given = state("clews-1")
    for i in range(1, 9):
        del given[f"backbone.{i}.gain"]
    del given["frontend.0.bias"]
    given["proj.2.bias"] = torch.ones(1)
    given["proj.0.weight"] = torch.ones(3)
    message = (
        r"9 missing \(backbone\.1\.gain, .*, …\); 1 unexpected \(proj\.2\.bias\); proj\.0\.weight has shape \(3,\)"
    )
    with pytest.raises(InputError, match=message):
        read(tmp_path, given)


def test_an_entry_under_two_names_is_refused(tmp_path):
    given = state("discogs-vinet-1")
    with pytest.raises(InputError, match=r"features\.0\.weight twice, under two names"):
        read(tmp_path, given | {"front_end.0.weight": given["features.0.weight"]})
    twice = {"model._orig_mod.a": torch.ones(1), "model.a": torch.ones(1)}
    with pytest.raises(InputError, match="entries twice, with and without '_orig_mod"):
        read(tmp_path, twice)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"a.weight": torch.ones(2)},
            r"no architecture that is known here; its entries begin a\.weight; sought: clews-1",
        ),
        ({"epoch": 3, "loss": 0.5}, r"holds no state dict; there are 'epoch', 'loss', sought were state_dict"),
        ([torch.ones(2)], "holds no state dict; there are list"),
        ({}, "holds no state dict; there are no entries"),
        (torch.nn.Linear(2, 2), r"holds an object of torch\.nn\.modules\.linear\.Linear, which is not read"),
        ({"model": torch.nn.Linear(2, 2)}, r"holds an object of torch\.nn\.modules\.linear\.Linear"),
    ],
)
def test_what_is_no_published_model_says_what_it_is(tmp_path, given, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, given)


def test_an_architecture_that_was_named_wrongly_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no published architecture 'move'; there are: .*Did you mean 'move-1'"):
        read(tmp_path, state("move-1"), "move")
    with pytest.raises(InputError, match=r"sought: clews-1 \(has backbone\.0\.convs\.0\.inst\.weight\)"):
        read(tmp_path, state("move-1"), "clews-1")
    assert same(read(tmp_path, state("move-1"), "move-1"), "move-1")


@pytest.mark.parametrize("architecture", NESTED)
def test_a_converted_model_gives_the_embeddings_of_the_network_it_was_made_from(tmp_path, architecture):
    torch.save(NESTED[architecture]({architecture: state(architecture)}), tmp_path / "their model.ckpt")
    model, _ = convert(tmp_path / "their model.ckpt", tmp_path / "models")
    assert model.facts.id == f"{architecture}-their-model"
    assert model.facts.dim == SMALL[architecture]["dim"]
    assert model.problems() == []
    loaded = model.load()
    assert not loaded.training
    values = batch(architecture)
    assert torch.equal(loaded(values), network(architecture)(values))
    assert relative(loaded(values)[0], loaded(values)[1]) > 1e-3
