"""What each published model is, and how its checkpoints name what its network holds. Needs no torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...errors import InputError
from . import manifests
from .cqt import N_BINS, constant_q_filters
from .manifests import Manifest, Shape
from .settings import ClewsSettings, CoverHunterSettings, FishSettings, MoveSettings, VINetSettings

Shapes = Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Family:
    """One published architecture.

    ``renamed`` gives the network's name of a checkpoint's entry, or None for what only training needs; ``marks``
    are names that, after renaming, tell this family from the others. ``network`` reads the hyper-parameters off the
    shapes by name, and off the names that the checkpoint itself has. ``filters`` is the prefix of the filters of the
    constant-Q transform, where the state holds them. ``measure`` says how the embeddings are compared, in the words
    of ``types.keyless``.
    """

    architecture: str
    title: str
    paper: str
    repository: str
    licence: str
    sample_rate: int
    segment_s: float
    hop_s: float
    marks: tuple[str, ...]
    renamed: Callable[[str], str | None]
    network: Callable[[Shapes, Mapping[str, str]], dict[str, object]]
    manifest: Callable[[Mapping[str, object]], Manifest]
    measure: str = "cosine"
    filters: str = ""
    notes: tuple[tuple[str, str], ...] = ()  # prefix of an entry → what to know where there is one


def _prefixed(*pairs: tuple[str, str | None]) -> Callable[[str], str | None]:
    """Renaming by the first prefix that fits; a name without one is kept."""

    def renamed(name: str) -> str | None:
        for old, new in pairs:
            if name.startswith(old):
                return None if new is None else new + name.removeprefix(old)
        return name

    return renamed


def _shape(shapes: Shapes, name: str, n_axes: int) -> Shape:
    found = shapes.get(name)
    if found is None or len(found) != n_axes:
        raise InputError(f"{name} must be there with {n_axes} axes; found {found}")
    return found


def _count(shapes: Shapes, pattern: str) -> int:
    return len({m.group(1) for name in shapes if (m := re.match(pattern, name))})


def _residual(shapes: Shapes, front: str, back: str, projection: str, filters: str) -> dict[str, object]:
    """Hyper-parameters of CLEWS and the unified model."""
    outputs = [
        _shape(shapes, f"{back}.{i}.convs.5.conv.weight", 4)[0]
        for i in range(_count(shapes, re.escape(back) + r"\.(\d+)\.convs\."))
    ]
    channels = list(dict.fromkeys(outputs))
    kernel = shapes.get(f"{filters}.cqt_kernels_real", (N_BINS, 1, 16384))
    strides = list(ClewsSettings().strides) if len(channels) == 4 else [1] * len(channels)
    return {
        "dim": _shape(shapes, projection, 2)[0],
        "channels": channels,
        "blocks": [outputs.count(c) for c in channels],
        "strides": strides,
        "front_channels": _shape(shapes, front, 4)[0],
        "bins": kernel[0],
        "kernel": kernel[-1],
    }


def _clews_renamed(name: str) -> str | None:
    return name.replace("cqt.0.lengths", "cqt.0.lenghts")


def _clews_network(shapes: Shapes, _: Mapping[str, str]) -> dict[str, object]:
    return _residual(shapes, "frontend.1.weight", "backbone", "proj.1.weight", "cqt.0")


_fish_prefixes = _prefixed(
    ("model.", "model."),
    ("front_end.", "model.front_end."),
    ("back_end.", "model.back_end."),
    ("projection.", "model.projection."),
    ("feature_extractor_inference.", "feature_extractor."),
    ("feature_extractor.", None),  # an octave more than inference uses; where it is alone, ``layout`` takes it
    ("loss_fn.", None),
    ("augmenter_", None),
)


def _fish_network(shapes: Shapes, _: Mapping[str, str]) -> dict[str, object]:
    front, projection = "model.front_end.0.weight", "model.projection.1.weight"
    return _residual(shapes, front, "model.back_end", projection, "feature_extractor")


_BLOCK = re.compile(r"block([1-5])\.([0134])\.")


def _vinet_renamed(name: str) -> str | None:
    """The layouts of the ISMIR paper (kept), of MIREX (``front_end``), and of DVINet+ (``block1`` … ``fc``)."""
    if match := _BLOCK.match(name):
        return f"features.{7 * (int(match.group(1)) - 1) + int(match.group(2))}.{name[match.end() :]}"
    return _prefixed(
        ("front_end.", "features."), ("proj.lin.", "proj.0."), ("fc.", "proj.0."), ("cqt.", None), ("loss.", None)
    )(name)


def _vinet_network(shapes: Shapes, published: Mapping[str, str]) -> dict[str, object]:
    mirex = "front_end." in published.get("features.0.weight", "")
    return {
        "dim": _shape(shapes, "proj.0.weight", 2)[0],
        "channels": _shape(shapes, "features.0.weight", 4)[0],
        "bias": int("proj.0.bias" in shapes),
        "frames": 7600 if mirex else 8000,
    }


_coverhunter_renamed = _prefixed(
    ("_ce_layer.", None),
    ("_foc_layer.", None),
    ("_center_loss.", None),
    ("ce_layer.", None),
    ("center_loss.", None),
    ("cqt.", None),
    ("preproc.", "_global_cmvn."),
    ("backbone.", "_encoder."),
    ("pool_layer.", "_pool_layer."),
    ("bottleneck.", "_bottleneck."),
)


def _coverhunter_network(shapes: Shapes, _: Mapping[str, str]) -> dict[str, object]:
    first = "_encoder.encoders.0"
    heads, size = _shape(shapes, f"{first}.self_attn.pos_bias_u", 2)
    return {
        "dim": _shape(shapes, "_pool_layer._final_layer.weight", 2)[0],
        "width": heads * size,
        "heads": heads,
        "blocks": _count(shapes, r"_encoder\.encoders\.(\d+)\."),
        "feed_forward": _shape(shapes, f"{first}.feed_forward.w_1.weight", 2)[0],
        "kernel": _shape(shapes, f"{first}.conv_module.depthwise_conv.weight", 3)[2],
        "bins": _shape(shapes, "_global_cmvn.weight", 1)[0],
    }


def _move_network(shapes: Shapes, _: Mapping[str, str]) -> dict[str, object]:
    channels, _one, _twelve, kernel = _shape(shapes, "conv1.weight", 4)
    return {"dim": _shape(shapes, "lin1.weight", 2)[0], "channels": channels, "kernel": kernel}


FAMILIES = {
    family.architecture: family
    for family in (
        Family(
            architecture="clews-1",
            title="CLEWS",
            paper="arXiv 2502.16936 (ICML 2025)",
            repository="sony/clews",
            licence="MIT (code); see the record of the weights",
            sample_rate=16000,
            segment_s=20.0,
            hop_s=5.0,
            marks=("backbone.0.convs.0.inst.weight", "pool.p"),
            renamed=_clews_renamed,
            network=_clews_network,
            manifest=lambda network: manifests.clews(ClewsSettings.of(network)),
            measure="mean-square",
            filters="cqt.0",
        ),
        Family(
            architecture="fish-1",
            title="Unified track and version identification",
            paper="arXiv 2608.19919 (ISMIR 2026)",
            repository="raraz15/unified-track-and-version-id",
            licence="MIT",
            sample_rate=16000,
            segment_s=20.0,
            hop_s=5.0,
            marks=("model.back_end.0.convs.0.inst.weight",),
            renamed=_fish_prefixes,
            network=_fish_network,
            manifest=lambda network: manifests.fish(FishSettings.of(network)),
            filters="feature_extractor",
        ),
        Family(
            architecture="discogs-vinet-1",
            title="Discogs-VINet",
            paper="arXiv 2410.17400 (ISMIR 2024)",
            repository="raraz15/Discogs-VINet",
            licence="MIT",
            sample_rate=22050,
            segment_s=185.76,
            hop_s=185.76,
            marks=("features.31.weight", "proj.0.weight"),
            renamed=_vinet_renamed,
            network=_vinet_network,
            manifest=lambda network: manifests.vinet(VINetSettings.of(network)),
            notes=(("block1.", "the layout of DVINet+: how its input is made, at 16 kHz, is not known here"),),
        ),
        Family(
            architecture="coverhunter-1",
            title="CoverHunter",
            paper="arXiv 2306.09025 (ICME 2023)",
            repository="Liu-Feng-deeplearning/CoverHunter",
            licence="none stated",
            sample_rate=16000,
            segment_s=135.0,
            hop_s=135.0,
            marks=("_pool_layer._final_layer.weight", "_encoder.after_norm.weight"),
            renamed=_coverhunter_renamed,
            network=_coverhunter_network,
            manifest=lambda network: manifests.coverhunter(CoverHunterSettings.of(network)),
            notes=(("preproc.", "the layout of CoverHunterC: how its input is made is not known here"),),
        ),
        Family(
            architecture="move-1",
            title="MOVE and Re-MOVE",
            paper="arXiv 1910.12551 (ICASSP 2020), arXiv 2010.03284 (ISMIR 2020)",
            repository="furkanyesiler/move, furkanyesiler/re-move",
            licence="AGPL-3.0",
            sample_rate=44100,
            segment_s=167.18,
            hop_s=167.18,
            marks=("autopool_p", "conv5.weight"),
            renamed=lambda name: name,
            network=_move_network,
            manifest=lambda network: manifests.move(MoveSettings.of(network)),
            measure="mean-square",  # not known here; chosen as the embeddings are not of length 1
        ),
    )
}


def default_filters(family: Family, network: Mapping[str, object]) -> dict[str, object]:
    """The filters of the constant-Q transform under the names of the state, for a file that lacks them."""
    if not family.filters:
        return {}
    settings = ClewsSettings.of(network)
    made = constant_q_filters(settings.bins, settings.kernel)
    return {f"{family.filters}.{name}": values for name, values in made.items()}
