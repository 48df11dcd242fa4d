"""A pickle read as data: a small stack machine that builds plain values and calls nothing.

The standard unpickler imports the names a file contains and calls them. This one knows a handful of names (tensors,
storages, ordered dictionaries), for which it builds values of its own; every other name becomes an ``Inert``, and so
does whatever the file wants made of it. There is no path from a file to an import or a call.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from ..errors import InputError

MAX_OPCODES = 5_000_000
"""A checkpoint of 280 tensors with the state of its optimiser takes some 30 000."""

LONGEST_NAME = 1000

RUNS_CODE = frozenset((
    "os", "posix", "nt", "subprocess", "sys", "importlib", "runpy", "pickle", "_pickle", "cPickle", "shutil", "socket",
    "ctypes", "pty", "code", "codeop", "operator", "_operator", "marshal", "webbrowser", "multiprocessing", "imp",
    "pdb", "timeit", "bdb", "commands", "popen2", "dill", "cloudpickle", "joblib",
))  # fmt: skip
"""Top-level modules that no checkpoint has a reason to name."""

_BUILTINS = (
    "eval", "exec", "execfile", "compile", "open", "__import__", "getattr", "setattr", "delattr", "globals", "vars",
    "input", "breakpoint",
)  # fmt: skip
RUNS_CODE_NAMES = frozenset(
    [
        "torch.load",
        "torch.serialization.load",
        "torch.storage._load_from_bytes",
        "torch.jit.load",
        "numpy.load",
        "io.open",
        "_io.open",
        "io.FileIO",
        "_io.FileIO",
        "codecs.open",
    ]
    + [f"{module}.{name}" for module in ("builtins", "__builtin__") for name in _BUILTINS]
)
RUNS_CODE_PREFIXES = ("torch.hub.", "torch.package.", "torch.utils.cpp_extension.")

Reference = Callable[[object], object]
Scalar = str | int | float | bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class Inert:
    """What stands for a name that is not known here, and for anything made with it."""

    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name known here, before it is applied to its arguments."""

    name: str


class Malformed(Exception):
    """The pickle is not one; the reader says of which file."""


class _Mark:
    """Where a run of items begins on the stack."""


MARK = _Mark()


def read_pickle(
    file: IO[bytes], *, source: str, known: dict[str, Callable[[tuple[object, ...]], object]], stored: Reference
) -> object:
    """The value of the pickle that begins at the file's position; the position ends just behind it.

    Parameters
    ----------
    file
        Open for reading, and of bounded length.
    source
        Name for errors.
    known
        Full name → what builds the value from the arguments; called with plain data only.
    stored
        What a persistent id (a storage) stands for.

    Raises
    ------
    InputError
        Where the pickle names something that runs code, or is malformed.
    """
    machine = _Machine(source, known, stored)
    try:
        return machine.run(file)
    except InputError:
        raise
    except (Malformed, ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error) as error:
        raise InputError(f"{source}: its pickle is malformed ({error}); get the file again") from error


LITERALS = frozenset((
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8",
))  # fmt: skip
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
IGNORED = frozenset(("PROTO", "FRAME"))


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(
        self, source: str, known: dict[str, Callable[[tuple[object, ...]], object]], stored: Reference
    ) -> None:
        self.source, self.known, self.stored = source, known, stored
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.work = 0

    def run(self, file: IO[bytes]) -> object:
        """Carry out everything up to the end of the pickle; its value."""
        for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if count > MAX_OPCODES:
                raise Malformed(f"more than {MAX_OPCODES:,} instructions")
            if opcode.name == "STOP":
                break
            self.step(opcode.name, argument)
        return self.pop()

    def step(self, name: str, argument: Any) -> None:
        """Carry out one instruction."""
        if name in LITERALS:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name in IGNORED:
            return
        elif name in _ACTIONS:
            _ACTIONS[name](self, argument)
        else:
            raise Malformed(f"the instruction {name} has no place in a checkpoint")

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is MARK:
            raise Malformed("an instruction finds its stack empty")
        return self.stack.pop()

    def items(self) -> list[Any]:
        """What lies above the last mark, which goes too."""
        for i in range(len(self.stack) - 1, -1, -1):
            if self.stack[i] is MARK:
                found = self.stack[i + 1 :]
                del self.stack[i:]
                return found
        raise Malformed("a run of items has no beginning")

    def top(self) -> Any:
        if not self.stack:
            raise Malformed("an instruction finds its stack empty")
        return self.stack[-1]

    def find(self, module: object, name: object) -> None:
        """Push what a global name stands for; nothing is imported."""
        if not (isinstance(module, str) and isinstance(name, str)):
            raise Malformed("a global name is no text")
        if len(module) + len(name) > LONGEST_NAME:
            raise Malformed(f"a global name has {len(module) + len(name):,} characters")
        full = f"{module}.{name}"
        top_level = module.partition(".")[0]
        if top_level in RUNS_CODE or full in RUNS_CODE_NAMES or full.startswith(RUNS_CODE_PREFIXES):
            raise InputError(
                f"{self.source} asks for {full}, which runs code and has no place in a checkpoint; nothing of it was "
                "run. Do not load this file with anything else, and get it from its authors again"
            )
        self.stack.append(Name(full) if full in self.known else Inert(full))

    def apply(self, what: object, arguments: object) -> None:
        """Push what a name makes of its arguments."""
        if isinstance(what, Name):
            if not isinstance(arguments, tuple):
                raise Malformed(f"{what.name} is given no arguments")
            self.work += sum(len(a) for a in arguments if isinstance(a, (list, tuple, dict)))
            if self.work > MAX_OPCODES:  # one long list, handed over again and again
                raise Malformed(f"more than {MAX_OPCODES:,} items are handed over")
            self.stack.append(self.known[what.name](arguments))
        elif isinstance(what, Inert):
            self.stack.append(what)
        else:
            raise Malformed("something that is no name is called")

    def fill(self, target: object, items: list[Any]) -> None:
        """Add to a list or a set; what is added to an Inert is dropped."""
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, set):
            target.update(_key(item) for item in items)
        elif not isinstance(target, Inert):
            raise Malformed("items are added to something that is no list")

    def assign(self, target: object, items: list[Any]) -> None:
        """Add keys and values, in turn, to a dictionary; an Inert takes none."""
        if isinstance(target, dict):
            target.update(_pairs(items))
        elif not isinstance(target, Inert):
            raise Malformed("keys are set in something that is no dictionary")


