"""The exported network gives the same numbers for any length, and says whose they are."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from tests.embed.random_model import melody_levels  # noqa: E402
from versionmatch.cli.main import main  # noqa: E402
from versionmatch.embed import onnx  # noqa: E402
from versionmatch.embed.loaded import VersionModel  # noqa: E402
from versionmatch.errors import MissingExtra  # noqa: E402


@pytest.mark.xdist_group("onnx")
def test_the_exported_network_gives_the_same_numbers_at_any_length(model, tmp_path, capsys):
    path = tmp_path / "versions.onnx"
    assert main(["models", "export", model, "--onnx", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    net = VersionModel(model).net
    for n_frames in (48, 208, 2400):
        levels = melody_levels(3, n_frames)[None]
        moments, whole = session.run(None, {"levels": levels})
        with torch.inference_mode():
            wanted = net(torch.from_numpy(levels))
            pooled = net.pooled(wanted)
        assert moments.shape == (1, n_frames // 16, *wanted.shape[2:])
        assert np.abs(moments - wanted.numpy()).max() < 1e-4
        assert np.abs(whole - pooled.numpy()).max() < 1e-4
    told = session.get_modelmeta().custom_metadata_map
    assert (told["model_id"], told["licence"]) == ("versions-v2", "Apache-2.0")
    assert told["weights_sha256"] == VersionModel(model).facts.weights_sha256


def test_without_onnx_the_extra_is_named(model, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "find_spec", lambda name: None if name == "onnxscript" else object())
    with pytest.raises(MissingExtra, match=r"onnxscript.*versionmatch\[onnx\]"):
        onnx.export_onnx(model, tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())
