"""Versions kept to learn from: made shard by shard, each the same for the same seed, whoever makes it and when."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save

from ..embed.levels import FRAME_RATE
from ..errors import InputError
from ..files import write_atomically
from ..params import Params, check
from ..types import FloatArray
from .arrange import Difficulty, arrange
from .direct import DirectRoute
from .harmony import harmonised_anew
from .medley import medley
from .performance import Performance, Route
from .work import Work

SHARD = 256  # versions in a file
Levels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec(Params):
    """What a pool holds.

    Parameters
    ----------
    name : str
        Of the pool; also its folder's.
    collections : tuple of str
        Whose works, where the pool is one of a training run.
    route : str
        ``"direct"`` or ``"rendered"``.
    versions : int
        How many of each work.
    easiest, hardest : float
        Between these the difficulty of each version is drawn, evenly.
    only : str
        One kind of change, the others staying 0; empty: all kinds.
    medleys : float
        Share of versions in which a stretch of another work is heard.
    anew : float
        Share of versions whose chords were found anew for the melody alone.
    seed : int
    soundfonts : tuple of str
        Names, for the rendered route; empty: all but the unseen one.
    steps : int
        Of the levels that are kept; with 32 a pool takes a third of the room.
    held_out : bool
        Of the works kept from training.
    every : int
        Only each so-manieth work.
    """

    name: str
    collections: tuple[str, ...] = ()
    route: str = "direct"
    versions: int = 4
    easiest: float = 0.0
    hardest: float = 1.0
    only: str = ""
    medleys: float = 0.0
    anew: float = 0.0
    seed: int = 440
    soundfonts: tuple[str, ...] = ()
    steps: int = 255
    held_out: bool = False
    every: int = 1

    def __post_init__(self) -> None:
        for name in ("collections", "soundfonts"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("easiest", "hardest", "medleys", "anew"):
            object.__setattr__(self, name, float(getattr(self, name)))
        check(self.route in {"direct", "rendered"}, "route", self.route, "'direct' or 'rendered'")
        check(self.every >= 1, "every", self.every, "1 or more")
        check(self.versions >= 1, "versions", self.versions, "1 or more")
        check(0 <= self.easiest <= self.hardest <= 1, "easiest", self.easiest, "at least 0 and at most hardest <= 1")
        check(0 <= self.medleys <= 1, "medleys", self.medleys, "from 0 to 1")
        check(2 <= self.steps <= 255, "steps", self.steps, "from 2 to 255")
        check(0 <= self.anew <= 1, "anew", self.anew, "from 0 to 1")

    def digest_of(self, works: Sequence[Work]) -> str:
        """Of all that the versions depend on: the settings and the works."""
        text = json.dumps([self.to_dict(), [w.id for w in works]], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False, slots=True)
class Version:
    """One version: of which work, its levels ``(84, n)`` at 10 frames a second, its positions in the work ``(n,)``."""

    work_id: str
    levels: Levels
    positions: FloatArray
    changes: dict[str, float | str]


def make(spec: PoolSpec, work: Work, number: int, route: Route, others: Sequence[Work] = ()) -> Version:
    """Version ``number`` of a work, by the pool's seed; the same whenever it is made.

    ``others`` are the works a medley can take its other work from.
    """
    key = int.from_bytes(hashlib.sha256(f"{spec.name}/{work.id}/{number}".encode()).digest()[:6], "big")
    rng = np.random.default_rng([spec.seed, key])
    value = float(rng.uniform(spec.easiest, spec.hardest))
    difficulty = Difficulty.only(spec.only, value) if spec.only else Difficulty.of(value)
    performance = _performed(spec, work, rng, difficulty, others)
    levels = coarser(route.synthesise(performance, rng, difficulty.sound), spec.steps)
    given, n = performance.positions, levels.shape[1]
    seconds = np.arange(n) / n * (performance.duration_s + route.tail_s)  # the sound may have been slowed or hastened
    at = np.minimum((seconds * FRAME_RATE).astype(int), len(given) - 1)
    return Version(work.id, levels, given[at], {**performance.changes, "difficulty": value})


def _performed(
    spec: PoolSpec, work: Work, rng: np.random.Generator, difficulty: Difficulty, others: Sequence[Work]
) -> Performance:
    anew = spec.anew > 0 and rng.random() < spec.anew
    performance = arrange(harmonised_anew(work, rng) if anew else work, rng, difficulty)
    if anew:
        performance = replace(performance, changes={**performance.changes, "chords": "found anew"})
    if spec.medleys > 0 and rng.random() < spec.medleys:
        other = others[int(rng.integers(len(others)))]
        if other.id != work.id:
            performance = medley(performance, arrange(other, rng, difficulty), rng)
    return performance


def route_of(spec: PoolSpec) -> Route:
    """The route that a pool asks for."""
    if spec.route == "direct":
        return DirectRoute()
    if spec.route == "rendered":
        from .rendered import RenderedRoute
        from .soundfonts import soundfonts_named, training_soundfonts

        return RenderedRoute(soundfonts_named(spec.soundfonts) if spec.soundfonts else training_soundfonts())
    raise InputError(f"the pool {spec.name!r} has the route {spec.route!r}; it must be 'direct' or 'rendered'")


def build_pool(
    spec: PoolSpec,
    works: Sequence[Work],
    folder: Path,
    *,
    workers: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Make what is missing of a pool; its folder. An interrupted run goes on with the next shard."""
    home = folder / f"{spec.name}-{spec.digest_of(works)}"
    home.mkdir(parents=True, exist_ok=True)
    tasks = [(n, i) for n in range(spec.versions) for i in range(len(works))]
    shards = [tasks[s : s + SHARD] for s in range(0, len(tasks), SHARD)]
    missing = [k for k in range(len(shards)) if not (home / f"{k:05d}.safetensors").is_file()]
    others = tuple(works) if spec.medleys else ()
    jobs = [(spec, [(n, works[i]) for n, i in shards[k]], others, home / f"{k:05d}.safetensors") for k in missing]
    if workers > 1 and len(jobs) > 1:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for done, _ in enumerate(pool.map(_write_shard, jobs), start=1):
                progress(f"{spec.name}: shard {done}/{len(jobs)}")
    else:
        for done, job in enumerate(jobs, start=1):
            _write_shard(job)
            progress(f"{spec.name}: shard {done}/{len(jobs)}")
    return home


