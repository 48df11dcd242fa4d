"""The network for other runtimes: levels in, moments and the vector of the whole out, as an ONNX file."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import MissingExtra
from ..files import write_atomically
from .loaded import VersionModel, steady

OPSET = 18


def export_onnx(model: str | VersionModel, path: str | os.PathLike[str]) -> Path:
    """Write a model's network to one ONNX file; returns its path.

    The graph has one input and two outputs, all float32:

    - ``levels (1, 84, frame)``: as ``embed.levels.levels_of`` makes them, 10 frames a second; ``frame`` is a multiple
      of 16, at least 48. Leave up to 15 frames off at the end.
    - ``moments (1, frame / 16, dim, 12)``: one of each 1.6 s.
    - ``whole (1, dim, 12)``: the vector of all moments together, of length 1, each counting alike. The extractor leaves
      silent moments out; so a recording with silence in it has a slightly different vector there.

    The model's id, the digest of its weights and its licence stand in the file's metadata.

    Parameters
    ----------
    model : str or VersionModel
        Name or directory of an embedding model.
    path : path
        The file to write; ``.onnx`` is the usual suffix.

    Raises
    ------
    InputError
        Where there is no such model.
    MissingExtra
        Where torch, onnx or onnxscript is not installed.
    """
    found = model if isinstance(model, VersionModel) else VersionModel(model)
    for library in ("torch", "onnx", "onnxscript"):
        if find_spec(library) is None:
            raise MissingExtra(f"writing ONNX (it needs {library})", extra="onnx")
    content = _exported(found)
    target = Path(path)
    with write_atomically(target) as file:
        file.write(content)
    return target


def _exported(model: VersionModel) -> bytes:
    import torch
    from torch import Tensor, nn

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = model.net

        def forward(self, levels: Tensor) -> tuple[Tensor, Tensor]:
            moments = self.net(levels)
            return moments, self.net.pooled(moments)

    with steady(), _quiet(), TemporaryDirectory() as folder:
        program: Any = torch.onnx.export(
            Graph().eval(),
            (torch.full((1, 84, 160), 0.5),),
            dynamo=True,
            opset_version=OPSET,
            input_names=["levels"],
            output_names=["moments", "whole"],
            dynamic_shapes={"levels": {2: 16 * torch.export.Dim("groups", min=3)}},
            verbose=False,
        )
        facts = model.facts
        program.model.metadata_props.update(
            {"model_id": facts.id, "weights_sha256": facts.weights_sha256, "licence": facts.licence}
        )
        file = Path(folder) / "model.onnx"
        program.save(file, external_data=False)
        return file.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on libraries that are not needed here."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)
