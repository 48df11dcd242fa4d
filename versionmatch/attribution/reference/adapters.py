"""The reference models as methods of attribution see them; the shortest complete adapters there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from ...errors import InputError, ParamsError
from ..draws import Draws
from .denoiser import TuneDenoiser, draw_losses, latent, noised
from .melodies import LENGTH, PAD, Tune, edited, mash_up, table
from .notes import ENDINGS, TONIC, midi_of, read_tune
from .stored import WEIGHTS, Trained, fingerprint_of, open_trained
from .transformer import TransformerParams, TuneTransformer, rate_at, token_losses


@dataclass(frozen=True, eq=False, slots=True)
class TuneBatch:
    """Tunes by id; ``rows`` are tokens ``(n, LENGTH)`` or latents ``(n, DIM)``."""

    ids: tuple[str, ...]
    rows: Tensor
    tokens: Tensor  # (n, LENGTH)


class _Reference:
    """What both reference models have in common."""

    name = ""
    _common = frozenset({"gradients", "linears", "sampling", "hidden", "tokens"})

    suffixes = ENDINGS
    """Of files that ``read`` takes."""

    def __init__(self, trained: Trained | str | Path, *, tonic: int = TONIC) -> None:
        self.trained = trained if isinstance(trained, Trained) else open_trained(trained)
        self.tonic = tonic
        self._tunes = {tune.id: tune for tune in self.trained.tunes}
        self.capabilities = self._common | ({"checkpoints"} if self.trained.checkpoints else set())

    @classmethod
    def open(cls, *, model: str, tonic: str = str(TONIC)) -> Self:
        """The model that ``Trained.save`` left in the folder ``model``; its corpus is stored with it.

        ``tonic`` is the MIDI number of the tonic in files of notes. The files have the tunes' own key and register.
        """
        if not tonic.isdigit() or not 0 <= int(tonic) <= 127:
            raise ParamsError(f"tonic is a MIDI number, 0 to 127, such as 60 for middle C; got {tonic!r}")
        return cls(model, tonic=int(tonic))

    @property
    def weights_file(self) -> Path | None:
        """Where the weights lie; None where the model was never opened from a folder."""
        return None if self.trained.folder is None else self.trained.folder / WEIGHTS

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.trained, f"{self.name} 1")

    def module(self) -> nn.Module:
        return self.trained.net

    def params(self) -> Mapping[str, Tensor]:
        return dict(self.trained.net.named_parameters())

    def item_ids(self) -> Sequence[str]:
        return tuple(self._tunes)

    def load(self, ids: Sequence[str]) -> TuneBatch:
        """Tunes of the corpus; InputError for an id it does not have."""
        unknown = [i for i in ids if i not in self._tunes]
        if unknown:
            raise InputError(f"the corpus of {self.name} has no item {unknown[0]!r}; it has {len(self._tunes)} others")
        return self._batch([self._tunes[i] for i in ids])

    def read(self, sources: Mapping[str, Any]) -> TuneBatch:
        """Tunes by id: a source is a ``Tune``, its tokens, or the path of a file of notes."""
        return self._batch([self._tune(i, s) for i, s in sources.items()], sources)

    def _tune(self, name: str, source: Any) -> Tune:
        if isinstance(source, Tune):
            return source
        if isinstance(source, (str, PathLike)):
            return read_tune(Path(source), id=name, tonic=self.tonic)
        return Tune(name, "", -1, tuple(source))

    def music(self, batch: TuneBatch) -> list[bytes]:
        """Each tune as a MIDI file, to be heard and to be compared."""
        return [midi_of(row, tonic=self.tonic) for row in self.tokens(batch)]

    def edited(self, item: str, share: float, seed: int) -> Tune:
        """A tune of the corpus with that share of its notes replaced: a source for ``read``."""
        return edited(self._tunes[item], share, id=f"{item} edited", seed=seed)

    def mash_up(self, first: str, second: str) -> Tune:
        """Two tunes of the corpus, eight notes of each in turn: a source for ``read``."""
        return mash_up(self._tunes[first], self._tunes[second], id=f"{first} + {second}")

    def _batch(self, tunes: Sequence[Tune], ids: Mapping[str, Any] | None = None) -> TuneBatch:
        tokens = torch.from_numpy(table(tunes))
        return TuneBatch(tuple(ids) if ids else tuple(t.id for t in tunes), tokens, tokens)

    def tokens(self, batch: TuneBatch) -> list[list[int]]:
        return [[int(t) for t in row if t != PAD] for row in batch.tokens]

    def checkpoints(self) -> dict[str, float]:
        params = self.trained.params
        if isinstance(params, TransformerParams):
            return {step: rate_at(int(step) - 1, params) for step in self.trained.checkpoints}
        return dict.fromkeys(self.trained.checkpoints, params.learning_rate)

    def checkpoint(self, name: str) -> Mapping[str, Tensor]:
        return self.trained.checkpoints[name]


class TransformerModel(_Reference):
    """The autoregressive reference model; short tunes are padded, and were trained with their padding.

    >>> from versionmatch.attribution.reference.melodies import tunes
    >>> from versionmatch.attribution.reference.stored import train
    >>> from versionmatch.attribution.reference.transformer import TransformerParams
    >>> model = TransformerModel(train(tunes(8), TransformerParams(steps=2)))
    >>> draws = Draws.first(1)
    >>> tuple(model.losses(model.load(["tune-0003", "tune-0001"]), draws, mask_pad=False).shape)
    (2, 1)
    """

    name, loss_unit = "reference-transformer", "nats per token"

    def __init__(self, trained: Trained | str | Path, *, tonic: int = TONIC) -> None:
        super().__init__(trained, tonic=tonic)
        _check_net(self.trained.net, TuneTransformer, self.name)
        self.net: TuneTransformer = self.trained.net
        if any(len(t.tokens) < LENGTH for t in self.trained.tunes):
            self.capabilities |= {"padding"}

    def groups(self) -> Mapping[str, Sequence[str]]:
        return _grouped(
            self.params(), {"attention": "attention_", "mlp": "mlp_", "head": "head.", "embedding": "embedding."}
        )

    def losses(self, batch: TuneBatch, draws: Draws, *, mask_pad: bool) -> Tensor:
        each = token_losses(self.net(batch.rows), batch.rows)  # (n, token)
        return _mean(each, batch.rows != PAD, mask_pad=mask_pad)[:, None].expand(-1, len(draws))

    def sampled(self, batch: TuneBatch, draws: Draws, seed: int) -> Tensor:
        logits = self.net(batch.rows)
        odds = logits.detach().softmax(-1).cumsum(-1)  # (n, token, VOCABULARY)
        where = Draws(draws.numbers, draws.of, seed, f"{draws.stream} targets").uniform(batch.ids, (LENGTH,))
        columns = []
        for k in range(len(draws)):
            drawn = (
                torch.searchsorted(odds, where[:, k, :, None].contiguous()).squeeze(-1).clamp(max=odds.shape[-1] - 1)
            )
            columns.append(_mean(token_losses(logits, drawn), batch.rows != PAD, mask_pad=False))
        return torch.stack(columns, 1)

    @torch.no_grad()
    def hidden(self, batch: TuneBatch) -> Tensor:
        return self.net.states(batch.rows).mean(1)


class DenoiserModel(_Reference):
    """The diffusion reference model; a draw is a noise level and noise."""

    name, loss_unit = "reference-denoiser", "v-MSE"
    _common = _Reference._common | {"draws"}

    def __init__(self, trained: Trained | str | Path, *, tonic: int = TONIC) -> None:
        super().__init__(trained, tonic=tonic)
        _check_net(self.trained.net, TuneDenoiser, self.name)
        self.net: TuneDenoiser = self.trained.net
        short = [t.id for t in self.trained.tunes if len(t.tokens) < LENGTH]
        if short:
            raise InputError(f"latents are of tunes of {LENGTH} notes; {short[0]!r} has fewer")

    def groups(self) -> Mapping[str, Sequence[str]]:
        return _grouped(self.params(), {"entry": "entry.", "blocks": "blocks.", "exit": "exit."})

    def _batch(self, tunes: Sequence[Tune], ids: Mapping[str, Any] | None = None) -> TuneBatch:
        tokens = table(tunes)
        named = tuple(ids) if ids else tuple(t.id for t in tunes)
        return TuneBatch(named, torch.from_numpy(latent(tokens)), torch.from_numpy(tokens))

    def losses(self, batch: TuneBatch, draws: Draws, *, mask_pad: bool) -> Tensor:
        return draw_losses(self.net, batch.rows, batch.ids, draws)

    def sampled(self, batch: TuneBatch, draws: Draws, seed: int) -> Tensor:
        n, k = len(batch.ids), len(draws)
        level, noise = draws.levels(batch.ids).reshape(n * k), draws.normal(batch.ids, batch.rows.shape[1:])
        entry, _ = noised(batch.rows.repeat_interleave(k, 0), level, noise.reshape(n * k, -1))
        found = self.net(entry, level)
        off = Draws(draws.numbers, draws.of, seed, f"{draws.stream} targets").normal(batch.ids, batch.rows.shape[1:])
        return (found - found.detach() - off.reshape(n * k, -1)).square().mean(1).view(n, k)

    @torch.no_grad()
    def hidden(self, batch: TuneBatch) -> Tensor:
        level = torch.full((len(batch.ids),), 0.3)
        entry, _ = noised(batch.rows, level, torch.zeros_like(batch.rows))
        return self.net.states(entry, level)


def _check_net(net: nn.Module, kind: type[nn.Module], name: str) -> None:
    if not isinstance(net, kind):
        raise InputError(
            f"{name} needs a {kind.__name__}; the stored model is a {type(net).__name__}: name its adapter"
        )


def _mean(each: Tensor, valid: Tensor, *, mask_pad: bool) -> Tensor:
    """Over tokens ``(n, token)`` → ``(n,)``: of all, or of those that are no padding."""
    if not mask_pad:
        return each.mean(1)
    return (each * valid).sum(1) / valid.sum(1).clamp(min=1)


def _grouped(names: Mapping[str, Tensor], marks: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {group: tuple(n for n in names if mark in n) for group, mark in marks.items()}
