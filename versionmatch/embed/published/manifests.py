"""The state dicts of the published networks: every key and its shape, made from the hyper-parameters.

Keys are those of the published checkpoints, after the prefixes and the renaming that ``families`` states.
"""

from __future__ import annotations

from collections.abc import Iterator

from .settings import ClewsSettings, CoverHunterSettings, FishSettings, MoveSettings, VINetSettings

Shape = tuple[int, ...]
Manifest = dict[str, Shape]

CONVOLUTIONS = (0, 3, 7, 10, 14, 17, 21, 24, 28, 31)
"""Where the convolutions of Discogs-VINet stand in its sequence."""
KERNELS = ((12, 3), (13, 3), (13, 3), (3, 3), (3, 3), (3, 3), (3, 3), (3, 3), (3, 3), (3, 3))
WIDENING = (1, 2, 2, 2, 4, 4, 8, 8, 16, 16)
"""Output channels of Discogs-VINet's convolutions, in multiples of the first's."""


def batch_norm(prefix: str, channels: int, *, affine: bool = True) -> Manifest:
    """The five entries of a batch normalisation; three where it is not affine."""
    names = ("weight", "bias", "running_mean", "running_var") if affine else ("running_mean", "running_var")
    return {f"{prefix}.{name}": (channels,) for name in names} | {f"{prefix}.num_batches_tracked": ()}


def with_bias(prefix: str, *shape: int) -> Manifest:
    """Weight and bias of a layer with ``shape[0]`` outputs."""
    return {f"{prefix}.weight": shape, f"{prefix}.bias": shape[:1]}


def constant_q(prefix: str, bins: int, kernel: int) -> Manifest:
    """Filters of the constant-Q transform; the misspelling is the published one."""
    filters = (bins, 1, kernel)
    return {
        f"{prefix}.lenghts": (bins,),
        f"{prefix}.cqt_kernels_real": filters,
        f"{prefix}.cqt_kernels_imag": filters,
    }


def block_widths(settings: ClewsSettings) -> Iterator[tuple[int, int, int]]:
    """Input channels, output channels and stride of each residual block, in order."""
    inputs = settings.channels[0]
    for outputs, count, stride in zip(settings.channels, settings.blocks, settings.strides, strict=True):
        for i in range(count):
            yield inputs, outputs, stride if i == 0 else 1
            inputs = outputs


def residual_block(prefix: str, inputs: int, outputs: int, stride: int) -> Manifest:
    """One pre-activation block with instance and batch normalisation."""
    middle, half = max(inputs, outputs) // 2, inputs // 2
    shapes: Manifest = {f"{prefix}.gain": (1,)}
    shapes |= batch_norm(f"{prefix}.convs.0.bn", half)
    shapes |= with_bias(f"{prefix}.convs.0.inst", half)
    shapes[f"{prefix}.convs.2.conv.weight"] = (middle, inputs, 3, 3)
    shapes |= batch_norm(f"{prefix}.convs.3", middle)
    shapes[f"{prefix}.convs.5.conv.weight"] = (outputs, middle, 3, 3)
    if inputs != outputs or stride != 1:
        shapes |= batch_norm(f"{prefix}.skip.0", inputs)
        shapes[f"{prefix}.skip.2.conv.weight"] = (outputs, inputs, 3, 3)
    return shapes


def clews(settings: ClewsSettings) -> Manifest:
    """CLEWS: 277 entries at the published sizes."""
    first, last = settings.channels[0], settings.channels[-1]
    shapes = constant_q("cqt.0", settings.bins, settings.kernel)
    shapes |= {"frontend.0.gain": (1,), "frontend.0.bias": (1,)}
    shapes["frontend.1.weight"] = (settings.front_channels, 1, 12, 3)
    shapes |= batch_norm("frontend.2", settings.front_channels)
    shapes["frontend.4.weight"] = (first, settings.front_channels, 12, 3)
    for i, widths in enumerate(block_widths(settings)):
        shapes |= residual_block(f"backbone.{i}", *widths)
    shapes["pool.p"] = (1, 1, 1)
    return shapes | batch_norm("proj.0", last) | {"proj.1.weight": (settings.dim, last)}


