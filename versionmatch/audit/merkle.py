"""The Merkle tree of a log: one hash that stands for all entries, and short proofs about it (RFC 6962).

Hashes are 32 bytes of SHA-256. A leaf is hashed behind a byte 0, a node behind a byte 1, so that no node can pass for a
leaf. A tree of n leaves is split at the largest power of two below n.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ..errors import InputError

EMPTY = hashlib.sha256(b"").digest()
"""The root of no leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees as one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the full subtrees of a growing log: all that is needed to add leaves and to tell the root.

    Examples
    --------
    >>> frontier = Frontier()
    >>> for entry in (b"a", b"b", b"c"):
    ...     frontier.add(leaf_hash(entry))
    >>> frontier.root() == root_of([leaf_hash(e) for e in (b"a", b"b", b"c")])
    True
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """One more leaf, given its hash."""
        position, node = self.size, leaf
        while position & 1:
            node = node_hash(self._peaks.pop(), node)
            position >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaves' hashes, in order."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """What shows that leaf ``index`` is in the tree of these leaves: siblings from the leaf up to the root.

    Raises InputError where there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise InputError(f"there is no entry {index} among {len(leaves)}; give 0 to {len(leaves) - 1}")
    if len(leaves) == 1:
        return ()
    at = _split(len(leaves))
    if index < at:
        return (*inclusion_proof(leaves[:at], index), root_of(leaves[at:]))
    return (*inclusion_proof(leaves[at:], index - at), root_of(leaves[:at]))


def consistency_proof(leaves: Sequence[bytes], older: int) -> tuple[bytes, ...]:
    """What shows that the tree of the first ``older`` leaves was only added to; empty where there were none or all."""
    if not 0 <= older <= len(leaves):
        raise InputError(f"a log of {len(leaves)} entries never had {older}; give 0 to {len(leaves)}")
    return _grown(leaves, older, whole=True) if 0 < older < len(leaves) else ()


def _grown(leaves: Sequence[bytes], older: int, *, whole: bool) -> tuple[bytes, ...]:
    if older == len(leaves):
        return () if whole else (root_of(leaves),)
    at = _split(len(leaves))
    if older <= at:
        return (*_grown(leaves[:at], older, whole=whole), root_of(leaves[at:]))
    return (*_grown(leaves[at:], older - at, whole=False), root_of(leaves[:at]))


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf is entry ``index`` of the tree of that size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, node = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            node = node_hash(step, node)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            node = node_hash(node, step)
        number, last = number >> 1, last >> 1
    return last == 0 and node == root


def consistent(older: int, newer: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether a proof shows that the newer tree begins with the older one (RFC 9162, 2.1.4.2)."""
    if older == newer:
        return not proof and old_root == new_root
    if older == 0:
        return not proof and old_root == EMPTY
    if not 0 < older < newer or not (proof or older & (older - 1) == 0):
        return False
    path = [old_root, *proof] if older & (older - 1) == 0 else list(proof)
    number, last = older - 1, newer - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old_node = new_node = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old_node, new_node = node_hash(step, old_node), node_hash(step, new_node)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new_node = node_hash(new_node, step)
        number, last = number >> 1, last >> 1
    return last == 0 and old_node == old_root and new_node == new_root


def _split(n: int) -> int:
    """The largest power of two below n, which is 2 or more."""
    return 1 << (n - 1).bit_length() - 1
