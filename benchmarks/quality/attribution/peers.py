"""Peers on the autoregressive model and the truth that is shipped, beside our own methods in the same run.

    .venv-peers/bin/python -m benchmarks.quality.attribution.peers --out benchmarks/results/attribution-peers.json

Needs kronfluence and dattri (``benchmarks/requirements-peers.txt``), which are no dependencies of the package.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from dattri.algorithm.trak import TRAKAttributor
from dattri.task import AttributionTask
from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.task import Task
from torch.utils.data import DataLoader, TensorDataset

from versionmatch.attribution.benchmark.measure import Run, figures, method_of, one_thread, scored
from versionmatch.attribution.benchmark.shipped import shipped_context, shipped_question
from versionmatch.attribution.reference.melodies import table
from versionmatch.attribution.reference.transformer import TuneTransformer, token_losses

OURS = ("ekfac-influence", "trak", "unlearn-ekfac")


class Tunes(Task):
    """The loss of the reference model, as kronfluence wants it: summed over a batch."""

    def compute_train_loss(self, batch: Any, model: Any, sample: bool = False) -> torch.Tensor:
        logits = model(batch[0])
        if not sample:
            return token_losses(logits, batch[0]).mean(1).sum()
        with torch.no_grad():
            drawn = torch.multinomial(logits.softmax(-1).flatten(0, 1), 1).view(batch[0].shape)
        return token_losses(logits, drawn).mean(1).sum()

    def compute_measurement(self, batch: Any, model: Any) -> torch.Tensor:
        return self.compute_train_loss(batch, model)


def kronfluence_ekfac(net: TuneTransformer, corpus: torch.Tensor, queries: torch.Tensor) -> npt.NDArray[np.float64]:
    """Influence by EK-FAC of all linear layers, its defaults."""
    torch.manual_seed(440)
    task = Tunes()
    model = prepare_model(net, task)
    with tempfile.TemporaryDirectory() as folder:
        analyzer = Analyzer("tunes", model, task, cpu=True, output_dir=folder, disable_tqdm=True)
        analyzer.fit_all_factors(
            "f", TensorDataset(corpus), per_device_batch_size=50, factor_args=FactorArguments(strategy="ekfac")
        )
        analyzer.compute_pairwise_scores(
            "s", "f", TensorDataset(queries), TensorDataset(corpus), len(queries), 50, score_args=ScoreArguments()
        )
        found = analyzer.load_pairwise_scores("s")["all_modules"]
    return np.asarray(found.double().numpy())


def dattri_trak(
    net: TuneTransformer, corpus: torch.Tensor, queries: torch.Tensor, *, dim: int = 2048, ridge: float = 0.0
) -> npt.NDArray[np.float64]:
    """TRAK with one model; its default is no ridge, which a sketch wider than the corpus cannot do without."""

    def loss(params: Any, data: Any) -> torch.Tensor:
        rows = data[0].unsqueeze(0)
        return token_losses(torch.func.functional_call(net, params, (rows,)), rows).mean()

    def odds(params: Any, data: Any) -> torch.Tensor:
        p = torch.exp(-loss(params, data))
        return torch.log(p / (1 - p))

    def right(params: Any, data: Any) -> torch.Tensor:
        return torch.exp(-loss(params, data))

    names = {name: value.detach() for name, value in net.named_parameters()}
    task = AttributionTask(loss_func=loss, model=net, checkpoints=names, target_func=odds)
    projector = {"proj_dim": dim, "proj_seed": 440, "device": "cpu", "proj_max_batch_size": 32}
    made = TRAKAttributor(task, right, projector_kwargs=projector, device="cpu", regularization=ridge)
    torch.manual_seed(440)
    made.cache(DataLoader(TensorDataset(corpus), batch_size=50))
    found = made.attribute(DataLoader(TensorDataset(queries), batch_size=8))
    return np.asarray(found.detach().double().numpy().T)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--split", choices=("dev", "report"), default="report")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    question = shipped_question("ar", options.split)
    asked = torch.from_numpy(question.queries)
    with one_thread():
        context = shipped_context("ar")
        batches = question.batches(context.model)
        runs = [scored(context, method_of("ar", name), batches) for name in OURS]
        peers = {
            "kronfluence 1.0.1, EK-FAC": kronfluence_ekfac,
            "dattri 0.3.0, TRAK 2048": dattri_trak,
            "dattri 0.3.0, TRAK 256": functools.partial(dattri_trak, dim=256),
        }
        for name, peer in peers.items():
            net = shipped_context("ar").model.trained.net  # type: ignore[attr-defined]
            begun = time.process_time()
            scores = peer(net, torch.from_numpy(table(context.model.trained.tunes)), asked)  # type: ignore[attr-defined]
            runs.append(Run(name, {}, scores, 0.0, time.process_time() - begun, ()))
    found = figures(runs, question.truth, question.n_outputs)
    options.out.write_text(json.dumps({"split": options.split, **found}, indent=1) + "\n")
    sys.stdout.write("".join(f"{n:28s} {told['lds']:.3f} {told['interval']}\n" for n, told in found["methods"].items()))


if __name__ == "__main__":
    main()
