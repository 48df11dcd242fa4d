"""Textbook twins of the published networks: a state dict and an input in, embeddings out, one step a line.

Written from the facts alone (a state's names, the papers' formulas), with normalisations, pooling and attention
spelled out; nothing of ``versionmatch.embed.published`` is used.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import conv1d, conv2d, linear, max_pool2d, pad

State = dict[str, torch.Tensor]


def batch_norm(h: torch.Tensor, s: State, name: str) -> torch.Tensor:
    """Channels are axis 1; not affine where the state has no weight."""
    axes = (1, -1) + (1,) * (h.ndim - 2)
    mean, variance = s[f"{name}.running_mean"].view(axes), s[f"{name}.running_var"].view(axes)
    h = (h - mean) / torch.sqrt(variance + 1e-5)
    if f"{name}.weight" not in s:
        return h
    return h * s[f"{name}.weight"].view(axes) + s[f"{name}.bias"].view(axes)


def layer_norm(h: torch.Tensor, s: State, name: str) -> torch.Tensor:
    centred = h - h.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt(centred.pow(2).mean(-1, keepdim=True) + 1e-5)
    return scaled * s[f"{name}.weight"] + s[f"{name}.bias"]


def instance_norm(h: torch.Tensor, s: State, name: str) -> torch.Tensor:
    centred = h - h.mean((2, 3), keepdim=True)
    scaled = centred / torch.sqrt(centred.pow(2).mean((2, 3), keepdim=True) + 1e-5)
    return scaled * s[f"{name}.weight"].view(1, -1, 1, 1) + s[f"{name}.bias"].view(1, -1, 1, 1)


def constant_q(sound: torch.Tensor, s: State, name: str) -> torch.Tensor:
    """Every 320 samples the complex sum of filter and sound, its size times the root of the length; means of 5."""
    kernel = torch.complex(s[f"{name}.cqt_kernels_real"], s[f"{name}.cqt_kernels_imag"])[:, 0]
    half = kernel.shape[1] // 2
    padded = torch.cat([sound[:, 1 : half + 1].flip(1), sound, sound[:, -half - 1 : -1].flip(1)], dim=1)
    frames = padded.unfold(1, kernel.shape[1], 320)  # (batch, frame, sample)
    magnitude = torch.einsum("bts,ks->bkt", frames.to(kernel.dtype), kernel).abs()
    magnitude = magnitude * torch.sqrt(s[f"{name}.lenghts"])[:, None]
    n = magnitude.shape[2] // 5
    return magnitude[:, :, : 5 * n].reshape(*magnitude.shape[:2], n, 5).mean(-1)


def processed(magnitude: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    rows = []
    for window in magnitude:
        values = torch.sqrt(window)
        for _ in range(2):
            values = (values - values.min()) / (values.max() - values.min() + 1e-6)
        rows.append(values * gain + bias)
    return torch.stack(rows)[:, None]


def residual(h: torch.Tensor, s: State, prefix: str, stages: tuple[tuple[int, int], ...]) -> torch.Tensor:
    """``stages``: number of blocks and stride of the first, for each."""
    i = 0
    for count, first in stages:
        for j in range(count):
            name, stride = f"{prefix}.{i}", first if j == 0 else 1
            half = h.shape[1] // 2
            g = torch.cat(
                [
                    batch_norm(h[:, :half], s, f"{name}.convs.0.bn"),
                    instance_norm(h[:, half:], s, f"{name}.convs.0.inst"),
                ],
                dim=1,
            )
            g = conv2d(g.clamp(min=0), s[f"{name}.convs.2.conv.weight"], stride=stride, padding=1)
            g = conv2d(batch_norm(g, s, f"{name}.convs.3").clamp(min=0), s[f"{name}.convs.5.conv.weight"], padding=1)
            if f"{name}.skip.2.conv.weight" in s:
                h = batch_norm(h, s, f"{name}.skip.0").clamp(min=0)
                h = conv2d(h, s[f"{name}.skip.2.conv.weight"], stride=stride, padding=1)
            h = h + s[f"{name}.gain"] * g
            i += 1
    return h


def generalised_mean(h: torch.Tensor, p: float) -> torch.Tensor:
    logs = h.flatten(2).clamp(min=1e-6).log() * p
    return ((logs.logsumexp(-1) - math.log(logs.shape[-1])) / p).exp()


STAGES = ((3, 1), (4, 2), (6, 2), (3, 1))


def clews(sound: torch.Tensor, s: State) -> torch.Tensor:
    h = processed(constant_q(sound, s, "cqt.0"), s["frontend.0.gain"], s["frontend.0.bias"])
    h = batch_norm(conv2d(h, s["frontend.1.weight"], stride=(1, 2)), s, "frontend.2").clamp(min=0)
    h = residual(conv2d(h, s["frontend.4.weight"], stride=2), s, "backbone", STAGES)
    h = generalised_mean(h, 1 + math.log1p(math.exp(float(s["pool.p"]))))
    return linear(batch_norm(h, s, "proj.0"), s["proj.1.weight"])


def fish(sound: torch.Tensor, s: State) -> torch.Tensor:
    h = processed(constant_q(sound, s, "feature_extractor"), s["feature_processor.gain"], s["feature_processor.bias"])
    h = conv2d(h, s["model.front_end.0.weight"], stride=(1, 2))
    h = conv2d(batch_norm(h, s, "model.front_end.1").clamp(min=0), s["model.front_end.3.weight"], stride=(1, 2))
    h = generalised_mean(residual(h, s, "model.back_end", STAGES), float(s["model.back_end.16.p"]))
    h = linear(batch_norm(h, s, "model.projection.0"), s["model.projection.1.weight"])
    return h / h.pow(2).sum(1, keepdim=True).sqrt()


def vinet(values: torch.Tensor, s: State) -> torch.Tensor:
    """``values (batch, bin, frame)``; pooling after the second, fourth, sixth and eighth convolution."""
    h = pad(values[:, None], (0, 0, 6, 6))
    for n, i in enumerate((0, 3, 7, 10, 14, 17, 21, 24, 28, 31), start=1):
        h = conv2d(h, s[f"features.{i}.weight"], dilation=(1, 2 if n % 2 == 0 else 1))
        h = batch_norm(h, s, f"features.{i + 1}").clamp(min=0)
        if n in (2, 4, 6, 8):
            h = max_pool2d(h, (1, 2), (1, 2), (0, 1))
    h = h.flatten(2).max(-1).values @ s["proj.0.weight"].T + s.get("proj.0.bias", torch.zeros(()))
    return h / h.pow(2).sum(1, keepdim=True).sqrt()


def move(profile: torch.Tensor, s: State) -> torch.Tensor:
    """``profile (batch, 23, frame)``."""

    def prelu(h: torch.Tensor, i: int) -> torch.Tensor:
        return torch.where(h > 0, h, h * s[f"prelu{i}.weight"])

    h = prelu(conv2d(profile[:, None], s["conv1.weight"], s["conv1.bias"]), 1).max(2).values  # (batch, channel, frame)
    for i, dilation in ((2, 1), (3, 20), (4, 1), (5, 13)):
        h = prelu(conv1d(h, s[f"conv{i}.weight"][:, :, 0], s[f"conv{i}.bias"], dilation=dilation), i)
    n = h.shape[1] // 2
    powers = torch.exp(s["autopool_p"] * h[:, n:])
    pooled = (h[:, :n] * powers).sum(-1) / powers.sum(-1)
    return batch_norm(pooled @ s["lin1.weight"].T, s, "lin_bn")


def coverhunter(values: torch.Tensor, s: State) -> torch.Tensor:
    """``values (batch, bin, frame)``; one item at a time, one head at a time."""
    normal = batch_norm(values, s, "_global_cmvn")
    pooled = torch.stack([_statistics(_conformer(item.T, s), s) for item in normal])
    return batch_norm(pooled, s, "_bottleneck")


def _dense(h: torch.Tensor, s: State, name: str) -> torch.Tensor:
    return h @ s[f"{name}.weight"].flatten(1).T + s.get(f"{name}.bias", torch.zeros(()))


def _swish(h: torch.Tensor) -> torch.Tensor:
    return h / (1 + torch.exp(-h))


def _conformer(values: torch.Tensor, s: State) -> torch.Tensor:
    """``(frame, bin)`` to ``(frame / 4, width)``."""
    name = "_encoder.embed"
    h = conv2d(values[None, None], s[f"{name}.conv.0.weight"], s[f"{name}.conv.0.bias"], stride=2).clamp(min=0)
    h = conv2d(h, s[f"{name}.conv.2.weight"], s[f"{name}.conv.2.bias"], stride=2).clamp(min=0)[0]
    h = _dense(torch.stack([h[:, t].reshape(-1) for t in range(h.shape[1])]), s, f"{name}.out.0")
    n, width = h.shape
    place = torch.zeros(n, width)
    for k in range(width):
        angle = torch.arange(n) / 10000 ** ((k - k % 2) / width)
        place[:, k] = angle.cos() if k % 2 else angle.sin()
    h = h * math.sqrt(width)
    i = 0
    while f"_encoder.encoders.{i}.norm_ff.weight" in s:
        name = f"_encoder.encoders.{i}"
        h = h + _forward(layer_norm(h, s, f"{name}.norm_ff_macaron"), s, f"{name}.feed_forward_macaron") / 2
        h = h + _attention(layer_norm(h, s, f"{name}.norm_mha"), place, s, f"{name}.self_attn")
        h = h + _convolution(layer_norm(h, s, f"{name}.norm_conv"), s, f"{name}.conv_module")
        h = h + _forward(layer_norm(h, s, f"{name}.norm_ff"), s, f"{name}.feed_forward") / 2
        h = layer_norm(h, s, f"{name}.norm_final")
        i += 1
    return layer_norm(h, s, "_encoder.after_norm")


def _forward(h: torch.Tensor, s: State, name: str) -> torch.Tensor:
    return _dense(_swish(_dense(h, s, f"{name}.w_1")), s, f"{name}.w_2")


def _attention(h: torch.Tensor, place: torch.Tensor, s: State, name: str) -> torch.Tensor:
    q, k, v = (_dense(h, s, f"{name}.linear_{x}") for x in "qkv")
    p = _dense(place, s, f"{name}.linear_pos")
    u_bias, v_bias = s[f"{name}.pos_bias_u"], s[f"{name}.pos_bias_v"]
    size = u_bias.shape[1]
    heads = []
    for head in range(u_bias.shape[0]):
        part = slice(head * size, (head + 1) * size)
        scores = (q[:, part] + u_bias[head]) @ k[:, part].T + (q[:, part] + v_bias[head]) @ p[:, part].T
        powers = torch.exp(scores / math.sqrt(size) - (scores / math.sqrt(size)).max())
        heads.append(powers / powers.sum(1, keepdim=True) @ v[:, part])
    return _dense(torch.cat(heads, dim=1), s, f"{name}.linear_out")


def _convolution(h: torch.Tensor, s: State, name: str) -> torch.Tensor:
    both = _dense(h, s, f"{name}.pointwise_conv1")
    width = both.shape[1] // 2
    h = both[:, :width] * torch.sigmoid(both[:, width:])
    kernel = s[f"{name}.depthwise_conv.weight"][:, 0]  # (width, 15)
    half = kernel.shape[1] // 2
    windows = pad(h.T, (half, half)).unfold(1, kernel.shape[1], 1)  # (width, frame, 15)
    h = (windows * kernel[:, None]).sum(-1) + s[f"{name}.depthwise_conv.bias"][:, None]
    return _dense(_swish(batch_norm(h[None], s, f"{name}.norm")[0]).T, s, f"{name}.pointwise_conv2")


def _statistics(h: torch.Tensor, s: State) -> torch.Tensor:
    """``(frame, width)`` to an embedding."""
    name = "_pool_layer"
    mean = h.mean(0)
    context = torch.cat([h, mean.expand_as(h), (h - mean).pow(2).mean(0).sqrt().expand_as(h)], dim=1)
    logits = _dense(torch.tanh(_dense(context, s, f"{name}._linear.linear_layer")), s, f"{name}._conv.conv")
    weights = torch.exp(logits - logits.max(0).values)
    weights = weights / weights.sum(0)
    mean = (weights * h).sum(0)
    deviation = ((weights * h.pow(2)).sum(0) - mean.pow(2)).clamp(min=1e-12).sqrt()
    return torch.cat([mean, deviation]) @ s[f"{name}._final_layer.weight"].T
