"""Language models trained with audiocraft: its masked cross entropy per codebook, on your model.

The model is the library's ``LMModel``, or anything with::

    compute_predictions(codes, [], condition_tensors) → .logits (n, codebook, frame, code), .mask (n, codebook, frame)

``codes`` are ``(n, codebook, frame)``; the pattern of codebooks is the model's own, and what it cannot predict has a
False in ``mask``, whatever the logits there are. ``condition_tensors`` has, by name, states ``(n, token, dim)`` and
their mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ...errors import InputError, ParamsError
from .autoregressive import CodesModel, Predicted
from .base import folder_of, opened_entries
from .given import made_by
from .items import Entry
from .pieces import Stack

CONDITION = "condition_"
"""Arrays whose names begin so are conditions: ``condition_description`` (token, dim)."""


class Audiocraft(CodesModel):
    """An adapter of an audiocraft language model.

    Parameters
    ----------
    lm : Module
        As above, with ``n_q`` codebooks of ``card`` codes; what is in its ``condition_provider`` is frozen.
    entries : sequence of Entry
        Their arrays are ``codes`` (codebook, frame), perhaps ``length``, and ``condition_NAME`` (token, dim).
    special_padding : bool
        True where training replaced padding by the special token and never counted it
        (``tokens.padding_with_special_token``); False where the codes of padded silence were learned as any.
    """

    name = "audiocraft"
    marks: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": ("self_attn.",),
        "cross-attention": ("cross_attention.",),
        "mlp": (".linear1.", ".linear2."),
        "head": ("linears.",),
        "embedding": ("emb.",),
    }

    def __init__(
        self,
        lm: nn.Module,
        entries: Sequence[Entry],
        *,
        special_padding: bool = False,
        keep: str | Path = "",
        device: str = "cpu",
    ) -> None:
        model: Any = lm
        lacks = [name for name in ("n_q", "card", "compute_predictions") if not hasattr(lm, name)]
        if lacks:
            raise InputError(f"an audiocraft language model has {', '.join(lacks)}; {type(lm).__name__} has not")
        self.n_codebooks, self.n_codes = int(model.n_q), int(model.card)
        super().__init__(lm, entries, settings={"special_padding": special_padding}, keep=keep, device=device)
        self._special_padding = special_padding
        if special_padding:
            self.capabilities -= {"padding"}

    @classmethod
    def open(
        cls,
        *,
        model: str,
        factory: str,
        corpus: str = "",
        codes: str = "",
        special_padding: str = "no",
        device: str = "cpu",
    ) -> Self:
        """The model that ``factory`` (``MODULE:FUNCTION`` or ``FILE.py:FUNCTION``) makes of the folder ``model``.

        audiocraft's own checkpoints are pickles, which this package does not open; the factory does, or gives a model
        of other files. Runs the code that is named. Raises InputError, ParamsError.
        """
        if special_padding not in {"yes", "no"}:
            raise ParamsError(f"special_padding is yes or no; got {special_padding!r}")
        lm = made_by(factory, folder_of(model, ".", adapter=cls.name))
        entries = opened_entries(corpus, codes)
        return cls(lm, entries, special_padding=special_padding == "yes", device=device)

    def params(self) -> dict[str, Tensor]:
        return {name: v for name, v in super().params().items() if not name.startswith("condition_provider.")}

    def _predicted(self, stack: Stack) -> Predicted:
        model: Any = self.net
        music = stack.valid[:, None].expand_as(stack.main)
        codes = stack.main
        if self._special_padding:
            codes = codes.masked_fill(~music, int(getattr(model, "special_token_id", self.n_codes)))
        found = model.compute_predictions(codes, [], self._conditions(stack))
        counted = found.mask & music if self._special_padding else found.mask
        logits = torch.where(counted[..., None], found.logits, torch.zeros_like(found.logits))
        return Predicted(logits, stack.main.masked_fill(~counted, 0), counted, music)

    @staticmethod
    def _conditions(stack: Stack) -> dict[str, tuple[Tensor, Tensor]]:
        return {
            name.removeprefix(CONDITION): (value, value.new_ones(value.shape[:2]))
            for name, value in stack.inputs.items()
        }

    def _inputs(self, entry: Entry, arrays: Mapping[str, Tensor], length: int) -> dict[str, Tensor]:
        return {name: value for name, value in arrays.items() if name.startswith(CONDITION)}
