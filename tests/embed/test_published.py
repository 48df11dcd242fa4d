"""The published networks: their states are the published ones, their arithmetic is that of the textbook twins."""

import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.embed import naive_published as naive  # noqa: E402
from tests.embed.published_examples import SMALL, batch, network, state  # noqa: E402
from tests.embed.published_facts import facts  # noqa: E402
from versionmatch.embed.architectures import ARCHITECTURES, find_architecture  # noqa: E402
from versionmatch.embed.published import coverhunter, families, move, vinet  # noqa: E402
from versionmatch.embed.published.cqt import constant_q_filters  # noqa: E402
from versionmatch.errors import InputError, ParamsError  # noqa: E402

FACTS = json.loads((Path(__file__).parent / "published_facts.json").read_text())
TWINS = {
    "clews-1": naive.clews,
    "fish-1": naive.fish,
    "discogs-vinet-1": naive.vinet,
    "coverhunter-1": naive.coverhunter,
    "move-1": naive.move,
}


def relative(found, wanted):
    return float((found.double() - wanted.double()).norm() / wanted.double().norm())


def mirex(name):
    return name.replace("features.", "front_end.").replace("proj.0.", "proj.lin.")


def dvinet_plus(name):
    if name.startswith("proj.0."):
        return name.replace("proj.0.", "fc.")
    block, layer = divmod(int(name.split(".")[1]), 7)
    return f"block{block + 1}.{layer}.{name.split('.', 2)[2]}"


def coverhunter_c(name):
    for ours, theirs in (("_global_cmvn", "preproc"), ("_encoder", "backbone"), ("_pool", "pool"), ("_bott", "bott")):
        name = theirs + name.removeprefix(ours) if name.startswith(ours) else name
    return name


def filters(prefix, bins):
    return {f"{prefix}.lenghts": (bins,)} | {f"{prefix}.cqt_kernels_{x}": (bins, 1, 16384) for x in ("real", "imag")}


VARIANTS = {  # title: architecture, settings, published name of an entry, entries that only the published file has
    "CLEWS, z = 1024": ("clews-1", {}, str, {}),
    "CLEWS, z = 2048": ("clews-1", {"dim": 2048}, str, {}),
    "Discogs-VINet, ISMIR": ("discogs-vinet-1", {}, str, {}),
    "Discogs-VINet, MIREX": ("discogs-vinet-1", {"channels": 40, "frames": 7600}, mirex, {}),
    "DVINet+": ("discogs-vinet-1", {"channels": 48, "bias": 1}, dvinet_plus, filters("cqt", 84)),
    "CoverHunter": (
        "coverhunter-1",
        {},
        str,
        {"_ce_layer.weight": (30000, 128), "_center_loss.centers": (30000, 128)},
    ),
    "CoverHunterC": (
        "coverhunter-1",
        {},
        coverhunter_c,
        {"ce_layer.weight": (100000, 128), "center_loss.centers": (100000, 128)} | filters("cqt", 96),
    ),
    "Re-MOVE, 256": ("move-1", {}, str, {}),
    "MOVE, 4000": ("move-1", {"dim": 4000}, str, {}),
    "MOVE, 16000": ("move-1", {"dim": 16000}, str, {}),
}


@pytest.mark.parametrize("title", VARIANTS)
def test_every_name_and_shape_is_the_published_one(title):
    architecture, settings, published, extra = VARIANTS[title]
    shapes = find_architecture(architecture).shapes(settings)
    assert facts({published(name): shape for name, shape in shapes.items()} | extra) == FACTS[title]


def test_every_name_and_shape_of_the_unified_model_is_the_published_one_but_for_the_filters():
    shapes = find_architecture("fish-1").shapes({})
    assert shapes["feature_extractor.cqt_kernels_real"] == (84, 1, 16384)
    listed = {name: shape for name, shape in shapes.items() if not name.startswith("feature_extractor.")}
    assert facts(listed) == FACTS["unified model"]


@pytest.mark.parametrize("architecture", families.FAMILIES)
@pytest.mark.parametrize("size", ["published", "small"])
def test_the_network_has_the_state_that_its_manifest_says(architecture, size):
    settings = {} if size == "published" else SMALL[architecture]
    with torch.device("meta"):  # nothing is allocated
        built = find_architecture(architecture).build(settings)
    found = {name: tuple(values.shape) for name, values in built.state_dict().items()}
    assert found == find_architecture(architecture).shapes(settings)


