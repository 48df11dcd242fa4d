"""What is named by a word is opened: ``ADAPTER:key=value,…`` becomes a model, ``METHOD:key=value,…`` a method.

An adapter that can be named has a class method ``open(**args: str)``; an argument named ``corpus`` is filled with the
path of the corpus where it is not given.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

from ..errors import InputError, ParamsError
from ..plugins import AttributableModel, Attributor, find


@dataclass(frozen=True, slots=True)
class Choice:
    """A name, and its arguments as they are written.

    >>> Choice.of("my-model:weights=w.safetensors,dtype=float32")
    Choice(name='my-model', args=(('weights', 'w.safetensors'), ('dtype', 'float32')))
    >>> str(Choice.of("my-model:weights=w.safetensors"))
    'my-model:weights=w.safetensors'
    """

    name: str
    args: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str) -> Choice:
        """ParamsError where an argument is not ``key=value``, or is there twice."""
        name, _, rest = text.partition(":")
        pairs = []
        for part in filter(None, rest.split(",")):
            key, equals, value = part.partition("=")
            if not name or not equals or not key.isidentifier():
                raise ParamsError(f"{text!r} is not NAME:key=value,key=value; {part!r} in it is no key=value")
            pairs.append((key, value))
        doubles = {key for key, _ in pairs if [k for k, _ in pairs].count(key) > 1}
        if doubles:
            raise ParamsError(f"{text!r} gives {min(doubles)!r} twice; give it once")
        return cls(name, tuple(pairs))

    def __str__(self) -> str:
        return self.name + (":" + ",".join(f"{k}={v}" for k, v in self.args) if self.args else "")


def open_model(text: str, *, corpus: str = "") -> AttributableModel:
    """The model that ``ADAPTER:key=value,…`` names.

    Raises UnknownPlugin for an adapter that is not installed, ParamsError for one that cannot be opened by name or an
    argument that it does not take, and what the adapter raises.
    """
    choice = Choice.of(text)
    adapter = find("adapters", choice.name)
    opener: Callable[..., AttributableModel] | None = getattr(adapter, "open", None)
    if opener is None:
        raise ParamsError(
            f"the adapter {choice.name!r} cannot be opened by name: it has no class method open(**args: str); give it "
            f"one, or call versionmatch.attribution.attribute.attribute with the model itself"
        )
    args = dict(choice.args)
    if corpus and "corpus" in signature(opener).parameters:
        args.setdefault("corpus", corpus)
    return _checked(opener(**_taken(opener, args, f"the adapter {choice.name!r}")), text)


def open_method(text: str, **more: Any) -> Attributor:
    """The method that ``METHOD:key=value,…`` names; values are JSON where they can be, ``more`` overrides them.

    >>> open_method("unlearn-ekfac:rise=0.05", draws=4).settings["rise"]
    0.05
    """
    choice = Choice.of(text)
    method = find("attributors", choice.name)
    args = {key: _json(value) for key, value in choice.args} | more
    made: Attributor = method(**_taken(method, args, f"the method {choice.name!r}"))
    return made


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _taken(opener: Callable[..., Any], args: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The arguments, once it is sure that the opener takes each and lacks none."""
    known = signature(opener).parameters.values()
    names = [p.name for p in known if p.kind in {Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD}]
    anything = any(p.kind is Parameter.VAR_KEYWORD for p in known)
    takes = f"it takes: {', '.join(names) or 'none'}"
    for key in args:
        if key not in names and not anything:
            near = difflib.get_close_matches(key, names, n=1)
            raise ParamsError(f"{what} takes no {key!r}; {takes}." + (f" Did you mean {near[0]!r}?" if near else ""))
    needed = [p.name for p in known if p.default is Parameter.empty and p.name in names and p.name not in args]
    if needed:
        raise ParamsError(f"{what} needs {needed[0]!r}, as in NAME:{needed[0]}=…; {takes}")
    return dict(args)


def _checked(model: Any, text: str) -> AttributableModel:
    """The model, once it is sure that it is one; InputError names what it lacks."""
    if not isinstance(model, AttributableModel):
        wanted = ("name", "capabilities", "loss_unit", "fingerprint", "params", "item_ids", "load", "read", "losses")
        lacks = [name for name in wanted if not hasattr(model, name)]
        raise InputError(f"{text!r} opened a {type(model).__name__}, which lacks {', '.join(lacks)}; see check_adapter")
    return model
