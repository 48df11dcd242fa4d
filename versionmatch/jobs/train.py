"""Train an embedding: works → pools of versions → the network → a model directory."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError, VersionMatchError
from ..factory.pool import PoolSpec, Version, build_pool, read_pool
from ..factory.read import READERS, read_collection
from ..factory.work import Work, read_works, write_works
from ..files import write_atomically
from ..train.batches import Material
from ..train.config import Stage, TrainParams
from ..train.curve import read_log, write_curves

if TYPE_CHECKING:
    from ..train.measure import Collection

Progress = Callable[[str], None]
SEGMENT_S, HOP_S = 20.8, 4.8
KEPT_STEPS = 32  # of the levels of recordings
AUDIO = {".ogg", ".mp3", ".flac", ".wav", ".opus", ".m4a", ".oga"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainFolders:
    """Where a run reads and writes.

    ``material`` holds the score collections, a folder or a ``.tar.gz`` each, named as in ``factory.read``;
    ``recordings`` a tree of unlabelled music; ``dev`` a ``.npz`` of recordings to watch; ``out`` takes everything made.
    """

    material: Path
    out: Path
    recordings: Path | None = None
    dev: Path | None = None
    cache: Path | None = None
    workers: int = 1
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> Path:
        """Where works and pools are kept, for other runs too."""
        return self.cache or self.out


def held_out(work: Work) -> bool:
    """Whether a work is one of the tenth that is never learned from; it hangs on its name alone."""
    return int.from_bytes(hashlib.sha256(work.id.encode()).digest()[:4], "big") % 10 == 0


def train(
    configs: Sequence[TrainParams],
    folders: TrainFolders,
    progress: Progress = lambda _: None,
    *,
    member: int | None = None,
) -> Path:
    """Train, or go on training, and write the model to ``out/<id>``; its folder.

    The networks of all settings are put side by side, in their order. What is there already (works, shards of pools,
    the last checkpoint) is used, so that a killed run goes on, and comes to the same weights bit for bit on the same
    machine. With ``member``, only that network is trained, so that several processes can share the work; the folder
    of its run is returned.

    Raises
    ------
    InputError
        Material is missing, none of its works can be used, or the settings are of different models.
    """
    ids = sorted({params.id for params in configs})
    if len(ids) != 1:
        raise InputError(f"settings trained together must name one model; found {', '.join(ids) or 'none'}")
    members = [params.of_member(k) for params in configs for k in range(params.members)]
    if member is not None:
        if not 0 <= member < len(members):
            raise InputError(f"there is no member {member}; the settings have {len(members)}, counted from 0")
        _member(members[member], folders, member, progress)
        return folders.out / f"member-{member}"
    return _write(configs, [_member(own, folders, k, progress) for k, own in enumerate(members)], folders)


def _member(own: TrainParams, folders: TrainFolders, number: int, progress: Progress) -> Any:
    from ..train.loop import LOG, Run, train_network

    folder = folders.out / f"member-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    ahead = folders.workers if folders.workers > 1 else 0
    stages, watch = _Stages(own, folders, progress), _Watch(own, folders, progress)
    run = Run(own, folder, stages, watch, progress, ahead)
    net = train_network(run)
    write_curves(read_log(folder / LOG), folder)
    return net


class _Stages:
    """The material of each stage, made or read when the stage begins."""

    def __init__(self, params: TrainParams, folders: TrainFolders, progress: Progress) -> None:
        self._params, self._folders, self._progress = params, folders, progress
        self._pools: dict[str, list[Version]] = {}
        self._now: tuple[Stage, Material] | None = None

    def __call__(self, stage: Stage) -> Material:
        if self._now is None or self._now[0] is not stage:
            for pool in self._params.pools:
                if pool.name in stage.pools and pool.name not in self._pools:
                    self._pools[pool.name] = _pool(pool, self._folders, self._progress)
            pools = {name: self._pools[name] for name in stage.pools}
            self._now = stage, Material(pools, self._recordings() if stage.real else [])
        return self._now[1]

    def _recordings(self) -> list[npt.NDArray[np.uint8]]:
        if self._folders.recordings is None:
            raise InputError("the settings ask for unlabelled recordings (real > 0); name their folder")
        return recording_levels(self._folders, self._progress)


def _pool(pool: PoolSpec, folders: TrainFolders, progress: Progress) -> list[Version]:
    works = [w for name in pool.collections for w in works_of(name, folders, progress)]
    chosen = [w for w in works if held_out(w) == pool.held_out][:: pool.every]
    if not chosen:
        raise InputError(f"the pool {pool.name!r} has no works: {pool.collections} gave {len(works)} in all")
    home = build_pool(pool, chosen, folders.kept / "pools", workers=folders.workers, progress=progress)
    return read_pool(home)


def works_of(name: str, folders: TrainFolders, progress: Progress) -> tuple[Work, ...]:
    """The works of a collection that can be learned from, read once and then kept."""
    kept = folders.kept / "works" / f"{name}.npz"
    if not kept.is_file():
        if name not in READERS:
            raise InputError(f"there is no collection {name!r}; there are: {', '.join(READERS)}")
        progress(f"reading {name}")
        write_works(read_collection(name, _unpacked(name, folders)), kept)
    return tuple(work for work in read_works(kept) if work.length > 12)


def _unpacked(name: str, folders: TrainFolders) -> Path:
    if (folders.material / name).is_dir():
        return folders.material / name
    archives = sorted(folders.material.glob(f"{name}*.tar.gz"))
    if not archives:
        raise InputError(f"{folders.material} holds neither a folder {name} nor {name}*.tar.gz; put one there")
    target = folders.kept / "material" / name
    if not target.is_dir():
        with tarfile.open(archives[0]) as archive:
            archive.extractall(target, filter="data")
    return _only_folder(target)


def _only_folder(folder: Path) -> Path:
    """The first folder that holds more than one other folder."""
    inside = [p for p in sorted(folder.iterdir()) if p.is_dir()]
    return _only_folder(inside[0]) if len(inside) == 1 and not any(p.is_file() for p in folder.iterdir()) else folder


def recording_levels(folders: TrainFolders, progress: Progress) -> list[npt.NDArray[np.uint8]]:
    """The levels of every readable recording of a minute or more below the folder, kept; others are told, skipped."""
    found = []
    root = folders.recordings or Path()
    for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in AUDIO):
        kept = (
            folders.kept / "recordings" / f"{hashlib.sha256(str(path.relative_to(root)).encode()).hexdigest()[:24]}.npy"
        )
        if not kept.is_file():
            try:
                levels = _levels(path)
            except VersionMatchError as error:
                progress(f"skipped: {error}")
                continue
            with write_atomically(kept) as file:
                np.save(file, levels, allow_pickle=False)
        levels = np.load(kept, allow_pickle=False)
        if levels.shape[1] >= 600:
            found.append(levels)
    return found


def _levels(path: Path) -> npt.NDArray[np.uint8]:
    from ..audio.decode import load
    from ..factory.pool import as_levels, coarser
    from ..features.cqt import LibrosaCQT

    _, audio = load(path)
    return coarser(as_levels(LibrosaCQT(tuning=False).extract({"audio": audio}).values, 5), KEPT_STEPS)


class _Watch:
    """What is measured on the way: the development recordings, and the pools of works that are never learned from."""

    def __init__(self, params: TrainParams, folders: TrainFolders, progress: Progress) -> None:
        self._held_out = [pool for pool in params.pools if pool.held_out]
        self._folders, self._progress = folders, progress
        self._collections: dict[str, Collection] = {}

    def __call__(self, net: Any) -> dict[str, float]:
        from ..train import measure

        if not self._collections:
            for pool in self._held_out:
                self._collections[pool.name] = measure.of_versions(_pool(pool, self._folders, self._progress))
            if self._folders.dev is not None:
                self._collections["dev"] = measure.read_collection(self._folders.dev)
        found = {}
        for name, collection in self._collections.items():
            measured = measure.figures(net, collection, full=name == "dev")
            found.update({f"{name}_{key}": value for key, value in measured.items()})
        return found


def _write(configs: Sequence[TrainParams], nets: Sequence[Any], folders: TrainFolders) -> Path:
    """The networks side by side, as a model directory."""
    from ..embed.directory import write_model
    from ..embed.net import Ensemble, joined

    whole = Ensemble([member for net in nets for member in net.members])
    tensors = {name: tensor.detach().cpu().numpy() for name, tensor in whole.state_dict().items()}
    facts = {
        "id": configs[0].id,
        "architecture": "chroma-equivariant-2",
        "sample_rate": 16000,
        "dim": whole.dim,
        "segment_s": SEGMENT_S,
        "hop_s": HOP_S,
        "licence": "Apache-2.0",
        "network": joined([params.network for params in configs]),
        "training": {
            "settings": [params.digest() for params in configs],
            "seed": [params.seed for params in configs],
            "steps": [params.steps for params in configs],
        },
        "source": dict(folders.notes),
    }
    return write_model(folders.out, facts, tensors, overwrite=True).path
