r"""The streams of a densely connected network, with a hand-written backward pass.

All units stay in one buffer :math:`H = (x, \sigma(z_1), \ldots, \sigma(z_L))`, to which
each layer adds its columns; nothing is copied, and besides the buffer only
:math:`\cos\omega z_l` is kept for the backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from ..jets import in_functorch
from ._bijection import Moments

__all__ = ["dense_streams"]


def dense_streams(
    x: Tensor,
    weights: Sequence[Tensor],
    biases: Tensor,
    moments: Moments,
    frequency: float,
) -> Tensor:
    r"""Return the streams of :math:`g = V H`, (S, N, d).

    .. math:: z_l = W_l\,(x, \sigma(z_1), \ldots, \sigma(z_{l-1})) + b_l(t), \qquad
        \sigma(z) = \frac{\sin\omega z}{\omega}, \qquad
        \dot\sigma = \cos(\omega z)\,\dot z

    Args:
        x: Streams, shape (S, N, d).
        weights: :math:`W_1, \ldots, W_L`, each (width, d + (l - 1) width), then V.
        biases: Shape (1 or 2, T, L width): of the value and of the last stream.
        moments: Row of the biases of each point.
        frequency: :math:`\omega`.
    """
    if in_functorch():
        return _plain(x, list(weights), biases, moments, frequency)
    g: Tensor = _DenseStreams.apply(x, biases, moments, frequency, *weights)
    return g


def _plain(
    x: Tensor,
    weights: Sequence[Tensor],
    biases: Tensor,
    moments: Moments,
    frequency: float,
) -> Tensor:
    """Return the same in operations that autograd differentiates to any order."""
    *hidden, last = weights
    rows = [moments.gather(b) for b in biases]
    H, begin = x, 0
    for W in hidden:
        b = [row[:, begin : begin + len(W)] for row in rows]
        z = torch.nn.functional.linear(H, W)
        z = torch.cat([z[:1] + b[0], z[1:]])
        if len(b) > 1:
            z = torch.cat([z[:-1], z[-1:] + b[1]])
        angle = frequency * z[:1]
        H = torch.cat(
            [H, torch.cat([angle.sin() / frequency, angle.cos() * z[1:]])], dim=-1
        )
        begin += len(W)
    return torch.nn.functional.linear(H, last)


class _DenseStreams(Function):
    """The network in one piece; differentiated twice, it is evaluated plainly."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        biases: Tensor,
        moments: Moments,
        frequency: float,
        *weights: Tensor,
    ) -> Tensor:
        *hidden, last = weights
        S, N, d = x.shape
        H = x.new_empty(S, N, last.shape[1])
        H[..., :d] = x
        cosines, end = x.new_empty(N, last.shape[1] - d), d
        for W in hidden:
            begin, end = end, end + len(W)
            z = _product(H, W)
            for k, b in enumerate(biases[..., begin - d : end - d]):
                z[-k] += moments.gather(b)
            angle = z[0].mul_(frequency)
            cos = torch.cos(angle, out=cosines[:, begin - d : end - d])
            torch.mul(angle.sin_(), 1 / frequency, out=H[0, :, begin:end])
            torch.mul(z[1:], cos, out=H[1:, :, begin:end])
        ctx.save_for_backward(H, cosines, x, biases, *weights)
        ctx.moments, ctx.frequency = moments, frequency
        return torch.mm(H.flatten(0, 1), last.T).view(S, N, len(last))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (g,) = grads
        H, cosines, x, biases, *weights = ctx.saved_tensors
        moments, frequency = ctx.moments, ctx.frequency
        if torch.is_grad_enabled() or in_functorch():
            return _plain_vjp(g, x, biases, weights, moments, frequency)
        # DeepXDE's mixed precision runs the backward pass inside autocast.
        with torch.autocast(g.device.type, enabled=False):
            return _vjp(g, H, cosines, biases, weights, moments, frequency)


def _vjp(
    g: Tensor,
    H: Tensor,
    cosines: Tensor,
    biases: Tensor,
    weights: Sequence[Tensor],
    moments: Moments,
    frequency: float,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of what ``_DenseStreams.apply`` takes, layer by layer."""
    *hidden, last = weights
    d = H.shape[-1] - biases.shape[-1]
    rows, flat = H.flatten(0, 1), g.flatten(0, 1)
    g_weights = [flat.T @ rows]
    gH = torch.mm(flat, last).view_as(H)
    g_biases = torch.empty_like(biases)
    begin = H.shape[-1]
    for W in reversed(hidden):
        begin, end = begin - len(W), begin
        own = slice(begin - d, end - d)
        gz = gH[..., begin:end] * cosines[:, own]
        if len(H) > 1:
            z = _product(H[1:], W)
            for b in biases[1:, :, own]:
                z[-1] += moments.gather(b)
            bent = (gH[1:, :, begin:end] * z).sum(0)
            gz[0].addcmul_(bent, H[0, :, begin:end], value=-(frequency**2))
        for k in range(len(biases)):
            g_biases[k, :, own] = moments.scatter(gz[-k])
        flat = gz.flatten(0, 1)
        g_weights.append(flat.T @ rows[:, :begin])
        gH[..., :begin] += torch.mm(flat, W).view(*H.shape[:2], begin)
    return gH[..., :d], g_biases, None, None, *reversed(g_weights)


def _product(H: Tensor, W: Tensor) -> Tensor:
    """Return W h from the first columns of H, without copying them."""
    rows = H.flatten(0, 1)[:, : W.shape[1]]
    return torch.mm(rows, W.T).view(*H.shape[:2], len(W))


def _plain_vjp(
    g: Tensor,
    x: Tensor,
    biases: Tensor,
    weights: Sequence[Tensor],
    moments: Moments,
    frequency: float,
) -> tuple[Tensor | None, ...]:
    """Return gradients of the plain network that can be differentiated again."""
    inputs = [x, biases, *weights]
    with torch.enable_grad():
        needed = [w.view_as(w) if w.requires_grad else w.detach() for w in inputs]
        out = _plain(needed[0], needed[2:], needed[1], moments, frequency)
        wanted = [w for w in needed if w.requires_grad]
        found = iter(torch.autograd.grad(out, wanted, g, create_graph=True))
    g_x, g_biases, *g_weights = (
        next(found) if w.requires_grad else None for w in needed
    )
    return g_x, g_biases, None, None, *g_weights
