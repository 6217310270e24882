r"""Guesses of the next solution from those of the last steps.

The polynomial through the last k solutions, one step ahead, is

.. math::
    x^{n+1} \approx \sum_{j=1}^{k} (-1)^{j+1} \binom{k}{j} x^{n+1-j}.

Which k is best changes: few at the start and where the solution is rough, many where it
is smooth. The next guess uses the one that was best for the last solution.
"""

import math

import numpy as np

from ._arrays import Array
from ._dolfinx import PETSc

MOST = 6
"""Largest number of solutions that a guess is made from."""


class Predictor:
    """Guesses of the next solution.

    Args:
        solution: Vector of the solutions.
    """

    def __init__(self, solution: PETSc.Vec) -> None:
        self.residual = solution.duplicate()
        self.forget()

    def forget(self) -> None:
        """Forget all solutions."""
        self.history: list[Array] = []
        self.guesses: list[Array] = []
        self.best = 1

    def predict(self, solution: PETSc.Vec) -> None:
        """Overwrite the solution by a guess, where there has been one before.

        Args:
            solution: The vector.
        """
        self.guesses = [
            np.asarray(
                sum(
                    (-1) ** (j + 1) * math.comb(k, j) * self.history[-j]
                    for j in range(1, k + 1)
                )
            )
            for k in range(1, len(self.history) + 1)
        ]
        if self.guesses:
            solution.array_w[:] = self.guesses[min(self.best, len(self.guesses)) - 1]

    def learn(self, solution: PETSc.Vec) -> None:
        """Remember a solution and which guess of it was the best.

        Args:
            solution: The vector.
        """
        values = solution.array_r.copy()
        errors = []
        for guess in self.guesses:
            self.residual.array_w[:] = guess - values
            errors.append(self.residual.norm())
        if errors:
            self.best = int(np.argmin(errors)) + 1
        self.history = [*self.history, values][-MOST:]

    def destroy(self) -> None:
        """Free the PETSc object."""
        self.residual.destroy()
