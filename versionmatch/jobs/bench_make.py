"""Sets to measure with, made here: pairs that share one passage, and pairs in which one element was changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ..errors import InputError
from ..factory.composer import composed
from ..factory.edits import CHANGES, ExplainTrial, explain_trial
from ..factory.piece import Piece, midi_of
from ..factory.play import sounded
from ..factory.soundfonts import installed_soundfonts
from ..factory.trials import LocaliseTrial, Planted, localise_trial
from ..factory.work import Work, read_works
from ..files import write_atomically
from ..params import Params, check

KINDS = ("localise", "explain")
SPANS = ("a_start_s", "a_end_s", "b_start_s", "b_end_s")
Progress = Callable[[str], None]
Trial = LocaliseTrial | ExplainTrial


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeParams(Params):
    """Settings of ``make_set``.

    Parameters
    ----------
    kind : str
        ``"localise"`` or ``"explain"``.
    out : str
        The folder to write to; made where it is not there.
    n : int
        Pairs: of ``localise`` that share a passage, of ``explain`` for each change.
    unrelated : int
        Of ``localise``: further pairs that share nothing.
    seed : int
        The same seed, works and soundfonts give the same bytes.
    works : str
        A ``.npz`` of works as ``factory.work.write_works`` leaves it; empty: music is composed here.
    soundfonts : tuple of str, optional
        Which to play with; None: all that are installed; an empty one: plain tones.
    sound : bool
        Whether sound is written beside the scores.
    disguised : bool
        Of ``explain``: whether the second piece is also played by other instruments, in another key and tempo.
    """

    kind: str
    out: str
    n: int = 100
    unrelated: int = 0
    seed: int = 440
    works: str = ""
    soundfonts: tuple[str, ...] | None = None
    sound: bool = True
    disguised: bool = False

    def __post_init__(self) -> None:
        check(self.kind in KINDS, "kind", self.kind, f"one of {', '.join(KINDS)}")
        check(self.n >= 0 and self.unrelated >= 0, "n", self.n, "0 pairs or more")
        check(self.n + self.unrelated >= 1, "n", self.n, "at least 1, or unrelated at least 1")
        check(self.kind == "localise" or not self.unrelated, "unrelated", self.unrelated, "0 for explain")
        check(self.kind == "explain" or not self.disguised, "disguised", self.disguised, "left out for localise")


def make_set(params: MakeParams, progress: Progress | None = None) -> dict[str, Any]:
    """Write the pairs and their truth; what was written, JSON-able.

    The folder then holds ``scores/*.mid``, ``sound/*.flac`` and a manifest for each of them, ``scores.json`` and
    ``sound.json``, which ``bench localise`` and ``bench explain`` read. InputError where the works cannot be used.
    """
    tell, out = progress or (lambda _: None), Path(params.out)
    fonts = tuple(installed_soundfonts()) if params.soundfonts is None else params.soundfonts
    rows: list[dict[str, Any]] = []
    for number, trial in enumerate(trials(params, fonts), start=1):
        tell(f"pair {number}: {trial.id}")
        for piece in (trial.a, trial.b):
            _write(out / "scores" / f"{piece.name}.mid", midi_of(piece))
            if params.sound:
                _write_sound(out / "sound" / f"{piece.name}.flac", piece)
        rows.append(truth_of(trial))
    kinds = [("scores", "mid"), *([("sound", "flac")] if params.sound else [])]
    for folder, suffix in kinds:
        named = [{**row, "a": f"{folder}/{row['a']}.{suffix}", "b": f"{folder}/{row['b']}.{suffix}"} for row in rows]
        _write(out / f"{folder}.json", (json.dumps(named, indent=1, ensure_ascii=False) + "\n").encode())
    return {
        "kind": params.kind,
        "n_pairs": len(rows),
        "manifests": [str(out / f"{folder}.json") for folder, _ in kinds],
        "soundfonts": list(fonts),
        "seed": params.seed,
    }


def trials(params: MakeParams, soundfonts: Sequence[str]) -> Iterator[Trial]:
    """The pairs one by one; each depends on the seed and its number alone."""
    known = read_works(Path(params.works)) if params.works else ()
    for number in range(params.n + params.unrelated if params.kind == "localise" else params.n * len(CHANGES)):
        rng = np.random.default_rng([params.seed, KINDS.index(params.kind), number])
        name = f"{params.kind}-{params.seed}-{number:04d}"
        if params.kind == "localise":
            first, second, third = _works(known, rng, name, 3)
            planted = third if number < params.n else None
            yield localise_trial(name, rng, (first, second), planted, tuple(soundfonts))
        else:
            (work,) = _works(known, rng, name, 1)
            change = CHANGES[number % len(CHANGES)]
            yield explain_trial(name, rng, work, change, tuple(soundfonts), disguised=params.disguised)


def _works(known: Sequence[Work], rng: np.random.Generator, name: str, n: int) -> list[Work]:
    """Different works: composed, or drawn from those that have melody and chords enough."""
    if not known:
        return [composed(f"{name}/work-{k}", rng, sections=int(rng.integers(4, 8))) for k in range(n)]
    good = [w for w in known if w.length >= 128 and len(w.chords) >= 16]
    if len(good) < n:
        raise InputError(f"{len(good)} of the {len(known)} works have chords and 128 quarter notes; {n} are needed")
    return [good[i] for i in rng.choice(len(good), n, replace=False)]


def truth_of(trial: Trial) -> dict[str, Any]:
    """A row of the manifest, ``a`` and ``b`` the names of the pieces."""
    row: dict[str, Any] = {"id": trial.id, "a": trial.a.name, "b": trial.b.name}
    if isinstance(trial, ExplainTrial):
        changed = "none" if trial.changed == "timbre" else trial.changed
        return {**row, "changed": changed, "edit": trial.changed, "works": list(trial.works)}
    nothing: dict[str, Any] = dict.fromkeys((*SPANS, "transposition", "tempo_ratio"))
    truth = nothing if trial.planted is None else _rounded(trial.planted)
    return {**row, **truth, "works": list(trial.works)}


def _rounded(planted: Planted) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else round(value, 6) for name, value in asdict(planted).items()}


def _write(path: Path, data: bytes) -> None:
    with write_atomically(path) as file:
        file.write(data)


def _write_sound(path: Path, piece: Piece) -> None:
    sound = sounded(piece)
    with write_atomically(path) as file:
        soundfile.write(file, sound.samples, sound.sr, format="FLAC", subtype="PCM_16")
