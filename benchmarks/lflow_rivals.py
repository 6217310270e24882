"""The networks of ``lflow_step.py``, LFlow as released among them, and their data."""

from __future__ import annotations

import math
from collections.abc import Callable

import deepxde as dde
import torch
from exponential_integral import far, near
from torch import Tensor
from torch.func import jacrev, vmap
from torch.nn.functional import linear, normalize, softmax, softplus

from ncl_deepxde.flows import ActNorm, Box, ConditionalSVD, InvertibleDenseNet
from ncl_deepxde.flows.svd import LEAST
from ncl_deepxde.nn import LFlow, SemiLagrangian, SubharmonicNCL

HALF_SIDE = 3.999
TIMES = 21
VELOCITY_WEIGHT = 5.951e-5

Outputs = Callable[[Tensor], tuple[Tensor, Tensor]]


class ReleasedLFlow:
    """An LFlow with its own weights, evaluated as the authors' code evaluates it.

    Density and velocity each take a pass of their own through all layers, one by one.
    In both, every densenet has its log-determinant from d vector-Jacobian products;
    that of the velocity is thrown away. Spectral norms come from five steps of the
    power iteration in every pass, and networks of time are evaluated point by point.

    Args:
        net: On a box.
    """

    def __init__(self, net: LFlow) -> None:
        self.net, self.vectors = net, {}

    def density(self, inputs: Tensor) -> Tensor:
        """Return (N, 1) for inputs (N, d + 1)."""
        d = self.net.dim
        z, log_det = self._pass(inputs[:, :d], inputs[:, d:])
        log_normal = -0.5 * (z.square().sum(1) + d * math.log(2 * math.pi))
        return (self.net.log_mass + log_normal + log_det).exp()[:, None]

    def velocity(self, inputs: Tensor) -> Tensor:
        """Return (N, d) for inputs (N, d + 1)."""
        x, t = inputs.detach().split([self.net.dim, 1], dim=1)
        x, t = x.requires_grad_(), t.requires_grad_()
        z, _ = self._pass(x, t)
        rows = [_gradients(z_i, x, t) for z_i in z.unbind(1)]
        dz_dx, dz_dt = (torch.stack(parts, 1) for parts in zip(*rows, strict=True))
        return -torch.linalg.solve(dz_dx, dz_dt)[..., 0]

    def _pass(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and the logarithm of the determinant, (N, d) and (N,)."""
        flow, log_det = self.net.flow, torch.zeros_like(x[:, 0])
        time = flow.conditioner
        e = time.scale * (t - time.middle)
        for layer in time.hidden:
            e = torch.nn.functional.silu(layer(e))
        for layer, part in zip(flow.layers, flow.slices, strict=True):
            c = linear(e, time.matrix[part], time.constant[part])
            x, change = self._layer(layer, x, c)
            log_det = log_det + change
        return x, log_det

    def _layer(
        self, layer: torch.nn.Module, x: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        if isinstance(layer, Box):
            w = (x - layer.center) / layer.half_side
            slope = 1 / (layer.half_side * (1 - w) * (1 + w))
            return torch.atanh(w), slope.log().sum(1)
        if isinstance(layer, ActNorm):
            y = x * layer.log_scale.exp() + layer.shift
            return y, layer.log_scale.sum()
        if isinstance(layer, ConditionalSVD):
            return _affine(x, c)
        assert isinstance(layer, InvertibleDenseNet)
        x = x if x.requires_grad else x.detach().requires_grad_()
        g = self._dense(layer, x, c)
        J = torch.stack([_gradients(g_i, x)[0] for g_i in g.unbind(1)], dim=1)
        unit = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        return x + g, torch.linalg.slogdet(unit + J)[1]

    def _dense(self, layer: InvertibleDenseNet, x: Tensor, biases: Tensor) -> Tensor:
        *hidden, last = layer.weights
        h = x
        for W, b, theta in zip(
            hidden, biases.split(layer.width, dim=1), layer.angles, strict=True
        ):
            z = linear(h, self._limited(W, 1.0)) + b
            added = torch.sin(layer.frequency * z) / layer.frequency
            h = torch.cat([theta.cos() * h, theta.sin() * added], dim=1)
        return linear(h, self._limited(last, layer.lipschitz))

    def _limited(self, W: Tensor, limit: float) -> Tensor:
        """Return W over its norm, whose singular vectors go on from the last pass."""
        if W not in self.vectors:
            U, _, Vh = torch.linalg.svd(W.detach(), full_matrices=False)
            self.vectors[W] = U[:, 0], Vh[0]
        u, v = self.vectors[W]
        with torch.no_grad():
            for _ in range(5):
                u.copy_(normalize(W @ v, dim=0))
                v.copy_(normalize(W.T @ u, dim=0))
        u, v = u.clone(), v.clone()
        return W / (u @ (W @ v) / limit).clamp(min=1.0)


def _gradients(y: Tensor, *x: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(y.sum(), x, create_graph=True)


def _affine(x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return y = U diag(s) V x + b, by one reflection after the other."""
    d = x.shape[1]
    u, v, log_s, b = c.split([d * d, d * d, d, d], dim=1)
    s = log_s.exp() + LEAST
    y = _reflected(s * _reflected(x, v.view(-1, d, d)), u.view(-1, d, d)) + b
    return y, s.log().sum(1)


def _reflected(x: Tensor, vectors: Tensor) -> Tensor:
    for u in reversed(vectors.unbind(1)):
        along = (u * x).sum(1, keepdim=True) / u.square().sum(1, keepdim=True)
        x = x - 2 * along * u
    return x


class NestedSubharmonic(dde.nn.pytorch.NN):
    r"""The second-order construction of the plane by nested reverse differentiation.

    .. math:: (m, \rho) = \Delta b - \nabla(\nabla\cdot b), \qquad
        b = (F(x), \textstyle\sum_k w_k(t)\,\phi(a_k(t)\,x + c_k(t))), \qquad
        \phi = \frac{\ln r^2 + E_1(r^2/2)}{4\pi}

    Args:
        components: Number of :math:`\phi`.
        width: Units of the hidden layers of both networks.
        depth: Their number.

    Source: Neural Conservation Laws (NeurIPS 2022), section 7.1; sizes and the mixture
    in double precision as in Lagrangian Flow Networks (ICLR 2024), appendix A.4.
    """

    def __init__(self, components: int = 16, width: int = 64, depth: int = 6) -> None:
        super().__init__()
        hidden = [width] * depth
        self.mixture = dde.nn.FNN([1, *hidden, 5 * components], "silu", "Glorot normal")
        self.other = dde.nn.FNN([2, *hidden, 2], "silu", "Glorot normal")

    def forward(self, inputs: Tensor) -> Tensor:
        """Return (rho, m), (N, 3), for inputs (N, 3), time last."""

        def antisymmetric(point: Tensor) -> Tensor:
            J = jacrev(self._potential)(point)
            return J - J.T

        DA = vmap(jacrev(antisymmetric))(inputs)
        field = DA.diagonal(dim1=2, dim2=3).sum(2)
        return torch.cat([field[:, 2:], field[:, :2]], dim=1)

    def _potential(self, point: Tensor) -> Tensor:
        """Return b, (3,), at a point (3,)."""
        x, t = point[:2], point[2:]
        weight, inner, outer, c = (
            self.mixture(t).view(5, -1).double().split([1, 1, 1, 2])
        )
        z = softplus(inner + 1) * x[:, None] + 10 * c
        phi = _phi(z.square().sum(0) / 2)
        b_t = (softmax(weight[0], 0) * softplus(outer[0]) * phi).sum()
        return torch.cat([self.other(x), b_t[None].to(point)])


def _phi(s: Tensor) -> Tensor:
    """Return phi of half the squared distance, by approximations of E1."""
    small, large = s.clamp(max=1), s.clamp(min=1)
    # ln s + E1(s) on both sides of 1.
    logarithm = torch.where(s < 1, near(small), large.log() + far(large) / large)
    return (math.log(2) + logarithm) / (4 * math.pi)


def observations(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs (n, 3), densities (n, 1) and velocities (n, 2)."""
    x = HALF_SIDE * (2 * torch.rand(n, 2) - 1)
    t = torch.randint(TIMES, (n, 1)) / (TIMES - 1)
    rho = torch.exp(-x.square().sum(1, keepdim=True) / 2) / (2 * torch.pi)
    return torch.cat([x, t], dim=1), rho, rotation(x)


def rotation(x: Tensor) -> Tensor:
    """Return the velocity (n, 2) of one turn per unit of time."""
    return 2 * torch.pi * torch.stack([-x[:, 1], x[:, 0]], dim=1)


def flow() -> LFlow:
    """Return an LFlow of the plane, time-dependent, with weights at their limits."""
    box = Box([-HALF_SIDE] * 2, [HALF_SIDE] * 2)
    net = LFlow(2, domain=box, output="velocity")
    net.flow.start(*observations(1024)[0].split([2, 1], dim=1))
    with torch.no_grad():
        net.flow.conditioner.matrix.uniform_(-0.1, 0.1)
        for layer in net.flow.layers:
            for W in layer.weights if isinstance(layer, InvertibleDenseNet) else ():
                W.mul_(3)
    return net


def lflow() -> tuple[torch.nn.Module, Outputs]:
    """Return ``nn.LFlow``."""
    net = flow()
    return net, lambda inputs: net(inputs.requires_grad_()).split([1, 2], dim=1)


def released() -> tuple[torch.nn.Module, Outputs]:
    """Return the same network as its authors evaluate it."""
    net = flow()
    way = ReleasedLFlow(net)
    return net, lambda inputs: (way.density(inputs), way.velocity(inputs))


def dfnn() -> tuple[torch.nn.Module, Outputs]:
    """Return the second-order NCL by nested reverse differentiation."""
    net = NestedSubharmonic()

    def outputs(inputs: Tensor) -> tuple[Tensor, Tensor]:
        rho, m = net(inputs).split([1, 2], dim=1)
        return rho, m / rho.clamp(min=1e-8)

    return net, outputs


def subharmonic() -> tuple[torch.nn.Module, Outputs]:
    """Return the same construction in closed form."""
    hidden = (64,) * 6
    net = SubharmonicNCL(2, hidden=hidden, solenoidal=hidden, output="velocity")
    return net, lambda inputs: net(inputs).split([1, 2], dim=1)


def slda() -> tuple[torch.nn.Module, Outputs]:
    """Return semi-Lagrangian data assimilation, its velocity near a rotation."""
    net = SemiLagrangian(2, box=(-6.0, 6.0))
    adam = torch.optim.Adam(net.velocity_parameters(), 1e-2)
    for _ in range(300):
        inputs, _, u = observations(512)
        adam.zero_grad()
        (net.velocity(inputs) - u).square().mean().backward()
        adam.step()
    return net, lambda inputs: net(inputs).split([1, 2], dim=1)


def pinn() -> tuple[torch.nn.Module, Outputs]:
    """Return two plain networks with sines, for log rho and u."""
    hidden = [128] * 5
    nets = [dde.nn.FNN([3, *hidden, n], "sin", "Glorot normal") for n in (1, 2)]
    log_rho, u = nets
    return torch.nn.ModuleList(nets), lambda x: (log_rho(x).exp(), u(x))


def continuity(outputs: Outputs, n: int) -> Tensor:
    """Return the mean square of the continuity equation at n random points."""
    inputs = torch.cat([observations(n)[0][:, :2], torch.rand(n, 1)], dim=1)
    rho, u = outputs(inputs.requires_grad_())
    flux = torch.cat([rho * u, rho], dim=1)
    terms = [
        torch.autograd.grad(flux[:, i].sum(), inputs, create_graph=True)[0][:, i]
        for i in range(3)
    ]
    return torch.stack(terms).sum(0).square().mean()


def loss_of(rho: Tensor, u: Tensor, observed_rho: Tensor, observed_u: Tensor) -> Tensor:
    """Return the misfit of density and velocity."""
    density = (rho.log1p() - observed_rho.log1p()).square().mean()
    return density + VELOCITY_WEIGHT * (u - observed_u).square().mean()


MODELS = {
    "lflow": lflow,
    "released": released,
    "dfnn": dfnn,
    "ncl-subharmonic": subharmonic,
    "pinn": pinn,
    "slda": slda,
}
