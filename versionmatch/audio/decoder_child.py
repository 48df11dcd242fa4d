"""What decodes, in a process of its own, what nobody vouches for: ``python -m versionmatch.audio.decoder_child``.

Requests come as JSON lines; a reply is ``b"VMD1"``, the length of a JSON header (little-endian uint32), the header, and
the samples as little-endian float32. The process limits its own memory, CPU time, files and dumps.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from dataclasses import asdict
from typing import IO, Any

import numpy as np

from ..errors import AudioDecodeError, InputError, LimitError, MissingExtra
from ..types import Audio, Recording
from .completeness import refuse, unheard
from .decode import load
from .limits import Limits
from .stream import stream

MAGIC = b"VMD1"
BOMB = 200
"""Decoded bytes per byte of the file, beyond which what is too long is called a bomb."""

CODES = {
    "max_bytes": "too_large",
    "max_channels": "bad_channels",
    "min_sr": "bad_sample_rate",
    "max_sr": "bad_sample_rate",
}
FLAGGED = (("non_finite", "nonfinite"), ("silence", "silent"), ("dc_only", "dc_only"), ("too_short", "too_short"))
"""Flags of a sound that says nothing of music, and the code of each."""


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        limit_cpu(request["cpu_s"])
        try:
            recording, audio = decoded(request)
            header: dict[str, Any] = {"recording": asdict(recording), "n_samples": audio.samples.size}
        except AudioDecodeError as error:
            header, audio = {"code": error.code, "detail": f"{error.cause}; {error.remedy}"}, None
        except MemoryError:
            header, audio = {"code": "memory_cap", "detail": "decoding it takes more memory than allowed"}, None
        text = json.dumps(header).encode()
        replies.write(MAGIC + struct.pack("<I", len(text)) + text)
        if audio is not None:
            for _, block in audio.blocks(1 << 18):
                replies.write(np.ascontiguousarray(block, dtype="<f4").data)
        replies.flush()
        if header.get("code") == "memory_cap":
            return


def decoded(request: dict[str, Any]) -> tuple[Recording, Audio]:
    """The sound of a request's file, whole and worth keeping; AudioDecodeError with its code where it is not."""
    path, limits = request["path"], Limits(**request["limits"])
    span = tuple(request["span"]) if request["span"] else None
    try:
        if os.path.isfile(path):  # of anything else, load says what it is; a pipe would never open
            with open(path, "rb") as file:
                refuse(path, file)
        recording, audio = load(path, sr=request["sr"], limits=limits, span=span)
        _check(path, recording, request, limits)
    except LimitError as error:
        raise AudioDecodeError(path, *words_of(error), code=limit_code(error, path)) from error
    except MissingExtra as error:
        raise AudioDecodeError(
            path, str(error).partition(": ")[2], "then add it again", code="decoder_missing"
        ) from error
    except AudioDecodeError:
        raise
    except OSError as error:
        raise AudioDecodeError(
            path, f"it cannot be read ({error.strerror})", "check it", code="unreadable_io"
        ) from error
    except (InputError, ValueError) as error:
        raise AudioDecodeError(path, f"the decoder failed ({type(error).__name__})", "export it again") from error
    return recording, audio


def _check(path: str, recording: Recording, request: dict[str, Any], limits: Limits) -> None:
    found = unheard(path, recording, whole=not request["span"])
    if found is not None and not (request["partial"] and found[0] == "truncated"):
        raise AudioDecodeError(path, found[1], "export or download it again", code=found[0])
    for flag, code in FLAGGED:
        if flag in recording.flags:
            if code == "silent" and recording.channels > 1 and _heard_apart(path, limits):
                code = "mono_sum_cancel"  # noqa: PLW2901
            raise AudioDecodeError(path, f"its sound says nothing of music ({flag})", "leave it out", code=code)


def _heard_apart(path: str, limits: Limits) -> bool:
    """Whether there is sound in the channels by themselves."""
    return any(float(np.ptp(block, axis=0).max()) > 1e-3 for block in stream(path, mono=False, limits=limits))


def limit_code(error: LimitError, path: str) -> str:
    """The code of quarantine for a limit that was passed."""
    if error.limit != "max_duration_s":
        return CODES.get(error.limit, "too_large")
    return "decode_bomb" if error.allowed * 44100 * 4 > BOMB * os.path.getsize(path) else "too_long"


def words_of(error: LimitError) -> tuple[str, str]:
    """What a limit's error says without the source: cause and remedy."""
    cause, _, remedy = str(error).partition(": ")[2].rpartition("; ")
    return cause, remedy


def limit_cpu(seconds: float) -> None:
    """Let this process take no more CPU seconds than these from now on."""
    if os.name != "nt":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, hard))


def limit_process(max_memory: int) -> None:
    """Bound what this process can take: memory, files, and no dumps."""
    if os.name != "nt":
        import resource

        for what, most in (("AS", max_memory), ("CORE", 0), ("NOFILE", 64), ("FSIZE", 8 << 30)):
            number = getattr(resource, f"RLIMIT_{what}")
            hard = resource.getrlimit(number)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901
            resource.setrlimit(number, (most, hard))


if __name__ == "__main__":
    limit_process(int(sys.argv[1]))
    serve(sys.stdin.buffer, sys.stdout.buffer)
