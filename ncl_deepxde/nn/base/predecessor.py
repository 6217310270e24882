"""What one network needs to know of another that it goes on from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from ...jets.snapshot import Snapshot

__all__ = ["Continuable", "Predecessor"]


class Continuable(ABC):
    """A flow or other laws that another network can go on from."""

    @abstractmethod
    def paced(self, num_inputs: int) -> Sequence[int]:
        """Return the columns that slow down with the clock: a flux, a source."""

    @property
    @abstractmethod
    def most_served(self) -> int:
        """Highest order of the derivatives of ``flux_levels``."""

    @abstractmethod
    def flux_levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return the outputs as a flux, (N, C), and their first ``order`` derivatives.

        Args:
            inputs: Shape (N, d + 1), time last.
            order: At most ``most_served``.
        """

    @abstractmethod
    def mean_momentum(self, inputs: Tensor) -> Tensor:
        """Return the mean of what is paced at all times, (P,), zero if unknown.

        Args:
            inputs: Shape (N, d + 1), for the dtype and the device.
        """

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """Return the values that the flow depends on besides the inputs."""


class Predecessor(ABC):
    """The flow of an earlier network, as a later one adds it to its own.

    Attributes:
        net: The earlier network.
        time: When the later network takes over.
    """

    net: torch.nn.Module
    time: float

    @property
    @abstractmethod
    def most_served(self) -> int:
        """Highest order of the derivatives of ``levels``."""

    @abstractmethod
    def check(self, num_inputs: int, num_outputs: int, served: int) -> None:
        """Raise ``ValueError`` unless a network of these numbers can go on from it."""

    @abstractmethod
    def levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return the outputs (N, C) and their first ``order`` derivatives.

        Args:
            inputs: Shape (N, d + 1), time last.
            order: Number of derivatives.
        """

    @abstractmethod
    def mean_momentum(self, inputs: Tensor) -> Tensor:
        """Return the mean of what is paced, (P,), zero if unknown.

        Args:
            inputs: Shape (N, d + 1), for the dtype and the device.
        """

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """Return the values that the flow depends on besides the inputs."""

    @abstractmethod
    def digest(self) -> str:
        """Return a checksum of these values, and of when the later one takes over."""