def _key(value: object) -> Scalar | Inert:
    """A key that can be hashed without going into it (tuples nest without bound)."""
    return value if isinstance(value, Scalar) else Inert("a key that is no text and no number")


def _pairs(items: list[Any]) -> Iterator[tuple[Scalar | Inert, Any]]:
    if len(items) % 2:
        raise Malformed("a key has no value")
    return zip(map(_key, items[::2]), items[1::2], strict=True)


def _tuple(size: int) -> Callable[[_Machine, Any], None]:
    def make(machine: _Machine, _: Any) -> None:
        items = [machine.pop() for _ in range(size)]
        machine.stack.append(tuple(reversed(items)))

    return make


def _pop(machine: _Machine, _: Any) -> None:
    machine.stack.pop()


def _pop_mark(machine: _Machine, _: Any) -> None:
    machine.items()


def _append(machine: _Machine, _: Any) -> None:
    item = machine.pop()
    machine.fill(machine.top(), [item])


def _appends(machine: _Machine, _: Any) -> None:
    items = machine.items()
    machine.fill(machine.top(), items)


def _setitem(machine: _Machine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    machine.assign(machine.top(), [key, value])


def _setitems(machine: _Machine, _: Any) -> None:
    items = machine.items()
    machine.assign(machine.top(), items)


def _get(machine: _Machine, argument: Any) -> None:
    machine.stack.append(machine.memo[int(argument)])


def _put(machine: _Machine, argument: Any) -> None:
    machine.memo[int(argument)] = machine.top()


def _memoize(machine: _Machine, _: Any) -> None:
    machine.memo[len(machine.memo)] = machine.top()


def _global(machine: _Machine, argument: Any) -> None:
    module, _, name = str(argument).partition(" ")
    machine.find(module, name)


def _stack_global(machine: _Machine, _: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.find(module, name)


def _reduce(machine: _Machine, _: Any) -> None:
    arguments, what = machine.pop(), machine.pop()
    machine.apply(what, arguments)


def _newobj_ex(machine: _Machine, _: Any) -> None:
    machine.pop()  # keyword arguments: nothing known here takes any
    _reduce(machine, None)


def _inst(machine: _Machine, argument: Any) -> None:
    arguments = tuple(machine.items())
    _global(machine, argument)
    machine.apply(machine.pop(), arguments)


def _obj(machine: _Machine, _: Any) -> None:
    what, *arguments = machine.items()
    machine.apply(what, tuple(arguments))


def _build(machine: _Machine, _: Any) -> None:
    machine.pop()  # the attributes of an object, which nothing here has


def _persistent(machine: _Machine, _: Any) -> None:
    machine.stack.append(machine.stored(machine.pop()))


def _make_set(machine: _Machine, _: Any) -> None:
    machine.stack.append({_key(item) for item in machine.items()})


_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": lambda m, _: m.stack.append(MARK),
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": lambda m, _: m.stack.append(m.top()),
    "EMPTY_LIST": lambda m, _: m.stack.append([]),
    "EMPTY_DICT": lambda m, _: m.stack.append({}),
    "EMPTY_SET": lambda m, _: m.stack.append(set()),
    "EMPTY_TUPLE": lambda m, _: m.stack.append(()),
    "LIST": lambda m, _: m.stack.append(m.items()),
    "TUPLE": lambda m, _: m.stack.append(tuple(m.items())),
    "DICT": lambda m, _: m.stack.append(dict(_pairs(m.items()))),
    "FROZENSET": _make_set,
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": _append,
    "APPENDS": _appends,
    "ADDITEMS": _appends,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
    "PUT": _put,
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": _memoize,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _newobj_ex,
    "INST": _inst,
    "OBJ": _obj,
    "BUILD": _build,
    "BINPERSID": _persistent,
}