def fish(settings: FishSettings) -> Manifest:
    """The unified model: 274 entries at the published sizes, and three of the constant-Q transform."""
    first, last, n_blocks = settings.channels[0], settings.channels[-1], sum(settings.blocks)
    shapes: Manifest = {"model.front_end.0.weight": (settings.front_channels, 1, 12, 3)}
    shapes |= batch_norm("model.front_end.1", settings.front_channels)
    shapes["model.front_end.3.weight"] = (first, settings.front_channels, 12, 3)
    for i, widths in enumerate(block_widths(settings)):
        shapes |= residual_block(f"model.back_end.{i}", *widths)
    shapes[f"model.back_end.{n_blocks}.p"] = (1, 1, 1)
    shapes |= batch_norm("model.projection.0", last) | {"model.projection.1.weight": (settings.dim, last)}
    shapes |= {"feature_processor.gain": (1,), "feature_processor.bias": (1,)}
    return shapes | constant_q("feature_extractor", settings.bins, settings.kernel)


def vinet(settings: VINetSettings) -> Manifest:
    """Discogs-VINet: 61 entries, 62 with the bias of DVINet+."""
    shapes: Manifest = {}
    inputs = 1
    for i, kernel, times in zip(CONVOLUTIONS, KERNELS, WIDENING, strict=True):
        outputs = times * settings.channels
        shapes[f"features.{i}.weight"] = (outputs, inputs, *kernel)
        shapes |= batch_norm(f"features.{i + 1}", outputs)
        inputs = outputs
    shapes["proj.0.weight"] = (settings.dim, inputs)
    return shapes | ({"proj.0.bias": (settings.dim,)} if settings.bias else {})


def coverhunter(settings: CoverHunterSettings) -> Manifest:
    """CoverHunter: 263 entries at the published sizes (265 less the two that only training needs)."""
    width = settings.width
    bins = ((settings.bins - 1) // 2 - 1) // 2
    shapes = batch_norm("_global_cmvn", settings.bins)
    shapes |= with_bias("_encoder.embed.conv.0", width, 1, 3, 3)
    shapes |= with_bias("_encoder.embed.conv.2", width, width, 3, 3)
    shapes |= with_bias("_encoder.embed.out.0", width, width * bins)
    shapes |= with_bias("_encoder.after_norm", width)
    for i in range(settings.blocks):
        shapes |= _conformer_block(f"_encoder.encoders.{i}", settings)
    shapes |= batch_norm("_bottleneck", settings.dim)
    shapes |= with_bias("_pool_layer._linear.linear_layer", width, 3 * width)
    shapes |= with_bias("_pool_layer._conv.conv", width, width, 1)
    return shapes | {"_pool_layer._final_layer.weight": (settings.dim, 2 * width)}


def _conformer_block(prefix: str, settings: CoverHunterSettings) -> Manifest:
    width, heads = settings.width, settings.heads
    shapes: Manifest = {f"{prefix}.self_attn.pos_bias_{x}": (heads, width // heads) for x in "uv"}
    for name in ("linear_q", "linear_k", "linear_v", "linear_out"):
        shapes |= with_bias(f"{prefix}.self_attn.{name}", width, width)
    shapes[f"{prefix}.self_attn.linear_pos.weight"] = (width, width)
    for name in ("feed_forward", "feed_forward_macaron"):
        shapes |= with_bias(f"{prefix}.{name}.w_1", settings.feed_forward, width)
        shapes |= with_bias(f"{prefix}.{name}.w_2", width, settings.feed_forward)
    shapes |= with_bias(f"{prefix}.conv_module.pointwise_conv1", 2 * width, width, 1)
    shapes |= with_bias(f"{prefix}.conv_module.depthwise_conv", width, 1, settings.kernel)
    shapes |= batch_norm(f"{prefix}.conv_module.norm", width)
    shapes |= with_bias(f"{prefix}.conv_module.pointwise_conv2", width, width, 1)
    for name in ("ff", "mha", "ff_macaron", "conv", "final"):
        shapes |= with_bias(f"{prefix}.norm_{name}", width)
    return shapes


def move(settings: MoveSettings) -> Manifest:
    """MOVE and Re-MOVE: 20 entries."""
    width = settings.channels
    shapes: Manifest = {"autopool_p": ()} | {f"prelu{i}.weight": (1,) for i in range(1, 6)}
    shapes |= with_bias("conv1", width, 1, 12, settings.kernel)
    for i in (2, 3, 4):
        shapes |= with_bias(f"conv{i}", width, width, 1, 5)
    shapes |= with_bias("conv5", 2 * width, width, 1, 5)
    shapes["lin1.weight"] = (settings.dim, width)
    return shapes | batch_norm("lin_bn", settings.dim, affine=False)