def test_parameters_are_as_many_as_counted_on_the_published_networks():
    def count(architecture, settings):
        with torch.device("meta"):
            return sum(p.numel() for p in find_architecture(architecture).build(settings).parameters())

    assert count("clews-1", {}) == 196_793_363
    assert count("clews-1", {"dim": 2048}) == 198_890_515
    assert round(count("discogs-vinet-1", {}) / 1e6, 2) == 5.19
    assert round(count("discogs-vinet-1", {"channels": 40}) / 1e6, 2) == 8.02
    assert round(count("coverhunter-1", {}) / 1e6, 2) == 2.23
    assert round(count("move-1", {}) / 1e6, 2) == 2.26


@pytest.mark.parametrize("architecture", TWINS)
def test_the_forward_pass_is_that_of_the_textbook_twin(architecture):
    values = batch(architecture)
    found = network(architecture)(values)
    wanted = TWINS[architecture](values, state(architecture))
    assert found.shape == (2, SMALL[architecture]["dim"])
    assert relative(found, wanted) < 1e-5
    assert relative(found[0], found[1]) > 1e-3  # the two inputs are told apart


SHIFTS_OF_A_SOFTMAX = ("linear_k.bias", "_conv.conv.bias")
"""Added alike to all that a softmax weighs: they change nothing, in the published networks either."""


@pytest.mark.parametrize("architecture", TWINS)
def test_every_weight_has_a_part_in_the_embedding(architecture):
    trained = copy.deepcopy(network(architecture)).requires_grad_(True)
    trained(batch(architecture))[:, 0].sum().backward()
    idle = [name for name, p in trained.named_parameters() if p.grad is None or not p.grad.abs().max() > 1e-9]
    assert [name for name in idle if not name.endswith(SHIFTS_OF_A_SOFTMAX)] == []


@pytest.mark.parametrize("architecture", TWINS)
def test_the_same_input_has_the_same_embedding_alone_and_in_a_batch(architecture):
    values = batch(architecture)
    whole = network(architecture)(values)
    assert torch.equal(whole, network(architecture)(values))
    assert relative(network(architecture)(values[1:]), whole[1:]) < 1e-5


@pytest.mark.parametrize("architecture", ["fish-1", "discogs-vinet-1"])
def test_embeddings_of_the_unified_model_and_of_vinet_have_length_1(architecture):
    assert torch.allclose(network(architecture)(batch(architecture)).norm(dim=1), torch.ones(2))


def test_louder_sound_has_the_same_embedding_in_clews():
    sound = batch("clews-1")
    assert relative(network("clews-1")(3 * sound), network("clews-1")(sound)) < 1e-3


def test_move_hears_a_transposition_as_the_same():
    profile = torch.rand(12, 8 * 340, generator=torch.Generator().manual_seed(440))
    embeddings = [network("move-1")(move.prepare(profile.roll(k, 0)))[0] for k in range(12)]
    for embedding in embeddings[1:]:
        assert relative(embedding, embeddings[0]) < 1e-5


def test_filters_of_the_constant_q_transform_are_those_of_nnaudio():
    features = pytest.importorskip("nnAudio.features")
    theirs = features.CQT1992v2(sr=16000, hop_length=320, fmin=32.7, n_bins=84, verbose=False)
    for name, values in constant_q_filters(84, 16384).items():
        np.testing.assert_allclose(values, getattr(theirs, name).numpy(), atol=1e-8)
    found = network("clews-1").cqt[0](batch("clews-1"))
    assert relative(found, theirs(batch("clews-1"))) < 1e-5


def test_filters_have_the_lengths_that_the_published_ones_have():
    lengths = constant_q_filters(84, 16384)["lenghts"]
    assert (lengths[0], lengths[-1]) == (8229, 69)


def test_a_window_of_20_seconds_gives_200_frames_of_84_bins():
    assert network("clews-1").cqt(torch.zeros(1, 320_000)).shape == (1, 84, 200)


