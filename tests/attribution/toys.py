"""Small models whose attribution can be known exactly."""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from versionmatch.types.attribution import Corpus


@dataclass(frozen=True)
class Rows:
    ids: tuple
    x: torch.Tensor
    y: torch.Tensor


class Toy:
    """A network on rows of numbers: squared error, or logistic; float64, so that arithmetic can be compared."""

    name = "toy"

    def __init__(self, net, x, y, *, kind="square", noise=0.0):
        self.net = net.double().eval()
        self.x, self.y = torch.as_tensor(x, dtype=torch.float64), torch.as_tensor(y, dtype=torch.float64)
        self.kind, self.noise = kind, noise
        self.loss_unit = {"square": "squared error", "logistic": "nats"}[kind]
        self.capabilities = frozenset({"gradients", "linears", "sampling", "hidden"}) | ({"draws"} if noise else set())
        self._ids = [f"row {i:03d}" for i in range(len(x))]

    @property
    def fingerprint(self):
        parts = [p.detach().numpy().tobytes() for p in self.net.parameters()]
        return hashlib.sha256(b"".join([*parts, self.x.numpy().tobytes(), self.kind.encode()])).hexdigest()

    @property
    def corpus(self):
        return Corpus(tuple(self._ids), tuple(f"holder {i % 3}" for i in range(len(self._ids))))

    def module(self):
        return self.net

    def params(self):
        return dict(self.net.named_parameters())

    def groups(self):
        return {"first": [n for n in self.params() if n.startswith("0.")], "all": list(self.params())}

    def item_ids(self):
        return self._ids

    def load(self, ids):
        at = [self._ids.index(i) for i in ids]
        return Rows(tuple(ids), self.x[at], self.y[at])

    def read(self, sources):
        rows = [np.asarray(s, np.float64) for s in sources.values()]
        x, y = np.stack([r[:-1] for r in rows]), np.stack([r[-1:] for r in rows])
        return Rows(tuple(sources), torch.from_numpy(x), torch.from_numpy(y[:, 0]))

    def out(self, batch, draws):
        n, k = len(batch.ids), len(draws)
        x = batch.x.repeat_interleave(k, 0)
        if self.noise:
            x = x + self.noise * draws.normal(batch.ids, batch.x.shape[1:]).double().reshape(n * k, -1)
        return self.net(x)[:, 0].view(n, k)

    def _loss(self, out, target):
        if self.kind == "square":
            return (out - target).square()
        return functional.binary_cross_entropy_with_logits(out, target, reduction="none")

    def losses(self, batch, draws, *, mask_pad):
        out = self.out(batch, draws)
        return self._loss(out, batch.y[:, None].expand_as(out))

    def sampled(self, batch, draws, seed):
        from versionmatch.attribution.draws import Draws

        out, other = self.out(batch, draws), Draws(draws.numbers, draws.of, seed, "targets")
        if self.kind == "square":
            return self._loss(out, out.detach() + other.normal(batch.ids, ()).double())
        return self._loss(out, (other.uniform(batch.ids).double() < torch.sigmoid(out.detach())).double())

    @torch.no_grad()
    def hidden(self, batch):
        return batch.x


def linear_data(n, d, *, seed=440, kind="square"):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * np.linspace(0.5, 2.0, d)
    signal = x @ rng.normal(size=d)
    y = signal + rng.normal(size=n) if kind == "square" else (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(float)
    return x, y


def linear_net(weights):
    net = nn.Sequential(nn.Linear(len(weights), 1, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.as_tensor(weights)[None])
    return net


def small_net(seed=1, d=4, width=5):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(d, width), nn.Tanh(), nn.Linear(width, 1))
