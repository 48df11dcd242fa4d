"""The machine at hand, in words that mean something elsewhere: no names, no paths."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numba as nb
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES, CHAINS = 16, 16


def described() -> dict[str, Any]:
    """Processor and versions."""
    features = binding.get_host_cpu_features()
    return {
        "cpu": cpu_name(),
        "llvm_name": binding.get_host_cpu_name(),
        "vectors": [name for name in ("avx2", "avx512f", "avx512vnni") if features.get(name)],
        "system": platform.system(),
        "python": platform.python_version(),
        "numba": version("numba"),
        "llvmlite": version("llvmlite"),
        "numpy": version("numpy"),
    }


def cpu_name() -> str:
    """Model of the processor, with family and model number where they are known."""
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return platform.processor() or platform.machine()
    fields: dict[str, str] = {}
    for line in listing.read_text().split("\n\n", 1)[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    parts = [fields.get("model name", platform.machine())]
    parts += [f"{key} {fields[key]}" for key in ("cpu family", "model") if key in fields]
    return ", ".join(parts)


@intrinsic
def _chains(typing: Any, n: Any) -> Any:
    """``n`` rounds of sixteen independent fused multiply-adds on vectors of sixteen floats; their sum."""

    def generate(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.FloatType(), LANES)
        sums = [cgutils.alloca_once(b, vector) for _ in range(CHAINS)]
        for k, total in enumerate(sums):
            b.store(ir.Constant(vector, [float(k)] * LANES), total)
        factor = ir.Constant(vector, [0.5] * LANES)
        with cgutils.for_range(b, arguments[0]):
            for total in sums:
                product = b.fmul(b.load(total), factor, flags=("contract",))
                b.store(b.fadd(product, factor, flags=("contract",)), total)
        whole = b.load(sums[0])
        for total in sums[1:]:
            whole = b.fadd(whole, b.load(total))
        return b.extract_element(whole, ir.Constant(ir.IntType(32), 0))

    return types.float32(types.intp), generate


@nb.njit
def multiply_adds(n: int) -> float:
    """Run ``n`` rounds; ``n * CHAINS * LANES * 2`` floating-point operations."""
    return _chains(n)


def peak_gflops() -> float:
    """Single-precision multiply-adds of one core at their best, 10^9 operations a second."""
    multiply_adds(10)
    best, rounds = float("inf"), 4_000_000
    for _ in range(5):
        start = time.process_time()
        multiply_adds(rounds)
        best = min(best, time.process_time() - start)
    return rounds * CHAINS * LANES * 2 / best / 1e9
