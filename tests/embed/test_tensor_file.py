"""Safetensors files are converted as other checkpoints are, and what is wrong with one is named."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save, save_file  # noqa: E402

from tests.embed.published_examples import SMALL, batch, network, state  # noqa: E402
from tests.embed.test_published import mirex  # noqa: E402
from versionmatch.cli.main import main  # noqa: E402
from versionmatch.embed import tensor_file  # noqa: E402
from versionmatch.embed.convert import convert  # noqa: E402
from versionmatch.embed.published.layout import published_state  # noqa: E402
from versionmatch.embed.tensor_file import read_weights  # noqa: E402
from versionmatch.errors import InputError, LimitError  # noqa: E402


def written(path, header, data=b"", length=None):
    """A file with that header, whatever it says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize("architecture", SMALL)
def test_a_model_is_the_same_from_safetensors_as_from_a_pickle(tmp_path, architecture):
    given = {f"model._orig_mod.{name}": values for name, values in state(architecture).items()}
    save_file(given, tmp_path / "theirs.safetensors", {"format": "pt"})
    torch.save(given, tmp_path / "theirs.pt")
    tensors, pickled = (convert(tmp_path / f"theirs.{kind}", tmp_path / kind) for kind in ("safetensors", "pt"))
    assert tensors[0].facts.weights_sha256 == pickled[0].facts.weights_sha256
    assert tensors[0].facts.source["file"] == "theirs.safetensors"
    assert tensors[1] == pickled[1]
    values = batch(architecture)
    assert torch.equal(tensors[0].load()(values), network(architecture)(values))


def test_other_layouts_are_renamed_and_longer_filters_are_cut(tmp_path):
    save_file({mirex(name): values for name, values in state("discogs-vinet-1").items()}, tmp_path / "a.safetensors")
    assert published_state(read_weights(tmp_path / "a.safetensors")).network["frames"] == 7600
    fish = state("fish-1")
    for name in [name for name in fish if name.startswith("feature_extractor.")]:
        fish[name] = torch.cat([fish[name], fish[name][:12]])
    save_file(fish, tmp_path / "b.safetensors")
    found = published_state(read_weights(tmp_path / "b.safetensors"))
    assert found.arrays["feature_extractor.lenghts"].tolist() == state("fish-1")["feature_extractor.lenghts"].tolist()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_precisions_become_single(tmp_path, dtype):
    given = {n: v.to(dtype) if v.dtype.is_floating_point else v for n, v in state("move-1").items()}
    save_file(given, tmp_path / "half.safetensors")
    found = published_state(read_weights(tmp_path / "half.safetensors")).arrays
    for name, values in given.items():
        wanted = values.float().numpy() if values.dtype.is_floating_point else values.numpy()
        assert found[name].dtype == wanted.dtype
        assert np.array_equal(found[name], wanted)


def test_the_kind_of_a_file_is_told_by_its_content_too(tmp_path):
    (tmp_path / "model.ckpt").write_bytes(save(state("move-1")))
    assert published_state(read_weights(tmp_path / "model.ckpt")).family.architecture == "move-1"
    torch.save(state("move-1"), tmp_path / "model.pt")
    assert published_state(read_weights(tmp_path / "model.pt")).family.architecture == "move-1"
    (tmp_path / "notes.txt").write_text("nothing of the kind")
    with pytest.raises(InputError, match=r"notes\.txt is no checkpoint of torch"):
        read_weights(tmp_path / "notes.txt")


BROKEN = {
    "empty": (lambda p: p.write_bytes(b""), r"does not begin as a safetensors file does: found b''"),
    "a pointer": (lambda p: p.write_text("version https://git-lfs"), r"does not begin .* found b'version h'; get the"),
    "a pickle": (lambda p: torch.save(state("move-1"), p), r"does not begin .* found b'PK"),
    "longer header": (lambda p: written(p, {}, length=99), r"found a header of 99 bytes in a file of 10; get the file"),
    "no JSON": (lambda p: written(p, b"{no JSON}"), r"no whole safetensors file \(.*header"),
    "cut off": (lambda p: p.write_bytes(save(state("move-1"))[:-1]), r"no whole safetensors file \(.*\); get the file"),
    "more behind": (lambda p: p.write_bytes(save(state("move-1")) + b"x"), r"no whole safetensors file"),
    "a gap": (
        lambda p: written(p, {"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, bytes(12)),
        r"no whole safetensors file",
    ),
    "too few bytes": (lambda p: written(p, {"a": entry([2], 0, 4)}, bytes(4)), r"no whole safetensors file"),
    "an unknown kind": (
        lambda p: written(p, {"a": entry([4], 0, 4, "F8_E4M3")}, bytes(4)),
        r"a holds numbers of the kind 'F8_E4M3', which is not read here; save it as one of F64, F32",
    ),
    "doubled": (
        lambda p: written(p, b'{"a":%s,"a":%s}' % ((json.dumps(entry([1], 0, 4)).encode(),) * 2), bytes(4)),
        r"holds 'a' more than once|no whole safetensors file \(.*duplicate",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_wrong_with_a_file_is_named(tmp_path, kind):
    make, message = BROKEN[kind]
    make(tmp_path / "given.safetensors")
    with pytest.raises(InputError, match=rf"given\.safetensors.*{message}"):
        read_weights(tmp_path / "given.safetensors")


def test_a_header_beyond_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tensor_file, "MAX_HEADER_BYTES", 10)
    save_file({"a": torch.ones(1)}, tmp_path / "given.safetensors")
    with pytest.raises(LimitError, match=r"given\.safetensors: .* more than MAX_HEADER_BYTES = 10"):
        read_weights(tmp_path / "given.safetensors")


def test_tensors_that_are_no_published_model_are_named(tmp_path):
    save_file({}, tmp_path / "none.safetensors")
    with pytest.raises(InputError, match=r"none\.safetensors holds no state dict; there are no entries"):
        convert(tmp_path / "none.safetensors", tmp_path)
    save_file(state("move-1") | {"conv9.bias": torch.ones(1)}, tmp_path / "more.safetensors")
    with pytest.raises(InputError, match=r"more\.safetensors is no whole MOVE.*1 unexpected \(conv9\.bias\)"):
        convert(tmp_path / "more.safetensors", tmp_path)


def test_the_command_reads_them_and_says_what_is_broken(tmp_path, capsys):
    save_file({"module." + name: values for name, values in state("move-1").items()}, tmp_path / "theirs.safetensors")
    arguments = ["models", "convert", str(tmp_path / "theirs.safetensors"), "--out", str(tmp_path / "models")]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'models' / 'move-1-theirs'}\n"
    assert said.err.splitlines()[1] == "theirs.safetensors: stripped 'module.'"
    (tmp_path / "theirs.safetensors").write_bytes(b"broken")
    assert main(arguments) == 3
    assert "theirs.safetensors does not begin as a safetensors file does" in capsys.readouterr().err
