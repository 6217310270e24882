r"""The streams of a densely connected network, with a hand-written backward pass.

All units stay in one buffer :math:`H = (x, \sigma(z_1), \ldots, \sigma(z_L))`, to which
each layer adds its rows; nothing is copied, and besides the buffer only
:math:`\cos\omega z_l` is kept for the backward pass. It has a row for each unit, of all
streams of all points, so that every operation runs over contiguous numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from ..jets.jets import in_functorch
from .moments import Moments

__all__ = ["dense_streams", "plain_streams"]


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
        return plain_streams(x, list(weights), biases, moments, frequency)
    rows = x.permute(2, 0, 1).contiguous()
    g: Tensor = _DenseStreams.apply(rows, biases, moments, frequency, *weights)
    return g.permute(1, 2, 0)


def plain_streams(
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
        d, S, N = x.shape
        H = x.new_empty(last.shape[1], S, N)
        H[:d] = x
        rows, cosines, end = H.flatten(1), x.new_empty(len(H) - d, N), d
        shifts = [moments.gather_columns(b) for b in biases]
        for W in hidden:
            begin, end = end, end + len(W)
            torch.mm(W, rows[:begin], out=rows[begin:end])
            z = H[begin:end]
            for k, b in enumerate(shifts):
                z[:, -k] += b[begin - d : end - d]
            angle = z[:, 0].mul_(frequency)
            cos = torch.cos(angle, out=cosines[begin - d : end - d])
            angle.sin_().mul_(1 / frequency)
            z[:, 1:] *= cos.unsqueeze(1)
        ctx.save_for_backward(H, cosines, x, biases, *weights)
        ctx.moments, ctx.frequency = moments, frequency
        return torch.mm(last, rows).view(len(last), S, N)

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
    *hidden, later = weights
    (n, S, N), d = H.shape, len(g)
    # Of the units first, of the outputs last: those of later layers are contiguous.
    G = torch.cat([torch.empty_like(H[d:]), g])
    g_rows, rows = G.flatten(1), H.flatten(1)
    g_weights = [g_rows[n - d :] @ rows.T]
    shifts = [moments.gather_columns(b) for b in biases[1:]]
    begin = n
    for W in reversed(hidden):
        begin, end = begin - len(W), begin
        units = slice(begin - d, end - d)
        torch.mm(later[:, begin:end].T, g_rows[end - d :], out=g_rows[units])
        gz = G[units]
        z = torch.mm(W, rows[:begin, N:]).view(len(W), S - 1, N)
        for b in shifts:
            z[:, -1] += b[units]
        bent = z.mul_(gz[:, 1:]).sum(1)
        gz *= cosines[units].unsqueeze(1)
        gz[:, 0].addcmul_(bent, H[begin:end, 0], value=-(frequency**2))
        g_weights.append((rows[:begin] @ g_rows[units].T).T)
        later = torch.cat([W, later[:, :begin]])
    g_biases = [moments.scatter_columns(G[:-d, -k]) for k in range(len(biases))]
    g_x = torch.mm(later.T, g_rows).view(d, S, N)
    return g_x, torch.stack(g_biases), None, None, *reversed(g_weights)


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
        streams = needed[0].permute(1, 2, 0)
        out = plain_streams(streams, needed[2:], needed[1], moments, frequency)
        wanted = [w for w in needed if w.requires_grad]
        found = iter(
            torch.autograd.grad(out, wanted, g.permute(1, 2, 0), create_graph=True)
        )
    g_x, g_biases, *g_weights = (
        next(found) if w.requires_grad else None for w in needed
    )
    return g_x, g_biases, None, None, *g_weights
