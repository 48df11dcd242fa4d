"""The seams: what a plugin must look like, and how it is found by name.

Plugins are ordinary classes, announced by an entry point and imported only when asked for::

    [project.entry-points."versionmatch.cues"]
    tempo = "versionmatch_tempo:TempoCue"

The package's own extractors, cues, exporters and encoders are announced in the same way as anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from .errors import ParamsError, PluginConflict, UnknownPlugin

if TYPE_CHECKING:
    import numpy.typing as npt

    from .attribution.context import Context
    from .attribution.draws import Draws
    from .types import Audio, Evidence, Feature, KeylessSegments, Match, Segments
    from .types.attribution import Scores
    from .types.neighbours import Hits, IndexSpec

GROUPS = ("extractors", "cues", "exporters", "encoders", "indexes", "adapters", "attributors")

CAPABILITIES = {
    "gradients": "losses can be differentiated by params()",
    "linears": "module() is there, and some of its nn.Linear layers have their weights in params()",
    "sampling": "sampled(batch, draws, seed) gives losses of targets drawn from the model itself",
    "draws": "losses depend on the draws (noise, timesteps); without, one draw says all",
    "padding": "items are padded, and mask_pad changes losses",
    "hidden": "hidden(batch) gives the model's own state, a vector per item",
    "embedding": "embedding(batch) gives a vector per item in which versions lie near each other",
    "tokens": "tokens(batch) gives each item as a sequence of whole numbers",
    "checkpoints": "checkpoints() names earlier weights with their learning rates, checkpoint(name) gives them",
}
"""What a model may offer to methods of attribution beyond losses, which all must give."""

Tensor: TypeAlias = Any
"""A ``torch.Tensor``; torch is not imported here."""

Track = Mapping[str, Any]
"""What an extractor or a cue is handed: kind → value, computed when first asked for."""


@runtime_checkable
class Extractor(Protocol):
    """Makes one kind of feature of one recording.

    ``needs`` names the kinds it reads from the track (``"audio"``, ``"cqt"``, ``"chroma"``…);
    ``settings`` is a JSON-able mapping of everything that can change the result, from which the
    cache's digest is made. ``extract`` is deterministic and touches neither disk nor network.
    """

    name: str
    kind: str
    needs: tuple[str, ...]

    @property
    def settings(self) -> Mapping[str, object]: ...

    def extract(self, track: Track) -> Feature: ...


@runtime_checkable
class Cue(Protocol):
    """One way in which two recordings can be alike; ``needs`` are the kinds it reads."""

    name: str
    needs: tuple[str, ...]

    def compare(self, query: Track, reference: Track) -> Evidence: ...


@runtime_checkable
class Exporter(Protocol):
    """Writes a comparison in one file format."""

    name: str
    suffix: str

    def export(self, match: Match, path: Path) -> None: ...


@runtime_checkable
class Encoder(Protocol):
    """Turns sound into vectors of its segments and of the whole, in which versions lie near each other.

    ``dim`` is the number of features of a vector, ``segment_s`` the length of a segment in seconds. ``Segments`` have
    vectors ``(dim, 12)``: a recording higher by a semitone gives vectors rotated by one along the last axis. A network
    that knows no keys gives ``KeylessSegments``, with vectors ``(dim,)``. ``encode`` is deterministic.
    """

    name: str

    @property
    def model_id(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def segment_s(self) -> float: ...

    def encode(self, audio: Audio) -> Segments | KeylessSegments: ...


@runtime_checkable
class VectorIndex(Protocol):
    """Vectors of one model found again by likeness, kept in a folder of their own.

    ``IndexSpec`` says what vectors are: ``(dim,)``, or with keys ``(dim, 12)``, compared in the best of twelve. Ids are
    whole numbers, 0 to 2⁶³ - 1, the caller's own; they never change. ``remove`` takes effect at once; after ``compact``
    no byte of what was removed is left in the folder. ``search`` gives the same hits each time, the most alike first,
    ties by the smaller id. ``save`` keeps what was done since; ``open`` raises IndexMismatch for another model and
    IntegrityError where the folder does not hold what was written.
    """

    name: str
    spec: IndexSpec

    def __init__(self, folder: str | Path, spec: IndexSpec) -> None: ...

    @classmethod
    def open(cls, folder: str | Path, *, model_id: str | None = None, model_digest: str = "") -> VectorIndex: ...

    def __len__(self) -> int: ...

    def add(self, vectors: npt.ArrayLike, ids: npt.ArrayLike) -> None: ...

    def remove(self, ids: npt.ArrayLike) -> int: ...

    def search(self, queries: npt.ArrayLike, k: int = 10) -> Hits: ...

    def compact(self) -> None: ...

    def save(self) -> None: ...

    def close(self) -> None: ...


@runtime_checkable
class Batch(Protocol):
    """Some pieces as their model reads them; only the adapter that made it looks inside."""

    @property
    def ids(self) -> tuple[str, ...]: ...


@runtime_checkable
class AttributableModel(Protocol):
    """A generative model with its disclosed training corpus, as methods of attribution see it (an *adapter*).

    ``capabilities`` names which of ``CAPABILITIES`` it offers, with these methods; others may be absent::

        module() -> nn.Module                          "linears"
        sampled(batch, draws, seed: int) -> Tensor     "sampling": (n_items, n_draws), as losses(), differentiable
        hidden(batch) -> Tensor                        "hidden": (n_items, dim)
        embedding(batch) -> Tensor                     "embedding": (n_items, dim)
        tokens(batch) -> Sequence[Sequence[int]]       "tokens"
        checkpoints() -> Mapping[str, float]           "checkpoints": name → learning rate then
        checkpoint(name) -> Mapping[str, Tensor]       the values of params() at that time

    ``loss_unit`` is that of ``losses`` (``"nats per token"``, ``"v-MSE"``). The network stays in evaluation mode: no
    dropout. Frozen encoders are run once, when a batch is made.
    """

    name: str
    capabilities: frozenset[str]
    loss_unit: str

    @property
    def fingerprint(self) -> str:
        """sha256, 64 hex digits, of the weights, the configuration and the adapter's own version."""
        ...

    def params(self) -> Mapping[str, Tensor]:
        """The weights that may be changed, live leaves by name, always in the same order: what is attributed to."""
        ...

    def groups(self) -> Mapping[str, Sequence[str]]:
        """Names of params by part of the network (``"attention"``, ``"mlp"``, ``"head"``…); may overlap."""
        ...

    def item_ids(self) -> Sequence[str]:
        """The ids of the corpus, stable, each once."""
        ...

    def load(self, ids: Sequence[str]) -> Batch:
        """Items of the corpus, in the order asked for."""
        ...

    def read(self, sources: Mapping[str, Any]) -> Batch:
        """Pieces that are not of the corpus (outputs, a panel), by id; the adapter says what a source is."""
        ...

    def losses(self, batch: Batch, draws: Draws, *, mask_pad: bool) -> Tensor:
        """The training loss of each item under each draw, ``(n_items, n_draws)`` float32, differentiable by params.

        Never reduced over items; a mean over an item's own tokens, codebooks or dimensions. All that is random is
        taken from ``draws`` by item id and draw number. ``mask_pad`` leaves padding out of an item's mean; without it
        padding counts as it did in training.
        """
        ...


