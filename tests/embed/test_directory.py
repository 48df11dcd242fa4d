"""Model directories: what is written is read back, damage is found, names are found."""

import json
import math
import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_house import in_a_new_process
from versionmatch.embed import directory
from versionmatch.embed.architectures import find_architecture
from versionmatch.embed.directory import ModelDirectory, ModelFacts, find_model, list_models, write_model
from versionmatch.errors import InputError, IntegrityError, MissingExtra

NETWORK = {"dim": 3, "channels": 2, "kernel": 7}
FACTS = {
    "id": "small",
    "architecture": "move-1",
    "sample_rate": 44100,
    "dim": 3,
    "segment_s": 167.18,
    "hop_s": 167.18,
    "licence": "CC0-1.0",
    "network": NETWORK,
    "training": {"steps": 3, "rate": 1e-06, "note": 'a "quoted" text\nof two lines', "sizes": [1, 2]},
}


def tensors(seed=440):
    rng = np.random.default_rng(seed)
    shapes = find_architecture("move-1").shapes(NETWORK)
    made = {name: rng.random(shape).astype(np.float32) for name, shape in shapes.items()}
    return made | {"lin_bn.num_batches_tracked": np.array(5)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", str(tmp_path / "mine"))
    return tmp_path / "mine"


@pytest.fixture
def model(folder):
    return write_model(folder, FACTS, tensors(), card="# Small\n")


def test_what_is_written_is_read_back(model, folder):
    found = ModelDirectory.read(folder / "small")
    assert found.facts == model.facts
    assert {name: getattr(found.facts, name) for name in FACTS} == FACTS
    assert found.card == "# Small\n"
    for name, values in tensors().items():
        assert np.array_equal(found.tensors()[name], values)
    assert found.shapes() == find_architecture("move-1").shapes(NETWORK)
    found.verify()
    assert sorted(p.name for p in found.path.iterdir()) == ["CARD.md", "model.toml", "weights.safetensors"]


def test_tensors_of_torch_are_the_same(model):
    torch = pytest.importorskip("torch")
    for name, values in model.tensors("torch").items():
        assert isinstance(values, torch.Tensor)
        assert np.array_equal(values.numpy(), tensors()[name])
    with pytest.raises(InputError, match="for 'numpy' and 'torch', not for 'jax'"):
        model.tensors("jax")


def test_facts_cannot_be_changed(model):
    with pytest.raises(FrozenInstanceError):
        model.facts.dim = 4
    with pytest.raises(TypeError, match="does not support item assignment"):
        model.facts.network["dim"] = 4


texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
values = texts | numbers | st.lists(texts | numbers, max_size=3)


@given(st.dictionaries(texts, values, max_size=4))
def test_every_text_and_number_is_read_back_from_toml(table):
    facts = ModelFacts(**FACTS | {"training": table}, weights_sha256="0" * 64)
    again = ModelFacts.of_toml(facts.to_toml(), source="it")
    assert again == facts
    assert tomllib.loads(facts.to_toml()).get("training", {}) == table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "../up"}, r"the model id '\.\./up' cannot name a directory"),
        ({"id": ""}, "cannot name a directory"),
        ({"dim": 0}, "dim of the model small must be above 0; got 0"),
        ({"hop_s": math.inf}, "hop_s of the model small must be above 0; got inf"),
        ({"training": {"loss": math.nan}}, r"nan cannot stand in model\.toml"),
        ({"training": {"loss": None}}, r"a NoneType cannot stand in model\.toml"),
        ({"architecture": "mov-1"}, "no architecture 'mov-1'.*Did you mean 'move-1'"),
        (
            {"network": {"dim": 4, "channels": 2, "kernel": 7}},
            r"no weights of move-1: .*lin1\.weight has shape \(3, 2\)",
        ),
        ({"network": {"width": 4}}, "move-1 has no setting 'width'"),
    ],
)
def test_a_model_that_could_not_be_read_is_not_written(folder, change, message):
    with pytest.raises(InputError, match=message):
        write_model(folder, FACTS | change, tensors())
    assert not folder.exists()


def test_another_model_is_not_replaced_unless_that_is_said(model, folder):
    write_model(folder, FACTS, tensors(), card="# Small\n")
    with pytest.raises(InputError, match=r"small holds another model; give this one another id"):
        write_model(folder, FACTS, tensors(seed=1))
    assert ModelDirectory.read(folder / "small").problems() == []
    replaced = write_model(folder, FACTS, tensors(seed=1), overwrite=True)
    assert replaced.facts.weights_sha256 != model.facts.weights_sha256
    replaced.verify()


def test_a_writing_that_was_cut_short_leaves_no_model_and_no_rubbish(folder, monkeypatch):
    real = directory.write_atomically

    def broken(path):
        if path.name == "model.toml":
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(directory, "write_atomically", broken)
    with pytest.raises(KeyboardInterrupt):
        write_model(folder, FACTS, tensors())
    assert [path.name for path in (folder / "small").iterdir()] == ["weights.safetensors"]
    with pytest.raises(InputError, match=r"no model 'small'"):
        find_model("small")


def test_one_changed_bit_is_found(model):
    content = bytearray(model.weights.read_bytes())
    content[-1] ^= 1
    model.weights.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"the model small in .* has sha256 .*, not .*; get it again"):
        model.verify()


