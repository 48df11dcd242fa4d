"""Slow twins of the attribution module: explicit loops, explicit matrices."""

import numpy as np
import torch


def item_gradients(model, losses_of, ids):
    """Each item's gradient by itself, one dict per item."""
    found = []
    for item in ids:
        model.net.zero_grad(set_to_none=True)
        losses_of(model.load([item])).sum().backward()
        found.append({n: p.grad.clone() for n, p in model.net.named_parameters()})
    model.net.zero_grad(set_to_none=True)
    return found


def ekfac_solve(model, losses_of, ids, gradient, damping):
    """EK-FAC of a chain Linear, Tanh, Linear by explicit Kronecker products; gradients and result as dicts."""
    grads = item_gradients(model, losses_of, ids)
    with torch.no_grad():
        x = model.load(ids).x
        inputs = {"0": x, "2": model.net[1](model.net[0](x))}
    found = {}
    for layer, entering in inputs.items():
        ones = torch.ones(len(entering), 1, dtype=entering.dtype)
        augmented = torch.cat([entering, ones], 1)
        # the output's gradient of one item is its bias's gradient
        leaving = torch.stack([g[f"{layer}.bias"] for g in grads])
        a = sum(torch.outer(v, v) for v in augmented)
        g = sum(torch.outer(v, v) for v in leaving)
        q_a, q_g = torch.linalg.eigh(a)[1], torch.linalg.eigh(g)[1]
        turn = torch.kron(q_g, q_a)  # columns: eigenvectors of the row-major flattened matrix
        whole = [torch.cat([x[f"{layer}.weight"], x[f"{layer}.bias"][:, None]], 1).reshape(-1) for x in grads]
        squares = torch.stack([(turn.T @ v) ** 2 for v in whole]).mean(0)
        mine = torch.cat([gradient[f"{layer}.weight"], gradient[f"{layer}.bias"][:, None]], 1)
        solved = (turn @ ((turn.T @ mine.reshape(-1)) / (squares + damping * squares.mean()))).view_as(mine)
        found[f"{layer}.weight"], found[f"{layer}.bias"] = solved[:, :-1], solved[:, -1]
    return found


def spearman(a, b):
    """Rank correlation of two lists without ties, from the differences of ranks."""
    n = len(a)
    ranks = [np.argsort(np.argsort(v)) for v in (a, b)]
    return 1 - 6 * float(((ranks[0] - ranks[1]) ** 2).sum()) / (n * (n * n - 1))


def ridge_left_out(x, y, w, penalty, query_x, query_y):
    """By how much the query's squared error rises when each row is left out, fitting anew each time."""
    found = []
    for i in range(len(x)):
        keep = np.arange(len(x)) != i
        again = np.linalg.solve(x[keep].T @ x[keep] + penalty * np.eye(x.shape[1]), x[keep].T @ y[keep])
        found.append((query_y - query_x @ again) ** 2 - (query_y - query_x @ w) ** 2)
    return np.array(found)


def logistic_fit(x, y, start, steps=30):
    """Maximum likelihood by Newton's method."""
    w = start.copy()
    for _ in range(steps):
        p = 1 / (1 + np.exp(-x @ w))
        w = w - np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (p - y))
    return w
