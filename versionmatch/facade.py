"""Packages that can be called: ``versionmatch.align`` is a package of functions, and ``vm.align(a, b)`` aligns.

A name can be one thing only, and importing a subpackage puts it in its parent under its own name. So
the two packages whose verb is also a job carry that job as their call, found when it is first made.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        module, _, name = self.__dict__["__job__"].partition(":")
        return getattr(import_module(module), name)(*args, **kwargs)


def callable_package(name: str, job: str) -> None:
    """Let the package ``name`` be called as the function ``job`` ("module:function")."""
    module = sys.modules[name]
    module.__dict__["__job__"] = job
    module.__class__ = _CallablePackage