def test_vinet_sees_blocks_of_20_frames_over_the_largest():
    magnitude = torch.zeros(84, 45)
    magnitude[3, :20], magnitude[4, 20:45] = 2.0, 4.0
    values = vinet.prepare(magnitude, 100)
    assert values.shape == (1, 84, 5)
    assert values[0, 3].tolist() == pytest.approx([0.5, 0, 0, 0, 0], abs=1e-6)
    assert values[0, 4].tolist() == pytest.approx([0, 1, 0.25, 0, 0], abs=1e-6)
    assert vinet.prepare(magnitude, 20).shape == (1, 84, 1)


def test_coverhunter_sees_decibels_below_the_loudest_in_chunks_of_135_seconds():
    magnitude = torch.full((96, 3376), 0.1)
    magnitude[0, 0] = 1.0
    values = coverhunter.prepare(magnitude)
    assert values.shape == (2, 96, 1125)
    assert float(values[0, 5, 7]) == pytest.approx(-20, abs=1e-3)
    assert float(values[0, 0, 0]) == pytest.approx((0 - 20 - 20) / 3, abs=1e-3)
    assert float(values[1, 0, 0]) == pytest.approx((-20 - 100 - 100) / 3, abs=1e-3)
    assert float(values[1, 0, 1]) == -100


def test_move_sees_the_profile_twice_but_for_the_last_row():
    profile = torch.arange(12.0)[:, None].expand(12, 17)
    values = move.prepare(profile)
    assert values.shape == (1, 23, 3)
    assert values[0, :, 0].tolist() == [*range(12), *range(11)]


def test_input_of_the_wrong_shape_is_refused():
    with pytest.raises(InputError, match=r"shape \(bin, frame\); got \(84,\)"):
        vinet.prepare(torch.zeros(84), 100)
    with pytest.raises(InputError, match=r"and a frame; got \(96, 0\)"):
        coverhunter.prepare(torch.zeros(96, 0))
    with pytest.raises(InputError, match=r"shape \(12, frame\); got \(13, 9\)"):
        move.prepare(torch.zeros(13, 9))


def test_move_says_how_much_it_needs():
    with pytest.raises(InputError, match=r"needs 320 frames \(30 s\) or more; got 319"):
        network("move-1")(torch.zeros(1, 23, 319))
    assert network("move-1")(torch.zeros(1, 23, 320)).shape == (1, 5)


@pytest.mark.parametrize(
    ("architecture", "settings", "message"),
    [
        ("clews-1", {"width": 3}, r"clews-1 has no setting 'width'; there are: dim, channels"),
        ("clews-1", {"dim": 0}, r"dim of clews-1 must be a whole number from 1 .*got 0"),
        ("clews-1", {"dim": 10**9}, r"dim of clews-1 must be .* to 1,000,000; got 1000000000"),
        ("fish-1", {"channels": [8, 7.5]}, r"channels of fish-1 must be whole numbers .*got \[8, 7.5\]"),
        ("clews-1", {"channels": [8, 16]}, r"must be equally many; got 2, 4 and 4"),
        ("clews-1", {"channels": [9, 16, 32, 64]}, r"must be even; got 9"),
        ("discogs-vinet-1", {"channels": True}, r"must be a whole number .*got True"),
        ("coverhunter-1", {"heads": 3}, r"width that heads divide.*got width 128, heads 3"),
        ("move-1", {"kernel": "180"}, r"must be a whole number .*got '180'"),
    ],
)
def test_a_setting_that_is_unknown_or_out_of_range_is_named(architecture, settings, message):
    with pytest.raises(ParamsError, match=message):
        find_architecture(architecture).build(settings)


def test_an_unknown_architecture_names_the_nearest():
    with pytest.raises(InputError, match=r"no architecture 'clews'; there are: .*Did you mean 'clews-1'"):
        find_architecture("clews")


def test_each_published_network_says_what_it_takes():
    for name, family in families.FAMILIES.items():
        with torch.device("meta"):
            built = find_architecture(name).build({})
        assert built.architecture == name
        assert built.input in ("audio", "cqt", "pcp")
        assert math.isclose(built.segment_s, family.segment_s, abs_tol=0.01)
        assert built.sample_rate == family.sample_rate
    assert set(families.FAMILIES) < set(ARCHITECTURES)
