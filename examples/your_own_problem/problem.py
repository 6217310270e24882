r"""A problem of your own in one file: ncl-deepxde run examples/your_own_problem

Water in a periodic channel, a hump that falls apart into two waves:

.. math:: h_t + m_x = 0, \qquad m_t + (m^2 / h + h^2 / 2)_x = 0, \qquad m = h u.
"""

import deepxde as dde
import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.integrate import solve_ivp

from ncl_deepxde import data, evaluation, nn, optimizers, runs

TIMES, X = [0.0, 0.1, 0.2, 0.3, 0.4], np.arange(128)[:, None] / 128
MODELS = {"pinn": "plain network, both laws trained", "ncl": "water is conserved"}
E, SIZES, HOW = torch.tensor([1, 0]), [16] * 3, ("tanh", "Glorot normal")
LOST = evaluation.MetricRow("water_lost", "Conservation", "water lost", "smallest")


def hump(x):
    return 1 + 0.1 * torch.exp(-8 * torch.cos(np.pi * x) ** 2)


def laws(x, y):
    D = [[dde.grad.jacobian(y, x, i, j) for j in (0, 1)] for i in (0, 1)]
    (h_x, h_t), (m_x, m_t), h, m = *D, y[:, :1], y[:, 1:]
    return [h**2 * m_t + 2 * h * m * m_x + (h**3 - m**2) * h_x, h_t + m_x]


def circle(x):
    return torch.hstack([(a := 2 * np.pi * x[:, :1]).cos(), a.sin(), x[:, 1:]])


def optimizer(model):
    model.compile(optimizers.GaussNewton(model, acceleration=True), verbose=0)


@runs.checked
class Water(runs.Settings):
    steps: int


class ShallowWater(runs.Problem[Water]):
    name, summary, models = "shallow-water", "Two waves from a hump of water", MODELS
    rows = (*evaluation.ERROR_ROWS, LOST)

    def build(self, model, settings, seed):
        if model == "ncl":
            state = nn.InitialState(hump, momentum=torch.zeros_like)
            net = nn.NCL([2, *SIZES, 2], *HOW, periods=1, initial=state)
        else:
            net = dde.nn.FNN([3, *SIZES, 2], *HOW)
            net.apply_feature_transform(circle)
            net.apply_output_transform(lambda x, y: hump(x[:, :1]) * E + x[:, 1:] * y)
        pde = laws if model == "pinn" else lambda x, y: laws(x, y)[:1]
        box = data.kronecker_box([0, 0], [1, 0.4])
        task = data.Collocation(pde, box, num_domain=800, seed=seed)
        stages = [runs.Stage("gauss-newton", optimizer, settings.steps)]
        flow = evaluation.NetworkSolution(net, "flux")
        return runs.Experiment(dde.Model(task, net), stages, flow, settings)

    def compute_reference(self, preset, path):
        def rates(t, state):
            h, m = state.reshape(2, 128)
            flux = np.fft.rfft([m, m**2 / h + h**2 / 2])
            return -np.fft.irfft(2j * np.pi * np.arange(65) * flux, 128).ravel()

        first = np.concatenate([hump(torch.as_tensor(X))[:, 0], np.zeros(128)])
        found = solve_ivp(rates, (0, TIMES[-1]), first, "DOP853", TIMES, rtol=1e-9)
        np.savez(path, states=found.y.T.reshape(-1, 2, 128, 1))

    def load_reference(self, path):
        h, m = np.load(path)["states"].swapaxes(0, 1)
        return lambda x, t: {"rho": h[(k := TIMES.index(t))], "u": m[k] / h[k]}

    def measure(self, experiment, reference):
        water = [experiment.solution(X, t)["rho"].mean() for t in TIMES]
        errors = evaluation.errors_over_time(experiment.solution, reference, X, TIMES)
        return errors | {"water_lost": float(np.ptp(water) / water[0])}

    def draw(self, directory, solutions, metrics):
        axes = Figure((9, 4), layout="constrained").subplots()
        for style, solution in zip(
            ["-", "-.", "k--"], solutions.values(), strict=False
        ):
            axes.plot(X, solution(X, TIMES[-1])["rho"], style)
        axes.legend(list(solutions), title=f"depth at t = {TIMES[-1]}")
        axes.figure.savefig(directory / "depth.png", dpi=200)
        return [("depth.png", "Depth of the water; dashed: the spectral method.")]


PROBLEM = ShallowWater()
PROBLEM.presets = {
    name: runs.Preset.shared(line, MODELS, {"float": "float64", "steps": n}, Water)
    for name, line, n in (("quick", "half a minute", 100), ("smoke", "seconds", 3))
}
