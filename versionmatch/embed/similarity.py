"""How alike vectors are in each of the twelve keys."""

from __future__ import annotations

import torch
from torch import Tensor

from .net import rotation_basis


def by_key(query: Tensor, reference: Tensor) -> Tensor:
    """The dot product with the reference raised by 0…11 semitones, ``(n, m, 12)``.

    Parameters
    ----------
    query : (n, dim, 12)
    reference : (m, dim, 12)
        Vectors of length 1, as ``VersionNet.pooled`` makes them.

    Returns
    -------
    (n, m, 12), in [-1, 1]
        Computed in the Fourier domain of the pitch classes, a sixth of the work of twelve products.
    """
    basis = rotation_basis().to(query)
    q, r = (torch.einsum("ndp,kp->knd", x, basis) for x in (query, reference))
    flat = q[:2] @ r[:2].transpose(1, 2)  # (2, n, m)
    qa, qb, ra, rb = q[2::2], q[3::2], r[2::2], r[3::2]
    same = torch.cat([qa, qb], 2) @ torch.cat([ra, rb], 2).transpose(1, 2)
    turn = torch.cat([qb, -qa], 2) @ torch.cat([ra, rb], 2).transpose(1, 2)
    parts = torch.cat([flat, torch.stack([same, turn], 1).flatten(0, 1)])  # (12, n, m)
    return torch.einsum("knm,kp->nmp", parts, _turns().to(query))


def _turns() -> Tensor:
    """``(12, 12)``: from products by frequency to products by rotation."""
    n = torch.arange(12, dtype=torch.float64)
    rows = [torch.ones(12, dtype=torch.float64), 1 - 2 * (n % 2)]
    for k in range(1, 6):
        angle = 2 * torch.pi * k * n / 12
        rows += [torch.cos(angle), torch.sin(angle)]
    return torch.stack(rows).to(torch.float32)
