"""Every error this package raises on purpose, in one tree.

::

    VersionMatchError
    ├── InputError (ValueError)            an argument, a value or a file cannot be used as given
    │   ├── AudioDecodeError               a file is not sound, or is broken
    │   ├── LimitError                     an input is larger than a limit that the caller can raise
    │   ├── ParamsError                    a setting is unknown, of the wrong kind or out of range
    │   └── FeatureMismatch                two features cannot be compared with each other
    ├── CapabilityError (TypeError)        a model cannot do what a method of attribution needs
    ├── MissingExtra (ImportError)         an optional dependency is not installed
    ├── UnknownPlugin (LookupError)        no plugin of that name
    ├── PluginConflict (RuntimeError)      two distributions claim one name
    ├── IndexMismatch (RuntimeError)       a stored index was built by another model than the one asked for
    ├── CatalogueBusy (RuntimeError)       another process writes to that catalogue
    ├── IncompleteScan (RuntimeError)      pairs of a scan wait that was stopped
    ├── NotPermitted (RuntimeError)        what is asked for is not covered by the rights that a log tells
    └── IntegrityError (RuntimeError)      something stored is not what was written

Each is also a built-in kind, so ``except ValueError`` works without importing anything from here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VersionMatchError(Exception):
    """Root of every error this package raises on purpose."""


class InputError(VersionMatchError, ValueError):
    """An argument or a file cannot be used as given."""


class AudioDecodeError(InputError):
    """A file cannot be turned into sound; says which one, why, and what to do.

    ``code`` is one of the words that a catalogue's quarantine knows reasons by.
    """

    def __init__(self, source: str, cause: str, remedy: str, *, code: str = "decoder_error") -> None:
        self.source, self.cause, self.remedy, self.code = source, cause, remedy, code
        super().__init__(f"{source}: {cause}; {remedy}")


class LimitError(InputError):
    """An input passes a limit; the limit is named, so that the caller can raise it."""

    def __init__(
        self, source: str, *, limit: str, found: float, allowed: float, unit: str, below: bool = False
    ) -> None:
        self.limit, self.found, self.allowed = limit, found, allowed
        relation, remedy = ("less", "lower") if below else ("more", "raise")
        super().__init__(
            f"{source}: {found:,.0f} {unit} is {relation} than {limit} = {allowed:,.0f} {unit}; "
            f"{remedy} {limit} if this is meant"
        )


class ParamsError(InputError):
    """A setting is unknown, of the wrong kind or out of range."""


class FeatureMismatch(InputError):
    """Two features of different kind, rate or settings cannot be compared."""


class CapabilityError(VersionMatchError, TypeError):
    """A model cannot do what a method needs; said before anything is computed."""

    def __init__(self, method: str, model: str, *, missing: Iterable[str], offered: Iterable[str]) -> None:
        self.missing = tuple(sorted(missing))
        super().__init__(
            f"the method {method!r} needs {', '.join(self.missing)}, which the model {model!r} does not offer (it "
            f"offers: {', '.join(sorted(offered)) or 'nothing'}); choose another method, or add this to its adapter "
            f"and to its capabilities"
        )


class MissingExtra(VersionMatchError, ImportError):
    """An optional dependency is not installed; names the extra that brings it."""

    def __init__(self, what: str, *, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs an optional dependency: pip install 'versionmatch[{extra}]'")


class UnknownPlugin(VersionMatchError, LookupError):
    """No plugin of that name; lists those there are and the nearest spelling."""

    def __init__(self, group: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        super().__init__(f"no {group} named {name!r}; there are: {', '.join(names) or 'none'}.{hint}")


class PluginConflict(VersionMatchError, RuntimeError):
    """Two distributions claim the same plugin name."""


class IndexMismatch(VersionMatchError, RuntimeError):
    """A stored index was built by another model than the one asked for."""

    def __init__(self, path: str, *, found: str, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        super().__init__(
            f"{path} holds vectors of {found!r}, not of {wanted!r}; use that model, or build the index again"
        )


class CatalogueBusy(VersionMatchError, RuntimeError):
    """Another process writes to the catalogue; there is one writer at a time."""

    def __init__(self, path: str, *, holder: str) -> None:
        super().__init__(
            f"{path} is being written to by {holder}; wait until it is done, or end it, and run this again"
        )


class IncompleteScan(VersionMatchError, RuntimeError):
    """A scan was stopped before all its pairs were compared."""

    def __init__(self, path: str, *, pending: int, of: int) -> None:
        super().__init__(
            f"{pending} of the {of} pairs of {path} wait to be compared; scan again, with a later deadline or none"
        )


class NotPermitted(VersionMatchError, RuntimeError):
    """What is asked for is not covered by the rights that a log tells, or by a frozen corpus."""


class IntegrityError(VersionMatchError, RuntimeError):
    """Something stored is not what was written."""
