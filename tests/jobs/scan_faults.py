"""Comparisons that hang, die, take all memory or fail, by the names of what is compared; for processes of a scan."""

import os
import signal
import time

import numpy as np

from versionmatch.jobs import scan_pairs


def compared(work):
    """The very loop over pairs, with comparisons that do as they are called."""
    usual, scan_pairs._facts = scan_pairs._facts, _facts
    try:
        return scan_pairs.compared(work)
    finally:
        scan_pairs._facts = usual


def _facts(work, pair):
    if "hang" in pair:
        time.sleep(600)
    if "die" in pair:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hungry" in pair:
        np.ones(1 << 31)
    if "odd" in pair:
        raise ValueError("what is that?")
    if pair[1].startswith("slow"):
        time.sleep(0.05)
    return {"query_id": pair[0], "ref_id": pair[1], "tier": "unrelated", "score": 0.1 + len(pair[0]) / 3}
