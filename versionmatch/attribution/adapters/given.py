"""Networks that a person's own code makes: ``factory=module:function`` or ``factory=file.py:function``."""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

from torch import nn

from ...errors import InputError, ParamsError


def made_by(factory: str, folder: Path) -> nn.Module:
    """What the function gives when it is called with the model's folder.

    This runs the code that is named. ParamsError where it cannot be found, InputError where it gives no network.
    """
    where, colon, name = factory.rpartition(":")
    if not colon or not name.isidentifier():
        raise ParamsError(f"factory is MODULE:FUNCTION or FILE.py:FUNCTION; got {factory!r}")
    try:
        module = _file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
        function = getattr(module, name)
    except (ImportError, OSError, AttributeError) as error:
        raise ParamsError(f"there is no factory {factory!r}: {error}; is its folder in PYTHONPATH?") from error
    made = function(folder)
    if not isinstance(made, nn.Module):
        raise InputError(f"the factory {factory!r} gives a torch.nn.Module; got {type(made).__name__}")
    return made


def _file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"versionmatch_given_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def json_of(path: Path) -> dict[str, Any]:
    """A configuration; InputError where it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no configuration but a {type(found).__name__}")
    return found
