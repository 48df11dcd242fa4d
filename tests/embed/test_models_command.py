"""``versionmatch models``: data on standard output, exit codes that tell."""

import json

import pytest

torch = pytest.importorskip("torch")

from tests.embed.published_examples import state  # noqa: E402
from versionmatch.cli.main import main  # noqa: E402
from versionmatch.embed.directory import find_model  # noqa: E402


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_MODELS", str(tmp_path / "models"))
    torch.save({"module." + name: values for name, values in state("move-1").items()}, tmp_path / "theirs.pt")
    return tmp_path / "theirs.pt"


@pytest.fixture
def converted(checkpoint, capsys):
    assert main(["models", "convert", str(checkpoint), "--id", "mine", "--out", str(checkpoint.parent / "models")]) == 0
    capsys.readouterr()
    return find_model("mine")


def test_convert_prints_the_directory_and_says_what_it_changed(checkpoint, capsys):
    assert main(["models", "convert", str(checkpoint), "--out", str(checkpoint.parent / "models")]) == 0
    said = capsys.readouterr()
    assert said.out == f"{checkpoint.parent / 'models' / 'move-1-theirs'}\n"
    assert said.err == "theirs.pt: recognised move-1\ntheirs.pt: stripped 'module.'\n"
    find_model("move-1-theirs").verify()


def test_convert_can_be_quiet_and_replaces_only_when_told(checkpoint, converted, capsys):
    again = ["models", "convert", str(checkpoint), "--id", "mine", "--out", str(checkpoint.parent / "models"), "-q"]
    assert main(again) == 0
    assert capsys.readouterr().err == ""
    changed = state("move-1") | {"lin1.weight": torch.zeros(5, 6)}
    torch.save(changed, checkpoint)
    assert main(again) == 3
    assert "mine holds another model" in capsys.readouterr().err
    assert main([*again, "--force"]) == 0
    assert find_model("mine").facts.weights_sha256 != converted.facts.weights_sha256


def test_list_is_a_table_or_json(converted, capsys):
    assert main(["models", "list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "architecture", "dim", "segment_s", "hop_s", "licence"]
    assert ["mine", "move-1", "5", "167.18", "167.18", "AGPL-3.0"] in [row.split() for row in rows]
    assert main(["models", "list", "--json"]) == 0
    said = capsys.readouterr()
    (mine,) = (model for model in json.loads(said.out) if model["id"] == "mine")
    assert mine["path"] == str(converted.path)
    assert mine["source"]["changes"] == ["stripped 'module.'"]
    assert said.err == ""


def test_where_there_are_no_models_it_is_said_where_to_name_some(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("versionmatch.embed.directory.model_folders", lambda: [tmp_path])
    assert main(["models", "list"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "no models; directories that hold some can be named in VERSIONMATCH_MODELS\n"
    assert main(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_show_prints_all_facts_and_the_card(converted, capsys):
    assert main(["models", "show", "mine"]) == 0
    said = capsys.readouterr().out
    assert 'architecture = "move-1"' in said
    assert "# MOVE and Re-MOVE" in said
    assert "figures of the paper are not claimed" in said
    assert main(["models", "show", str(converted.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["network"] == {"dim": 5, "channels": 6, "kernel": 180}


def test_verify_says_which_model_is_damaged_with_exit_code_5(converted, capsys):
    assert main(["models", "verify", "mine"]) == 0
    assert capsys.readouterr().out == "mine: whole\n"
    assert main(["models", "verify"]) == 0
    assert "mine: whole\n" in capsys.readouterr().out
    converted.weights.write_bytes(converted.weights.read_bytes()[:-1] + b"x")
    assert main(["models", "verify"]) == 5
    said = capsys.readouterr()
    assert "mine: weights.safetensors has sha256" in said.out
    assert "versionmatch: damaged: mine; get them again" in said.err


def test_list_goes_on_past_a_damaged_model_and_says_so(converted, capsys):
    (converted.path / "model.toml").write_text("format = 9\n")
    assert main(["models", "list", "--json"]) == 5
    said = capsys.readouterr()
    assert all(model["id"] != "mine" for model in json.loads(said.out))
    assert "is not of format 1" in said.err
    assert main(["models", "verify", "mine"]) == 5
    assert "mine: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show", "nobody"], 3, "no model 'nobody'"),
        (["convert", "nowhere.pt", "--out", "models"], 3, "No such file"),
        (["convert", "{checkpoint}", "--architecture", "clews", "--out", "models"], 3, "Did you mean 'clews-1'"),
        (["convert", "{checkpoint}", "--id", "a/b", "--out", "models"], 3, "cannot name a directory"),
    ],
)
def test_what_cannot_be_used_is_said_with_exit_code_3(checkpoint, capsys, arguments, code, message):
    assert main(["models", *(a.format(checkpoint=checkpoint) for a in arguments)]) == code
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
