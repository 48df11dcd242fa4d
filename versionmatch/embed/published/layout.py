"""From a checkpoint to a state dict: where it lies, whose it is, and that nothing is missing or left over."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import InputError
from ..pickle_data import Inert
from ..unpickle import Checkpoint, StoredTensor
from .cqt import N_BINS
from .families import FAMILIES, Family, default_filters
from .manifests import Manifest, Shape

Array = np.ndarray[Any, np.dtype[Any]]

NESTS = ("state_dict", "model_state_dict", "model", "generator", "net", "network")
"""Under which checkpoints keep the state dict: Lightning, Discogs-VINet, CLEWS, CoverHunter, and others."""
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.")
SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class PublishedState:
    """A recognised state dict, complete and of the right shapes.

    ``said`` are sentences on what was stripped, renamed, left out or made.
    """

    family: Family
    network: Mapping[str, object]
    arrays: Mapping[str, Array]
    said: tuple[str, ...]


def published_state(checkpoint: Checkpoint, architecture: str | None = None) -> PublishedState:
    """The state dict of a published model in a checkpoint.

    Parameters
    ----------
    architecture : str, optional
        Name of the family; recognised from the entries' names by default.

    Raises
    ------
    InputError
        Where no family is recognised, or an entry is missing, left over, of another shape, or no tensor.
    """
    said: list[str] = []
    source = checkpoint.source
    state = _state_dict(checkpoint.root, source, said)
    family, names = _recognised(state, source, architecture, said)
    for old in names.values():
        _check_tensor(source, old, state[old])
    tensors = {name: _lowest_bins(name, state[old], family) for name, old in names.items()}
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    try:
        network = family.network(shapes, names)
        wanted = family.manifest(network)
    except InputError as error:
        raise InputError(f"{source} is no {family.title} ({family.architecture}): {error}") from error
    absent = _filters_to_make(family, shapes, wanted)
    _check(source, family, shapes, {name: shape for name, shape in wanted.items() if name not in absent})
    arrays = {name: _single(array) for name, array in checkpoint.arrays(tensors).items()}
    if absent:
        said.append(f"made the filters of the constant-Q transform ({family.filters}.*), which the file lacks")
        arrays |= {name: np.asarray(values) for name, values in default_filters(family, network).items()}
    return PublishedState(family, network, {name: arrays[name] for name in wanted}, tuple(said))


def _state_dict(root: object, source: str, said: list[str]) -> Mapping[str, Any]:
    """The dictionary that holds tensors by name, at most four nests down."""
    found = root
    for _ in range(4):
        if not isinstance(found, dict):
            break
        nest = next((name for name in NESTS if isinstance(found.get(name), (dict, Inert))), None)
        if nest is None:
            texts = {name: value for name, value in found.items() if isinstance(name, str)}
            if any(isinstance(value, StoredTensor) for value in texts.values()):
                return texts
            break
        said.append(f"taken from {nest!r}")
        found = found[nest]
    if isinstance(found, Inert):
        raise InputError(
            f"{source} holds an object of {found.name}, which is not read (that would run its code); save its "
            "state_dict() with torch.save"
        )
    there = ", ".join(map(repr, list(found)[:SHOWN])) if isinstance(found, dict) else type(found).__name__
    raise InputError(f"{source} holds no state dict; there are {there or 'no entries'}, sought were {', '.join(NESTS)}")


def _recognised(
    state: Mapping[str, Any], source: str, architecture: str | None, said: list[str]
) -> tuple[Family, dict[str, str]]:
    """The family, and its name of each entry → the entry's own."""
    if architecture is not None and architecture not in FAMILIES:
        near = difflib.get_close_matches(architecture, FAMILIES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"no published architecture {architecture!r}; there are: {', '.join(FAMILIES)}.{hint}")
    families = [FAMILIES[architecture]] if architecture else list(FAMILIES.values())
    plain = {name.replace("._orig_mod.", ".").removeprefix("_orig_mod."): name for name in state}
    if len(plain) < len(state):
        raise InputError(f"{source} holds entries twice, with and without '_orig_mod.'; save the model uncompiled")
    if any("_orig_mod." in name for name in state):
        said.append("stripped '_orig_mod.'")
    for _ in range(8):
        for family in families:
            names, doubled = _renamed(plain, family)
            if all(mark in names for mark in family.marks):
                if doubled:
                    raise InputError(f"{source} holds {doubled} twice, under two names; save only one of them")
                _say_renaming(plain, names, family, said)
                return family, names
        prefix = next((p for p in PREFIXES if plain and all(name.startswith(p) for name in plain)), None)
        if prefix is None:
            break
        said.append(f"stripped {prefix!r}")
        plain = {name.removeprefix(prefix): old for name, old in plain.items()}
    first = ", ".join(list(state)[:SHOWN])
    sought = ", ".join(f"{f.architecture} (has {f.marks[0]})" for f in families)
    raise InputError(f"{source} is of no architecture that is known here; its entries begin {first}; sought: {sought}")


