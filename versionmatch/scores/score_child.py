"""What reads scores that nobody vouches for, in a process of its own: ``python -m versionmatch.scores.score_child``.

Requests come as JSON lines; a reply is ``b"VMS1"``, the length of a JSON object (little-endian uint32), and the object:
the score's notes, parts, and what is written around them, or the code and the words of why there is none. The process
limits its own memory, CPU time, files and dumps.
"""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import asdict
from typing import IO, Any

from ..audio.decoder_child import limit_cpu, limit_process, words_of
from ..audio.limits import Limits
from ..errors import AudioDecodeError, InputError, LimitError
from .reading import read_score
from .score import Score

MAGIC = b"VMS1"
TOO_LONG = frozenset({"MAX_DURATION_S", "MAX_QUARTERS", "max_duration_s"})
COLUMNS = ("onset_q", "duration_q", "pitch", "part")
ABOUT = ("tempi", "meters", "keys", "symbols")
WORDS = ("title", "composer", "date")


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        limit_cpu(request["cpu_s"])
        try:
            reply = read(request["path"], Limits(**request["limits"]))
        except MemoryError:
            reply = {"code": "memory_cap", "detail": "reading it takes more memory than allowed; leave it out"}
        text = json.dumps(reply).encode()
        replies.write(MAGIC + struct.pack("<I", len(text)) + text)
        replies.flush()
        if reply.get("code") == "memory_cap":
            return


def read(path: str, limits: Limits) -> dict[str, Any]:
    """The score of a path as JSON-able data; or its code and words where it cannot be read."""
    try:
        score = read_score(path, limits=limits)
        if score is None:
            return {"code": "not_audio", "detail": "its content is no score; check it"}
        limits.check_duration(path, score.end_s)
        return as_data(score)
    except LimitError as error:
        cause, remedy = words_of(error)
        return {"code": "too_long" if error.limit in TOO_LONG else "too_large", "detail": f"{cause}; {remedy}"}
    except AudioDecodeError as error:
        return {"code": error.code, "detail": f"{error.cause}; {error.remedy}"}
    except OSError as error:
        return {"code": "unreadable_io", "detail": f"it cannot be read ({error.strerror}); check it"}
    except RecursionError:
        return {"code": "score_error", "detail": "it is nested too deep; export it again"}
    except (InputError, ValueError) as error:
        return {"code": "score_error", "detail": str(error).removeprefix(f"{path}: ")[:1000]}


def as_data(score: Score) -> dict[str, Any]:
    """A score as JSON-able data, of which ``isolated.score_of`` makes the same score again."""
    data: dict[str, Any] = {name: getattr(score, name).tolist() for name in COLUMNS}
    data |= {name: [list(asdict(item).values()) for item in getattr(score, name)] for name in ABOUT}
    data |= {name: getattr(score, name) for name in WORDS}
    return data | {"parts": list(score.parts), "format": score.format}


if __name__ == "__main__":
    limit_process(int(sys.argv[1]))
    serve(sys.stdin.buffer, sys.stdout.buffer)
