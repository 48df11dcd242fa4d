"""The page's own model, as it is printed, passes the kit and is attributed."""

import re
from pathlib import Path

import torch
from torch import nn

from versionmatch.attribution.attribute import attribute
from versionmatch.attribution.context import Context
from versionmatch.types.attribution import Corpus

PAGE = Path(__file__).resolve().parents[2] / "docs" / "attribution.md"


class Net(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mlp_in, self.mlp_out = nn.Linear(dim + 1, 16), nn.Linear(16, dim)

    def forward(self, x, level):
        return self.mlp_out(torch.tanh(self.mlp_in(torch.cat([x, level], 1))))


def blocks():
    section = PAGE.read_text(encoding="utf-8").split("## Attribute your own model in 60 lines")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_the_model_of_the_page_takes_60_lines_conforms_and_is_attributed():
    adapter, check = blocks()
    assert len([line for line in adapter.splitlines() if line.strip()]) <= 60
    dim = 6
    draw = torch.Generator().manual_seed(440)
    corpus = {f"song {n}": torch.randn(dim, generator=draw) for n in range(6)}
    with torch.random.fork_rng():
        torch.manual_seed(440)
        known = {"tiny_net": Net(dim), "corpus": corpus, "dim": dim}
    exec(adapter, known)
    exec(check, known)
    known["test_my_model_conforms"]()
    model = known["MyModel"](known["tiny_net"], corpus)
    frozen = Corpus(tuple(corpus), ("somebody",) * len(corpus))
    results = attribute(Context(model, frozen), {"output": torch.zeros(dim)}, method="unlearn-ekfac")
    assert len(results[0].items) == len(corpus)
