r"""Users' functions of a point: whether they are, told at the points they meet first.

Derivatives of a user's function are computed point by point, and where it is not
trained its values are kept. A function that looks at the whole batch, such as
:math:`f(x_i) / \max_j f(x_j)`, or that holds something to train, would be another one
there without an error.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from .jets import in_functorch

__all__ = ["PointwiseCheck", "check_torch", "check_without_points"]

PointFunction = Callable[[Tensor], Tensor]

# A function that looks at the batch is another one at most of its points.
ROWS = 8
# Another batch may be summed in another order. A function that loses digits enlarges
# that, as it does one unit in the last place of its points; sums have some terms.
ROUNDINGS = 10


class PointwiseCheck:
    r"""Whether a function gives each point a value of its own, at its first points.

    With rows :math:`x_i` of a batch x, every :math:`f(x)_i` must be :math:`f(x_i)`,
    whatever comes beside it. Differences up to the square root of the precision, in
    parts of the largest value of a column, count as round-off.

    It checks a batch in which a coordinate varies that did not before, and none inside
    ``torch.func``, where the batch is not known.

    Args:
        argument: Name of the function, for messages.
        is_kept: Whether values are kept, so that nothing in it may be trained.
    """

    def __init__(self, argument: str, *, is_kept: bool) -> None:
        self.argument, self.is_kept = argument, is_kept
        self._varied: tuple[bool, ...] = ()

    def __call__(self, function: PointFunction, points: Tensor) -> None:
        """Check the function at points, (N, dim), unless enough of it is known.

        What has a wrong shape is left to those who use the values.

        Raises:
            ValueError: A value depends on the other points or on what is trained.
        """
        if (self._varied and all(self._varied)) or in_functorch() or len(points) == 0:
            return
        now = (points != points[:1]).any(dim=0).tolist()
        varied = tuple(map(max, self._varied or [False] * len(now), now))
        if varied == self._varied:
            return
        with torch.inference_mode(False), torch.enable_grad():
            x = points.detach().clone()
            values = function(x)
            if not _is_batch(values, x):
                return
            if self.is_kept:
                _check_kept(self.argument, values)
            if len(x) > 1:
                _compare(self.argument, function, x, values.detach().to(x.dtype))
        if bool(values.isfinite().all()):
            self._varied = varied


def check_without_points(argument: str, function: PointFunction, dim: int) -> None:
    """Refuse what is trained, and numpy, which nobody can differentiate, when built.

    The function is called on no point at all: none is known to lie in its domain.

    Args:
        argument: Name of the function, for messages.
        function: Maps points (N, dim) to values (N, k) that are kept.
        dim: Number of coordinates.

    Raises:
        ValueError: It takes other arguments than the points, needs numpy arrays, or
            holds something to train.
    """
    _check_one_argument(argument, function)
    check_torch(argument, function, torch.empty(0, dim))
    with torch.inference_mode(False), torch.enable_grad():
        try:
            values = function(torch.empty(0, dim))
        except Exception:
            return  # it needs some point
        _check_kept(argument, values)


def check_torch(argument: str, function: PointFunction, points: Tensor) -> None:
    """Refuse a function that goes through numpy.

    Args:
        argument: Name of the function, for messages.
        function: Maps points (N, dim) to values (N, k).
        points: Some of its points, or none.

    Raises:
        ValueError: It needs numpy arrays.
    """
    with torch.inference_mode(False), torch.enable_grad():
        try:
            function(points.detach().clone().requires_grad_())
        except Exception as error:
            if "numpy" not in str(error):
                return  # for those who use the values
            raise ValueError(
                f"{argument}: must be made of torch operations, because it is "
                f"differentiated, got one that needs numpy arrays ({error}). Write "
                "torch.sin for np.sin, torch.cat for np.hstack, and so on."
            ) from error


def _check_one_argument(argument: str, function: PointFunction) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # written in C, such as torch.sin
    try:
        signature.bind(None)
    except TypeError as error:
        raise ValueError(
            f"{argument}: must be a function of one argument, the points (N, d) with "
            f"the time, where there is one, as last column, got {signature} ({error}). "
            "Take columns, such as x[:, :1], inside of it."
        ) from error


def _is_batch(values: object, x: Tensor) -> bool:
    is_table = isinstance(values, Tensor) and values.ndim == 2
    return is_table and len(values) == len(x)  # type: ignore[arg-type]


def _check_kept(argument: str, values: object) -> None:
    if isinstance(values, Tensor) and values.requires_grad:
        raise ValueError(
            f"{argument}: must be a function without trainable parameters or "
            "dde.Variable, because its values are kept, got values that ask for "
            "gradients. Leave it out and put the condition with its unknowns into the "
            "loss, make the unknown an extra output, or freeze what is not to be "
            "trained by requires_grad_(False)."
        )


def _compare(argument: str, function: PointFunction, x: Tensor, values: Tensor) -> None:
    """Raise ``ValueError`` unless other batches of some points give their values."""
    size = values.nan_to_num(0, 0, 0).abs().amax(dim=0)
    limit = torch.finfo(x.dtype).eps ** 0.5 * size
    every = torch.arange(len(x), device=x.device)
    _compare_at(argument, function, x, values, every, limit)
    limit = limit + ROUNDINGS * _change(function, x, values)
    for index in _batches(x):
        _compare_at(argument, function, x, values, index, limit)


def _compare_at(
    argument: str,
    function: PointFunction,
    x: Tensor,
    values: Tensor,
    index: Tensor,
    limit: Tensor,
) -> None:
    """Raise ``ValueError`` unless some rows give their values, up to a limit, (k,)."""
    rule = f"{argument}: must be a function of each point by itself, because it is "
    rule += "evaluated and differentiated point by point, "
    remedy = (
        "Put numbers that were computed before in the place of a maximum, a mean or "
        "a count over the points."
    )
    of_all = f"{len(index)} of {len(x)} points"
    try:
        found = function(x[index])
    except Exception as error:
        raise ValueError(f"{rule}but failed on {of_all}: {error}. {remedy}") from error
    if not isinstance(found, Tensor) or found.shape != values[index].shape:
        got = tuple(found.shape) if isinstance(found, Tensor) else type(found)
        raise ValueError(f"{rule}got {got} for {of_all}. {remedy}")
    gap = _gap(found.detach().to(x.dtype), values[index])
    if not bool((gap <= limit).all()):
        largest = float(gap.nan_to_num(torch.inf).max())
        raise ValueError(
            f"{rule}got values that differ by {largest:.1e} for {of_all}. {remedy}"
        )


def _batches(x: Tensor) -> Iterator[Tensor]:
    """Yield numbers of rows: some one by one, and all of these twice, in turn."""
    step = max(1, len(x) // ROWS)
    rows = torch.arange(0, len(x), step, device=x.device)[:ROWS]
    yield from rows[:, None].unbind(0)
    yield rows.flip(0).repeat(2)


def _gap(a: Tensor, b: Tensor) -> Tensor:
    """Return the difference, 0 where both are infinite alike or no number."""
    is_same = (a == b) | (a.isnan() & b.isnan())
    return torch.where(is_same, 0.0, (a - b).abs())


def _change(function: PointFunction, x: Tensor, values: Tensor) -> Tensor:
    """Return by how much one unit in the last place of the points matters, (k,)."""
    # Towards the middle, so that no point leaves a convex domain.
    moved = function(torch.nextafter(x, x.mean(dim=0).expand_as(x))).detach()
    change: Tensor = (moved - values).nan_to_num(0, 0, 0).abs().amax(dim=0)
    return change