@runtime_checkable
class Attributor(Protocol):
    """A way of saying how much each item of the corpus mattered for an output (a *method*).

    Positive scores: without the item, the output's loss should be higher. ``requires`` are ``CAPABILITIES`` of the
    model, checked before ``fit``. ``settings`` is JSON-able and holds all that can change a score. ``unit`` is that of
    the scores. What ``fit`` does is the same for every query and kept in ``context.cache``; ``score`` leaves the
    weights bit for bit as they were. A score depends on neither batch size nor order of candidates (1e-6, of the
    largest where that is above 1).
    """

    name: str
    requires: frozenset[str]
    unit: str

    @property
    def settings(self) -> Mapping[str, object]: ...

    def fit(self, context: Context) -> Any:
        """What all queries share (a Fisher, base losses, sketches); handed to ``score``."""
        ...

    def score(self, context: Context, fitted: Any, query: Batch, candidates: Sequence[str]) -> Scores:
        """Scores of the candidates, ids of the corpus, for a query, which is a batch of one piece."""
        ...


@cache
def _entries(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=f"versionmatch.{group}"):
        other = found.get(entry.name)
        if other is not None and other.value != entry.value:
            raise PluginConflict(
                f"the {group} name {entry.name!r} is claimed by {_owner(other)} and by "
                f"{_owner(entry)}; uninstall one of them"
            )
        found[entry.name] = entry
    return found


def _owner(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value


def names(group: str) -> tuple[str, ...]:
    """The names known in a group (one of ``GROUPS``), sorted."""
    return tuple(sorted(_entries(group)))


def find(group: str, name: str) -> Any:
    """The plugin class of that name, imported now.

    Raises UnknownPlugin with the known names, PluginConflict where two distributions claim one.

    >>> find("cues", "harmony").name
    'harmony'
    """
    entries = _entries(group)
    if name not in entries:
        raise UnknownPlugin({"indexes": "index"}.get(group, group.removesuffix("s")), name, entries)
    return entries[name].load()


def made(group: str, choice: str) -> Any:
    """The plugin that a choice names, ready to be used: ``name``, or ``name:argument`` where it takes one.

    Raises UnknownPlugin and PluginConflict as ``find`` does, ParamsError where it takes no argument.

    >>> made("extractors", "segments:another-model").name
    'segments'
    """
    name, colon, argument = choice.partition(":")
    plugin = find(group, name)
    if not colon:
        return plugin()
    if not signature(plugin).parameters:
        raise ParamsError(f"the plugin {name!r} takes no argument; write {name!r} instead of {choice!r}")
    return plugin(argument)
