"""audfprint2 behind a pipe, in an environment of its own: one JSON request a line, one JSON answer a line.

``{"add": name, "file": path.npy}`` or ``{"ask": path.npy}``; samples are mono float32 at 11,025 Hz. Its own settings:
20 landmarks a second for what is indexed, and four shifts of a frame for a query, as its ``match`` command does.
"""

import json
import logging
import sys

import numpy as np
from audfprint2.core import analyzer, hash_table, matcher

logging.disable(logging.CRITICAL)
make = analyzer.Analyzer()
table = hash_table.HashTable()
match = matcher.Matcher()


def hashes(samples, shifts):
    parts = [make.find_peaks(samples[int(k / shifts * make.n_hop) :], 11025) for k in range(shifts)]
    rows = [analyzer.landmarks2hashes(make.peaks2landmarks(peaks)) for peaks in parts]
    return np.unique(np.concatenate([np.reshape(r, (-1, 2)) for r in rows]), axis=0).astype(np.int32)


for line in sys.stdin:
    request = json.loads(line)
    try:
        if "add" in request:
            table.store(request["add"], hashes(np.load(request["file"]), 1))
            answer = {}
        else:
            found = match.match_hashes(table, hashes(np.load(request["ask"]), 4))
            answer = {"name": table.names[int(found[0][0])], "score": int(found[0][1])} if len(found) else {}
    except Exception as error:  # noqa: BLE001 - whatever it is, the pipe must answer
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
