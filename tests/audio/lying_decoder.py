"""A decoder's process that crashes, hangs or answers nonsense: ``python -m tests.audio.lying_decoder HOW MEMORY``."""

import json
import os
import signal
import struct
import sys
import time

RECORDING = {
    "id": "0" * 64,
    "source": "",
    "duration_s": 1.0,
    "title": None,
    "artist": None,
    "isrc": None,
    "work_id": None,
    "sr": 44100,
    "channels": 2,
    "codec": "x",
    "flags": [],
}


def answer(header, samples=b"", magic=b"VMD1"):
    text = json.dumps(header).encode()
    sys.stdout.buffer.write(magic + struct.pack("<I", len(text)) + text + samples)
    sys.stdout.buffer.flush()


def lie(how):
    whole = struct.pack("<16000f", *[0.1] * 16000)
    if how == "abort":
        os.abort()
    elif how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif how == "exit":
        sys.exit(0)
    elif how == "hang":
        time.sleep(3600)
    elif how == "spin":
        while True:
            pass
    elif how == "noise":
        sys.stdout.buffer.write(os.urandom(1 << 16))
    elif how == "endless":
        while True:
            sys.stdout.buffer.write(b"VMD1" + b"\xff" * 4096)
    elif how == "huge header":
        sys.stdout.buffer.write(b"VMD1" + struct.pack("<I", 1 << 31))
    elif how == "no json":
        sys.stdout.buffer.write(b"VMD1" + struct.pack("<I", 4) + b"{{{{")
    elif how == "a list":
        answer([1, 2])
    elif how == "no fields":
        answer({"recording": {}, "n_samples": 1})
    elif how == "other length":
        answer({"recording": RECORDING, "n_samples": 99}, whole)
    elif how == "endless sound":
        answer({"recording": {**RECORDING, "duration_s": 1e9}, "n_samples": 16 * 10**12}, whole)
    elif how == "odd id":
        answer({"recording": {**RECORDING, "id": "../../etc/passwd"}, "n_samples": 16000}, whole)
    elif how == "odd flag":
        answer({"recording": {**RECORDING, "flags": ["<script>"]}, "n_samples": 16000}, whole)
    elif how == "nan":
        answer({"recording": RECORDING, "n_samples": 16000}, struct.pack("<16000f", *[float("nan")] * 16000))
    elif how == "half":
        answer({"recording": RECORDING, "n_samples": 16000}, whole[:999])
        sys.exit(0)
    elif how == "half and hang":
        answer({"recording": RECORDING, "n_samples": 16000}, whole[:999])
        time.sleep(3600)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    how = sys.argv[1]
    for _ in sys.stdin.buffer:
        lie(how)
    sys.stdin.close()
