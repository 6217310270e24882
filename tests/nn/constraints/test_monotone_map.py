"""Maps of [0, 1] to itself that grow: ends, slopes, derivatives, whatever is given."""

import torch
from torch.func import jacrev, vmap

from ncl_deepxde.jets.jets import jet_of_callable, jet_space
from ncl_deepxde.nn.constraints.monotone_map import monotone_maps, num_parameters

SPACE = jet_space(2, 2)


def given(z, size=2.0):
    """Parameters (N, 2 * 3 * 4) that depend on the time."""
    phase = torch.arange(24, dtype=z.dtype)
    return size * torch.sin(z[:, 1:] * (1 + phase / 9) + phase)


def mapped(z):
    """Return the maps by their formula, (N, 1)."""
    y = z[:, :1]
    for part in given(z).chunk(2, dim=1):
        a, b, c = part.chunk(3, dim=1)
        w = torch.nn.functional.softplus(a)
        s = torch.nn.functional.softplus(b + 3.9815)  # log(exp(4) - 1)
        c = (c + torch.arange(4, dtype=z.dtype) + 0.5) / 4

        def N(at, w=w, s=s, c=c):
            rise = torch.sigmoid(s * (at - c)) - torch.sigmoid(-s * c)
            return at / 4 + (w * rise).sum(dim=1, keepdim=True)

        y = N(y) / N(torch.ones_like(y))
    return y


def streams(z):
    y = jet_of_callable(lambda z: z[:, :1], z, SPACE)
    return monotone_maps(y, jet_of_callable(given, z, SPACE), 2, SPACE)


def test_streams_are_the_derivatives_of_the_formula() -> None:
    z = torch.rand(5, 2)
    found, right = streams(z), jet_of_callable(mapped, z, SPACE)
    assert found.shape == (6, 5, 1)
    # 3.9815 is rounded to five digits.
    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-3)
    again = vmap(jacrev(lambda p: streams(p[None])[0, 0]))(z)[:, 0]
    torch.testing.assert_close(found[1:3, :, 0].T, again)


def test_ends_stay_and_slopes_are_positive(dtype) -> None:
    t = torch.rand(200, 1)
    for end in 0.0, 1.0:
        found = streams(torch.cat([torch.full_like(t, end), t], dim=1))[0]
        close = {"rtol": 0, "atol": 20 * torch.finfo(dtype).eps}
        torch.testing.assert_close(found, torch.full_like(t, end), **close)
    slope = streams(torch.rand(500, 2))[1]
    assert float(slope.min()) > 0


def test_each_map_takes_its_parameters() -> None:
    assert num_parameters(2, 4) == given(torch.zeros(1, 2)).shape[1]
