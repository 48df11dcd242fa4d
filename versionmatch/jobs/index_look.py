"""A first look at an input, without reading it: what is clear already, and what has to be done."""

from __future__ import annotations

import json
import os
import sqlite3
import stat

from ..params import IndexParams
from ..scores.reading import split_tune
from ..store.rows import INPUTS, InputRow
from ..store.runs import Wanted, known
from .index_inputs import Named

Verdict = tuple[str, str, str]
"""State, reason, detail."""

PENDING: Verdict = ("pending", "", "")


def looked_at(
    connection: sqlite3.Connection, named: Named, wanted: Wanted, params: IndexParams
) -> tuple[InputRow, str, str]:
    """The row of an input, its state and its reason; a file that has not changed since is not read again."""
    before = INPUTS.one(connection, named.key)
    size, mtime_ns, content = 0, 0, ""
    verdict = named.verdict
    if verdict is None:
        found = _stat(str(split_tune(named.path)[0]), params)
        if not isinstance(found, os.stat_result):
            verdict = found
        else:
            size, mtime_ns = found.st_size, found.st_mtime_ns
            same = before is not None and (before.size, before.mtime_ns) == (size, mtime_ns) and not params.rehash
            content = before.content if same and before is not None else ""
            verdict = _verdict(connection, content, wanted, params)
    state, reason, detail = verdict
    if before is not None and state == "quarantined" and not detail:
        detail = before.detail
    facts = json.dumps(dict(named.facts), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if before is not None and not named.facts:
        facts = before.facts
    partition = named.partition or params.partition or (before.partition if before is not None else "")
    file = (named.key, named.path, named.span[0], named.span[1], size, mtime_ns, content)
    return InputRow(*file, state, reason, detail, partition, facts), state, reason


def _verdict(connection: sqlite3.Connection, content: str, wanted: Wanted, params: IndexParams) -> Verdict:
    what = known(connection, content, wanted, retry=params.retry, restore=params.restore)
    if what is None:
        return PENDING
    if what == "done":
        return "done", "", ""
    return ("skipped", what, "") if what == "removed" else ("quarantined", what, "")


def _stat(path: str, params: IndexParams) -> os.stat_result | Verdict:
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            if not params.follow_symlinks:
                return "quarantined", "symlink_refused", "it is a symbolic link; add its target, or follow links"
            found = os.stat(path)
    except (OSError, ValueError) as error:
        return "quarantined", "unreadable_io", f"{getattr(error, 'strerror', None) or error}; check its path"
    if not stat.S_ISREG(found.st_mode):
        return "quarantined", "special_file", "it is not a regular file; add a file of sound or a score"
    if not found.st_size:
        return "quarantined", "empty_file", "it has no bytes; export or download it again"
    return found