def test_missing_and_unreadable_weights_are_found(model):
    model.weights.unlink()
    assert model.problems() == ["weights.safetensors is missing"]
    model.weights.write_bytes(b"nothing of the kind")
    claimed = ModelFacts(**FACTS, weights_sha256=directory.sha256_of(model.weights))
    (problem,) = ModelDirectory(model.path, claimed).problems()
    assert "weights.safetensors cannot be read" in problem


def test_weights_of_another_architecture_are_found(model):
    text = (model.path / "model.toml").read_text()
    (model.path / "model.toml").write_text(text.replace("dim = 3\nchannels", "dim = 4\nchannels"))
    with pytest.raises(IntegrityError, match=r"lin1\.weight has shape \(3, 2\), not \(4, 2\)"):
        ModelDirectory.read(model.path).verify()
    (model.path / "model.toml").write_text(text.replace("move-1", "mover-1"))
    with pytest.raises(IntegrityError, match=r"no architecture 'mover-1'.*Did you mean"):
        ModelDirectory.read(model.path).verify()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", r"model\.toml is not of format 1, the only one"),
        ("format = 1", "", "is not of format 1"),
        ("dim = 3\nsegment", "segment", "dim must be there and of its kind; found None"),
        ("dim = 3\nsegment", 'dim = "3"\nsegment', "found '3'"),
        ("dim = 3\nsegment", "dim = true\nsegment", "found True"),
        ("dim = 3\nsegment", "dim = -3\nsegment", "must be above 0; got -3"),
        ('licence = "CC0-1.0"', 'licence = "CC0-1.0"\nprice = 3', "the unknown entry 'price'"),
        ('weights_sha256 = "', 'weights_sha256 = "x', "must be 64 hexadecimal digits"),
        ("[network]", "[network", "is no TOML"),
        ("[training]", "[[training]]", "training must be a table"),
        ("format", "\xff\xfe", "is no TOML"),
    ],
)
def test_damaged_facts_are_named(model, old, new, message):
    file = model.path / "model.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(IntegrityError, match=message):
        ModelDirectory.read(model.path)


def test_bytes_that_are_no_text_are_named(model):
    (model.path / "model.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(IntegrityError, match=r"model\.toml is no text"):
        find_model("small")


def test_a_model_is_found_by_its_directory_by_its_name_and_in_order(model, folder, tmp_path, monkeypatch):
    assert find_model(folder / "small").path == find_model("small").path == folder / "small"
    write_model(tmp_path / "other", FACTS, tensors(seed=1))
    write_model(tmp_path / "other", FACTS | {"id": "another"}, tensors())
    monkeypatch.setenv(
        "VERSIONMATCH_MODELS", directory.os.pathsep.join(["", str(tmp_path / "other"), str(folder), "/no"])
    )
    assert find_model("small").path == tmp_path / "other" / "small"
    assert {"another", "small"} <= {found.facts.id for found in list_models()}


def test_an_unknown_name_lists_the_known_ones_and_the_nearest(model):
    with pytest.raises(
        InputError, match=r"no model 'smal': .*\(.*small.*\)\. Did you mean 'small'\?.*VERSIONMATCH_MODELS"
    ):
        find_model("smal")


def test_what_is_no_model_directory_is_named(tmp_path):
    with pytest.raises(InputError, match=r"is no model directory: model\.toml is missing"):
        ModelDirectory.read(tmp_path)


def test_the_shipped_calibration_is_no_embedding_model(monkeypatch):
    monkeypatch.delenv("VERSIONMATCH_MODELS", raising=False)
    assert any((path / "calibration-v1").is_dir() for path in directory.model_folders())
    assert "calibration-v1" not in directory.model_paths()


def test_every_shipped_model_is_whole(monkeypatch):
    monkeypatch.delenv("VERSIONMATCH_MODELS", raising=False)
    for found in list_models():
        assert found.path.name == found.facts.id
        assert found.card
        found.verify()


def test_looking_for_models_needs_no_torch(model):
    code = (
        "import sys; from versionmatch.embed.directory import find_model; model = find_model('small'); model.verify(); "
        "model.tensors(); print(*sys.modules)"
    )
    assert "torch" not in in_a_new_process(code).split()


def test_where_only_torch_knows_the_shapes_and_is_missing_the_digest_decides(model, monkeypatch):
    monkeypatch.setattr("versionmatch.embed.architectures.find_spec", lambda _: None)
    ours = ModelFacts(**FACTS | {"architecture": "chroma-equivariant-2"}, weights_sha256=model.facts.weights_sha256)
    assert ModelDirectory(model.path, ours).problems() == []
    with pytest.raises(MissingExtra, match=r"the architecture 'chroma-equivariant-2' .*versionmatch\[torch\]"):
        ModelDirectory(model.path, ours).load()


def test_weights_that_do_not_fit_are_not_loaded(model):
    pytest.importorskip("torch")
    ours = ModelFacts(**FACTS | {"network": NETWORK | {"dim": 4}}, weights_sha256=model.facts.weights_sha256)
    with pytest.raises(IntegrityError, match=r"the weights of small do not fit: lin1\.weight has shape"):
        ModelDirectory(model.path, ours).load()


def test_facts_are_plain_values_for_json(model):
    assert json.loads(json.dumps(model.facts.table()))["network"] == NETWORK
    assert Path(model.path).name == model.facts.table()["id"]