def _write_shard(job: tuple[PoolSpec, list[tuple[int, Work]], Sequence[Work], Path]) -> None:
    spec, tasks, others, path = job
    route = route_of(spec)
    write_versions([make(spec, work, number, route, others) for number, work in tasks], path)


def write_versions(versions: Sequence[Version], path: Path) -> None:
    """Versions as one safetensors file: levels and positions end to end, the rest as JSON in its header."""
    entries = [{"work": v.work_id, "n": int(v.levels.shape[1]), "changes": v.changes} for v in versions]
    tensors = {
        "levels": np.ascontiguousarray(np.concatenate([v.levels.T for v in versions])),  # (n, 84)
        "positions": np.concatenate([v.positions for v in versions]).astype(np.float32),
    }
    with write_atomically(path) as file:
        file.write(save(tensors, metadata={"versions": json.dumps(entries)}))


def as_levels(magnitude: FloatArray, factor: int) -> Levels:
    """A magnitude ``(84, n)``, averaged over ``factor`` frames, as the root in 255 steps of the largest."""
    n = magnitude.shape[1] // factor
    root = np.sqrt(magnitude[:, : n * factor].reshape(len(magnitude), n, factor).mean(axis=2))
    levels: Levels = np.round(root / max(float(root.max(initial=0.0)), 1e-9) * 255).astype(np.uint8)
    return levels


def coarser(levels: Levels, steps: int) -> Levels:
    """Levels of 0 to 255 that take only ``steps`` values above 0, evenly spaced; the largest stays.

    >>> coarser(np.array([[0, 30, 100, 255]], np.uint8), 4).tolist()
    [[0, 0, 128, 255]]
    """
    if steps == 255:
        return levels
    rounded: Levels = np.round(np.round(levels * (steps / 255.0)) * (255.0 / steps)).astype(np.uint8)
    return rounded


def read_pool(folder: Path) -> list[Version]:
    """All versions of a pool's folder, in order; InputError where there is none."""
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise InputError(f"{folder} holds no shard of versions; make them with `versionmatch train CONFIG`")
    found: list[Version] = []
    for path in paths:
        with safe_open(path, framework="numpy") as file:
            entries = json.loads(file.metadata()["versions"])
            levels, positions = file.get_tensor("levels"), file.get_tensor("positions")
        at = 0
        for entry in entries:
            piece = slice(at, at + entry["n"])
            found.append(Version(entry["work"], levels[piece].T, positions[piece], entry["changes"]))
            at += entry["n"]
    return found