def _renamed(plain: Mapping[str, str], family: Family) -> tuple[dict[str, str], str | None]:
    """The family's name of each entry → the entry's own; and a name that two entries claim."""
    names: dict[str, str] = {}
    doubled = None
    for name, old in plain.items():
        new = family.renamed(name)
        if new is not None:
            doubled = new if new in names else doubled
            names[new] = old
    if family.filters and f"{family.filters}.cqt_kernels_real" not in names:  # the longer ones of training serve too
        names |= {name: old for name, old in plain.items() if name.startswith(f"{family.filters}.")}
    return names, doubled


def _say_renaming(plain: Mapping[str, str], names: Mapping[str, str], family: Family, said: list[str]) -> None:
    kept = set(names.values())
    dropped = sorted(name for name, old in plain.items() if old not in kept)
    if dropped:
        said.append(f"left out {len(dropped)} entries that only training needs: {_some(dropped)}")
    changed = [new for name, old in plain.items() if (new := family.renamed(name)) and new != name and old in kept]
    if changed:
        said.append(f"renamed {len(changed)} entries to the layout of {family.architecture}")
    said += [note for prefix, note in family.notes if any(name.startswith(prefix) for name in plain)]


def _check_tensor(source: str, name: str, value: object) -> None:
    if isinstance(value, Inert):
        raise InputError(f"{source}: {name} is an object of {value.name}, not a tensor; save a plain state dict")
    if not isinstance(value, StoredTensor):
        raise InputError(f"{source}: {name} is a {type(value).__name__}, not a tensor; save a plain state dict")


def _filters_to_make(family: Family, shapes: Mapping[str, Shape], wanted: Manifest) -> set[str]:
    """The filters of the constant-Q transform, where the file has none of them."""
    names = {name for name in wanted if family.filters and name.startswith(f"{family.filters}.")}
    return names if not names & set(shapes) else set()


def _lowest_bins(name: str, tensor: StoredTensor, family: Family) -> StoredTensor:
    """Of the filters of the constant-Q transform those that the network reads, where the file has more."""
    if family.filters and name.startswith(f"{family.filters}.") and tensor.shape and tensor.shape[0] > N_BINS:
        return replace(tensor, shape=(N_BINS, *tensor.shape[1:]))
    return tensor


def _check(source: str, family: Family, found: Mapping[str, Shape], wanted: Manifest) -> None:
    """Nothing missing, nothing left over, every shape as it must be; all of it said at once."""
    problems = compared(found, wanted)
    if problems:
        raise InputError(
            f"{source} is no whole {family.title} ({family.architecture}): {'; '.join(problems)}. Get the file again, "
            "or name another --architecture"
        )


def compared(found: Mapping[str, Shape], wanted: Manifest) -> list[str]:
    """What is missing, left over or of another shape, in words; empty where all is as it must be."""
    missing = sorted(set(wanted) - set(found))
    extra = sorted(set(found) - set(wanted))
    problems = []
    if missing:
        problems.append(f"{len(missing)} missing ({_some(missing)})")
    if extra:
        problems.append(f"{len(extra)} unexpected ({_some(extra)})")
    wrong = [name for name in wanted if name in found and found[name] != wanted[name]]
    problems += [f"{name} has shape {found[name]}, not {wanted[name]}" for name in wrong[:SHOWN]]
    if len(wrong) > SHOWN:
        problems.append(f"and {len(wrong) - SHOWN} more shapes")
    return problems


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _single(array: Array) -> Array:
    """Fractional numbers in single precision, whole ones as they are."""
    return array.astype(np.float32) if array.dtype.kind == "f" else array
