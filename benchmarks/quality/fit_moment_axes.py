"""Find the axes in which a network's moments of music differ most, and give them to the model.

    python -m benchmarks.quality.fit_moment_axes WORKS KEPT SOUND … --model versions-v2 --n 32

``WORKS``: ``pop909.npz`` as training keeps it; ``KEPT``: where the versions that are made of every twentieth work stay.
Works that were kept from training are left out here too. The versions are played by soundfonts (``factory.rendered``)
with a difficulty of 0 to 0.7. ``SOUND``: recordings to hear besides; those of the shipped model are 33 tracks of free
game music (Debian's asc-music, colobot-common-sounds, drascula-music, extremetuxracer-data, hedgewars-data and
tuxmath-data), which the network had heard in training. Writes ``moments.safetensors`` and the table ``[moments]``
into the model's directory.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from versionmatch.embed.directory import FACTS
from versionmatch.embed.heard import heard
from versionmatch.embed.levels import levels_of
from versionmatch.embed.loaded import DEFAULT_MODEL, VersionModel
from versionmatch.embed.moment_axes import MomentAxes
from versionmatch.embed.moment_features import vectors_of
from versionmatch.factory.pool import PoolSpec, build_pool, read_pool
from versionmatch.factory.work import read_works
from versionmatch.files import write_atomically
from versionmatch.jobs.opening import open_track
from versionmatch.jobs.train import held_out
from versionmatch.store.artefacts import ArtefactStore

EVERY, SEED = 20, 500


def levels_of_music(works: Path, kept: Path, sounds: Sequence[Path]) -> Iterator[np.ndarray]:
    """Levels ``(84, n)`` of one version of each so-manieth work, 0 to 1, and of recordings."""
    chosen = [w for w in read_works(works) if not held_out(w)][::EVERY]
    spec = PoolSpec(name="axes-pop909", collections=("pop909",), route="rendered", versions=1, hardest=0.7, seed=SEED)
    for version in read_pool(build_pool(spec, chosen, kept)):
        yield version.levels.astype(np.float32) / np.float32(255)
    for sound in sounds:
        yield levels_of(open_track(sound, cache=ArtefactStore(kept))["cqt"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("works", type=Path)
    parser.add_argument("kept", type=Path)
    parser.add_argument("sounds", type=Path, nargs="*")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--n", type=int, default=32)
    args = parser.parse_args()
    model = VersionModel(args.model)
    music = levels_of_music(args.works, args.kept, args.sounds)
    moments = (vectors_of(model, heard(model, levels)).numpy() for levels in music)
    axes = MomentAxes.of_music(moments, args.n)
    content = axes.to_bytes()
    with write_atomically(model.directory.moments) as file:
        file.write(content)
    table = {"axes": args.n, "sha256": sha256(content).hexdigest(), "seed": SEED}
    with write_atomically(model.directory.path / FACTS) as file:
        file.write(replace(model.facts, moments=table).to_toml().encode())
    print(f"{model.directory.moments}: {axes.values.shape}, {len(content)} bytes")


if __name__ == "__main__":
    main()
