"""Model directories: ``<id>/{model.toml, weights.safetensors, CARD.md}``, read, checked, written and found by name.

::

    format = 1
    id = "clews-dvi"
    architecture = "clews-1"
    sample_rate = 16000
    dim = 1024
    segment_s = 20.0
    hop_s = 5.0
    licence = "MIT"
    weights_sha256 = "…"
    [network]     hyper-parameters
    [training]    how it was trained     [source]    where it was got from
    [moments]     sha256 of moments.safetensors, where the model has axes of moments
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import InputError, IntegrityError, MissingExtra
from ..files import write_atomically
from .architectures import find_architecture
from .moment_axes import NAME as AXES
from .published.layout import compared
from .published.manifests import Shape

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

FORMAT = 1
FACTS, WEIGHTS, CARD = "model.toml", "weights.safetensors", "CARD.md"
VARIABLE = "VERSIONMATCH_MODELS"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "architecture": str,
    "sample_rate": int,
    "dim": int,
    "segment_s": (int, float),
    "hop_s": (int, float),
    "licence": str,
    "weights_sha256": str,
}
TABLES = ("network", "training", "source", "moments")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The content of ``model.toml``, checked; the tables are read-only."""

    id: str
    architecture: str
    sample_rate: int  # Hz of the sound that the features are made from
    dim: int
    segment_s: float
    hop_s: float
    licence: str
    weights_sha256: str
    network: Mapping[str, object] = field(default_factory=dict)
    training: Mapping[str, object] = field(default_factory=dict)
    source: Mapping[str, object] = field(default_factory=dict)
    moments: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.id):
            raise InputError(
                f"the model id {self.id!r} cannot name a directory; use letters, digits, '.', '_' and '-', 100 at most"
            )
        for name in ("sample_rate", "dim", "segment_s", "hop_s"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise InputError(f"{name} of the model {self.id} must be above 0; got {value!r}")
        if not re.fullmatch(r"[0-9a-f]{64}", self.weights_sha256):
            raise InputError(f"weights_sha256 of {self.id} must be 64 hexadecimal digits; got {self.weights_sha256!r}")
        for name in TABLES:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @classmethod
    def of_toml(cls, text: str, *, source: str) -> ModelFacts:
        """From the file's text; IntegrityError names what is wrong with it."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise IntegrityError(f"{source} is no TOML: {error}") from error
        if data.pop("format", None) != FORMAT:
            raise IntegrityError(f"{source} is not of format {FORMAT}, the only one this version reads")
        for name, kind in FIELDS.items():
            if not isinstance(data.get(name), kind) or isinstance(data[name], bool):
                raise IntegrityError(f"{source}: {name} must be there and of its kind; found {data.get(name)!r}")
        for name in TABLES:
            if not isinstance(data.setdefault(name, {}), dict):
                raise IntegrityError(f"{source}: {name} must be a table; found {data[name]!r}")
        unknown = sorted(set(data) - set(FIELDS) - set(TABLES))
        if unknown:
            raise IntegrityError(f"{source} has the unknown entry {unknown[0]!r}; a later version may have written it")
        try:
            return cls(**data)
        except InputError as error:
            raise IntegrityError(f"{source}: {error}") from error

    def to_toml(self) -> str:
        """The file's text; ``of_toml`` reads it back."""
        lines = [f"format = {FORMAT}"] + [f"{name} = {_toml(getattr(self, name))}" for name in FIELDS]
        for table in TABLES:
            values = getattr(self, table)
            if values:
                lines += ["", f"[{table}]"] + [f"{_toml_key(k)} = {_toml(v)}" for k, v in values.items()]
        return "\n".join(lines) + "\n"

    def table(self) -> dict[str, object]:
        """All facts as plain values, for JSON."""
        values: dict[str, object] = {name: getattr(self, name) for name in FIELDS}
        return values | {name: dict(getattr(self, name)) for name in TABLES}


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: object) -> str:
    """One value as TOML: texts, numbers, and lists of them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            raise InputError(f"{value} cannot stand in {FACTS}; use a finite number")
        return repr(value)
    if isinstance(value, str):  # JSON's escapes are TOML's, but for characters beyond 16 bits and for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    raise InputError(f"a {type(value).__name__} cannot stand in {FACTS}; use texts, numbers and lists of them")


@dataclass(frozen=True, slots=True)
class ModelDirectory:
    """A model on disk, its facts read and its weights not yet."""

    path: Path
    facts: ModelFacts

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ModelDirectory:
        """The directory's model. InputError where there is none, IntegrityError where its facts are damaged."""
        path = Path(path)
        file = path / FACTS
        if not file.is_file():
            raise InputError(f"{path} is no model directory: {FACTS} is missing")
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise IntegrityError(f"{file} is no text: {error}") from error
        return cls(path, ModelFacts.of_toml(text, source=str(file)))

    @property
    def weights(self) -> Path:
        return self.path / WEIGHTS

    @property
    def moments(self) -> Path:
        """The axes of its moments, where ``facts.moments`` tells of them."""
        return self.path / AXES

    @property
    def card(self) -> str:
        """The text of CARD.md; empty where there is none."""
        file = self.path / CARD
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""

    def problems(self) -> list[str]:
        """What is wrong with the weights, in words: missing, changed, unreadable, or not of this architecture.

        Where the architecture's shapes can be told only by torch and it is not installed, the digest decides alone.
        """
        if not self.weights.is_file():
            return [f"{WEIGHTS} is missing"]
        found = sha256_of(self.weights)
        if found != self.facts.weights_sha256:
            return [f"{WEIGHTS} has sha256 {found}, not {self.facts.weights_sha256}"]
        if self.facts.moments:
            wanted_axes = self.facts.moments.get("sha256")
            if not self.moments.is_file() or sha256_of(self.moments) != wanted_axes:
                return [f"{AXES} is missing or has not sha256 {wanted_axes}"]
        try:
            wanted = find_architecture(self.facts.architecture).shapes(self.facts.network)
            return compared(self.shapes(), wanted)
        except MissingExtra:
            return []
        except (InputError, IntegrityError) as error:
            return [str(error)]

    def verify(self) -> None:
        """Raise IntegrityError with every problem there is."""
        problems = self.problems()
        if problems:
            raise IntegrityError(f"the model {self.facts.id} in {self.path}: {'; '.join(problems)}; get it again")

    def shapes(self) -> dict[str, Shape]:
        """The weights' names and shapes, from the file's header."""
        with self._open("numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118

    def tensors(self, framework: str = "numpy") -> dict[str, Any]:
        """The weights, as arrays (``"numpy"``) or tensors (``"torch"``)."""
        if framework not in ("numpy", "torch"):
            raise InputError(f"tensors can be had for 'numpy' and 'torch', not for {framework!r}")
        with self._open(framework) as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    def load(self) -> nn.Module:
        """The network with its weights, in evaluation mode and without gradients."""
        network = find_architecture(self.facts.architecture).build(self.facts.network)
        state = self.tensors("torch")
        shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        problems = compared({name: tuple(tensor.shape) for name, tensor in state.items()}, shapes)
        if problems:
            raise IntegrityError(f"the weights of {self.facts.id} do not fit: {'; '.join(problems)}")
        network.load_state_dict(state)
        return network.eval().requires_grad_(False)

    def _open(self, framework: str) -> Any:
        from safetensors import SafetensorError, safe_open

        try:
            return safe_open(self.weights, framework="np" if framework == "numpy" else "pt")
        except (SafetensorError, OSError) as error:
            raise IntegrityError(f"{self.weights} cannot be read: {error}") from error


def sha256_of(path: Path) -> str:
    """The digest of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_model(
    folder: str | os.PathLike[str],
    facts: Mapping[str, object],
    tensors: Mapping[str, np.ndarray[Any, Any]],
    *,
    card: str = "",
    overwrite: bool = False,
) -> ModelDirectory:
    """Write a model to ``folder/<id>``, each file whole or not at all, ``model.toml`` last.

    Parameters
    ----------
    facts
        The fields of ``ModelFacts`` but ``weights_sha256``, which is made here.
    tensors
        The weights by name; they must be just those of the architecture.
    card
        Text of CARD.md.
    overwrite
        Whether another model of that id may be replaced; the same one always may.

    Raises
    ------
    InputError
        Where the weights are not those of the architecture, or another model has that id.
    """
    from safetensors.numpy import save

    content = save({name: _contiguous(values) for name, values in tensors.items()})
    described = ModelFacts(**dict(facts), weights_sha256=hashlib.sha256(content).hexdigest())  # type: ignore[arg-type]
    text = described.to_toml()
    architecture = find_architecture(described.architecture)
    problems = compared({n: v.shape for n, v in tensors.items()}, architecture.shapes(described.network))
    if problems:
        raise InputError(f"these are no weights of {described.architecture}: {'; '.join(problems)}")
    path = Path(folder) / described.id
    old = path / FACTS
    if old.exists() and not overwrite and old.read_text(encoding="utf-8", errors="replace") != text:
        raise InputError(f"{path} holds another model; give this one another id, or allow it to be replaced")
    for name, data in ((WEIGHTS, content), (CARD, card.encode()), (FACTS, text.encode())):
        if data:
            with write_atomically(path / name) as file:
                file.write(data)
    return ModelDirectory(path, described)


def _contiguous(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values.copy(order="C") if not values.flags.c_contiguous else values


def model_folders() -> list[Path]:
    """Where models are looked for: the directories in VERSIONMATCH_MODELS, then the shipped ones."""
    named = [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    try:
        shipped = Path(str(resources.files("versionmatch._models")))
    except ModuleNotFoundError:  # run from a checkout that is not installed
        shipped = Path(__file__).parents[2] / "models"
    return [*named, shipped]


def model_paths() -> dict[str, Path]:
    """Name → directory of every model in those folders; of one name the first."""
    found: dict[str, Path] = {}
    for folder in model_folders():
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if (path / FACTS).is_file():
                found.setdefault(path.name, path)
    return dict(sorted(found.items()))


def list_models() -> list[ModelDirectory]:
    """Every model that ``find_model`` finds by name; IntegrityError where one's facts are damaged."""
    return [ModelDirectory.read(path) for path in model_paths().values()]


def find_model(id_or_path: str | os.PathLike[str]) -> ModelDirectory:
    """The model in that directory, else of that name in the known folders.

    Raises
    ------
    InputError
        With the known names and the nearest spelling.
    """
    text = os.fspath(id_or_path)
    if (Path(text) / FACTS).is_file():
        return ModelDirectory.read(text)
    known = model_paths()
    if text in known:
        return ModelDirectory.read(known[text])
    near = difflib.get_close_matches(text, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(
        f"no model {text!r}: it is no model directory and none of the known ones ({', '.join(known) or 'none'}).{hint} "
        f"Directories of further models can be named in {VARIABLE}"
    )
