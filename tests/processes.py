"""A script's findings from a process of its own, on another make of machine if wanted."""

import json
import os
import subprocess
import sys


def found_by(script, **machine):
    """The JSON that the script prints; ``machine`` are environment variables such as NUMBA_CPU_NAME."""
    environment = os.environ | machine
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
