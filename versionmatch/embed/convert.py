"""From a published checkpoint to a model directory."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .directory import ModelDirectory, sha256_of, write_model
from .published.layout import PublishedState, published_state
from .tensor_file import read_weights


def convert(
    file: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    architecture: str | None = None,
    model_id: str | None = None,
    overwrite: bool = False,
) -> tuple[ModelDirectory, tuple[str, ...]]:
    """Write the published model of a checkpoint to ``folder/<id>``; nothing in the checkpoint is run.

    Parameters
    ----------
    file
        A checkpoint that ``torch.save`` wrote, or a ``.safetensors`` file with the same names.
    architecture
        Recognised from the names of its entries by default.
    model_id
        By default the architecture and the file's name.

    Returns
    -------
    model, said
        The model, and sentences on what was stripped, renamed, left out or made.

    Raises
    ------
    InputError
        Where the file is damaged, or holds no whole model of a published architecture.
    """
    path = Path(file)
    name = path.name.encode("utf-8", "replace").decode()
    state = published_state(read_weights(path), architecture)
    family = state.family
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-.")
    segment_s = _segment_s(state)
    facts = {
        "id": model_id or f"{family.architecture}-{stem}"[:100],
        "architecture": family.architecture,
        "sample_rate": family.sample_rate,
        "dim": state.network["dim"],
        "segment_s": segment_s,
        "hop_s": min(family.hop_s, segment_s),
        "licence": family.licence,
        "network": state.network,
        "source": {
            "title": family.title,
            "paper": family.paper,
            "repository": family.repository,
            "file": name,
            "file_sha256": sha256_of(path),
            "changes": list(state.said),
        },
    }
    model = write_model(folder, facts, state.arrays, card=card(state, name), overwrite=overwrite)
    return model, state.said


def _segment_s(state: PublishedState) -> float:
    """Seconds that one embedding covers; of Discogs-VINet they depend on the frames it looks at."""
    frames = state.network.get("frames")
    return round(frames * 512 / 22050, 2) if isinstance(frames, int) else state.family.segment_s


def card(state: PublishedState, file: str) -> str:
    """What the model is and what is not known about it."""
    family = state.family
    said = "".join(f"- {sentence}\n" for sentence in state.said) or "- nothing but the container\n"
    return (
        f"# {family.title}\n\nConverted from `{file}`, which its user supplied. Architecture: {family.architecture}. "
        f"Paper: {family.paper}. Repository: {family.repository}. Licence of the original: {family.licence}; it "
        f"holds for these weights too.\n\n## Changes\n\n{said}\n## Accuracy\n\nNot measured. The network's "
        "arithmetic was checked with random weights; figures of the paper are not claimed for this file until it "
        "has been run on data.\n"
    )
