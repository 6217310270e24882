"""A flow of layers: derivatives, inverse, distinct times, and its start."""

import copy

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.flows import (
    ActNorm,
    Ball,
    Box,
    ConditionalSVD,
    FlowMap,
    InvertibleDenseNet,
    Permutation,
)
from ncl_deepxde.flows.moments import distinct


def layers_of(dim, first=()):
    return [
        *first,
        ActNorm(dim),
        InvertibleDenseNet(dim, 2, 5),
        ConditionalSVD(dim),
        Permutation(range(dim)[::-1]),
        ActNorm(dim),
        InvertibleDenseNet(dim, 1, 3, lipschitz=0.9),
        InvertibleDenseNet(dim, 2, 5),
        ConditionalSVD(dim),
    ]


def flow_of(dim, first=()):
    """Return a flow whose layers all depend on time."""
    flow = FlowMap(layers_of(dim, first), (6, 5))
    with torch.no_grad():
        flow.conditioner.matrix.normal_(std=0.3)
        for layer in flow.layers:
            if isinstance(layer, ActNorm):
                layer.log_scale.normal_(std=0.2)
                layer.shift.normal_()
    return flow


DOMAINS = {
    "space": lambda d: (),
    "box": lambda d: (Box([-1.0] * d, [1.0] * d),),
    "ball": lambda d: (Ball([0.0] * d, 1.0),),
}


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 7])
def test_forward_gives_value_and_derivatives(n, dim, domain) -> None:
    flow = flow_of(dim, DOMAINS[domain](dim))
    x, t = torch.rand(n, dim) - 0.5, torch.rand(n, 1)
    z, dz_dx, dz_dt = flow(x, t)
    assert [w.shape for w in (z, dz_dx, dz_dt)] == [(n, dim), (n, dim, dim), (n, dim)]
    torch.testing.assert_close(z, flow.value(x, t), rtol=1e-12, atol=1e-12)

    def single(a, b):
        return flow.value(a[None], b[None])[0]

    J, rate = vmap(jacrev(single, argnums=(0, 1)))(x, t)
    # Seven layers of some hundred operations, each multiplying slopes up to 2.
    torch.testing.assert_close(dz_dx, J, rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(dz_dt, rate[..., 0], rtol=1e-10, atol=1e-11)
    # The same with gradients, where each point keeps its own time.
    own = flow(x.clone().requires_grad_(), t.clone().requires_grad_())
    torch.testing.assert_close(own[1], dz_dx, rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(own[2], dz_dt, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_inverse_undoes_the_flow(dim, domain, dtype) -> None:
    flow = flow_of(dim, DOMAINS[domain](dim))
    x, t = torch.rand(20, dim) - 0.5, torch.rand(20, 1)
    z = flow.value(x, t)
    assert z.dtype == dtype
    # Three contractions of slopes down to 0.03, and affine maps: 1e5 eps.
    limit = 1e5 * torch.finfo(dtype).eps
    torch.testing.assert_close(flow.inverse(z, t), x, rtol=0, atol=limit)


def test_repeated_times_give_the_same_numbers_as_their_own() -> None:
    flow = flow_of(2)
    x, few = torch.rand(9, 2), torch.tensor([0.7, 0.1, 0.4])
    t = few[torch.tensor([2, 0, 1, 1, 2, 0, 0, 0, 1])][:, None]
    moments = distinct(t)[1]
    assert moments.number == 3
    together = flow(x, t)
    alone = [flow(x[i : i + 1], t[i : i + 1]) for i in range(9)]
    for k, found in enumerate(together):
        expected = torch.cat([parts[k] for parts in alone])
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


# Forward mode compiles its rules, in a way that torch itself warns of.
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_times_to_differentiate_by_stay_apart() -> None:
    t = torch.tensor([[0.5], [0.5]], requires_grad=True)
    assert distinct(t)[1].index is None
    with torch.no_grad():
        assert distinct(t)[1].number == 1
    assert distinct(t.detach())[0].shape == (1, 1)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(t.detach(), torch.ones_like(t))
        assert distinct(dual)[1].index is None


def test_parameter_gradients_do_not_depend_on_the_path() -> None:
    flow = flow_of(2)
    x, t = torch.rand(8, 2), torch.tensor([[0.2], [0.9]]).repeat(4, 1)
    found = []
    for own in False, True:
        z, dz_dx, dz_dt = flow(x, t.clone().requires_grad_(own))
        loss = z.square().sum() + torch.linalg.slogdet(dz_dx)[1].sum()
        loss = loss + dz_dt.square().sum()
        found.append(torch.autograd.grad(loss, list(flow.parameters())))
    for few, many in zip(*found, strict=True):
        limit = 1e-11 * float(many.abs().max())
        assert limit > 0
        torch.testing.assert_close(few, many, rtol=0, atol=limit)


def test_start_normalizes_what_reaches_each_layer() -> None:
    flow = flow_of(2)
    x, t = 5 + 3 * torch.rand(200, 2), torch.rand(200, 1)
    assert not flow.is_started
    flow.start(x, t)
    assert flow.is_started
    for i, layer in enumerate(flow.layers):
        if isinstance(layer, ActNorm):
            part = copy.deepcopy(flow)
            part.layers = part.layers[: i + 1]
            prepared, moments = flow._prepared(t, 0)
            y = x[None]
            for before, p in zip(part.layers, prepared[: i + 1], strict=True):
                y = before(y, p, moments)
            y = y[0].detach()
            # 200 numbers of size 1 add up to some eps.
            assert float(y.mean(0).abs().max()) < 1e-13
            assert float((y.std(0, correction=0) - 1).abs().max()) < 1e-13


def test_layers_without_coefficients_make_a_flow() -> None:
    flow = FlowMap([Box([0.0], [1.0])], (4,))
    x, t = torch.tensor([[0.25]]), torch.tensor([[0.5]])
    z, dz_dx, dz_dt = flow(x, t)
    assert float(dz_dt) == 0
    # y' = 1 / (h (1 - w^2)) at w = -1/2.
    torch.testing.assert_close(dz_dx, torch.full((1, 1, 1), 8 / 3))
    torch.testing.assert_close(flow.inverse(z, t), x)


def test_a_copy_is_independent() -> None:
    flow = flow_of(2)
    x, t = torch.rand(3, 2), torch.rand(3, 1)
    twin, before = copy.deepcopy(flow), flow.value(x, t).detach()
    with torch.no_grad():
        twin.conditioner.constant.add_(1.0)
    assert torch.equal(flow.value(x, t), before)
    assert not torch.equal(twin.value(x, t), before)
