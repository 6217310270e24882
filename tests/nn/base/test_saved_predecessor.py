"""A network that goes on from another is restored beside that one, or not at all."""

import copy
import pickle

import deepxde as dde
import pytest
import torch

from ncl_deepxde.nn import NCL, Continuation, Windows

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

LAYERS = ([3, 8, 3], "tanh", "Glorot normal")


def pair(seed, time=0.5, ramp=0.5):
    torch.manual_seed(seed)
    first = NCL(*LAYERS, mean_density=2.0)
    return first, NCL(*LAYERS, initial=Continuation(first, time, ramp))


def in_memory(state, path):
    return state


def through_a_file(state, path):
    torch.save({"state": state}, path / "state.pt")
    return torch.load(path / "state.pt", weights_only=True)["state"]


@pytest.mark.parametrize("way", [in_memory, through_a_file])
def test_restored_beside_another_network_it_is_refused(way, tmp_path):
    (first, trained), (other, fresh) = pair(0), pair(1)
    state = way(trained.state_dict(), tmp_path)
    assert not any("predecessor" in key for key in state)
    with pytest.raises(RuntimeError, match=r"Load the state of the earlier network"):
        fresh.load_state_dict(state)
    other.load_state_dict(first.state_dict())
    fresh.load_state_dict(state)
    x = torch.rand(20, 3)
    torch.testing.assert_close(fresh(x), trained(x), rtol=0, atol=0)


@pytest.mark.parametrize("clock", [{"time": 0.4}, {"ramp": 0.6}])
def test_restored_on_another_clock_it_is_refused(clock):
    with pytest.raises(RuntimeError, match="the same time and ramp"):
        pair(0, **clock)[1].load_state_dict(pair(0)[1].state_dict())


def test_the_first_network_of_a_chain_counts():
    def chain(seed):
        first, then = pair(seed)
        return first, then, NCL(*LAYERS, initial=Continuation(then, 0.7, 0.5))

    trained, fresh = chain(0), chain(1)
    fresh[0].load_state_dict(trained[0].state_dict())
    fresh[1].load_state_dict(trained[1].state_dict())
    with torch.no_grad():
        fresh[0].network.linears[0].weight.mul_(1.1)
    with pytest.raises(RuntimeError, match="earlier network"):
        fresh[2].load_state_dict(trained[2].state_dict())


def test_windows_hold_both_and_are_restored():
    trained, fresh = (Windows(pair(seed), [0.5]) for seed in (0, 1))
    fresh.load_state_dict(trained.state_dict())
    x = torch.rand(20, 3)
    torch.testing.assert_close(fresh(x), trained(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))]
)
def test_copies_compare_with_their_own_predecessor(copied):
    first, net = pair(0)
    other = copied(net)
    other.load_state_dict(net.state_dict())
    with torch.no_grad():
        first.network.linears[0].weight.mul_(1.1)
    with pytest.raises(RuntimeError, match="earlier network"):
        other.load_state_dict(net.state_dict())


def test_states_saved_without_the_checksum_are_read():
    trained, fresh = pair(0)[1], pair(1)[1]
    fresh.load_state_dict(dict(trained.state_dict()))


def test_a_model_of_deepxde_is_saved_and_restored(tmp_path):
    nets = [pair(seed)[1] for seed in (0, 0, 1)]
    models = []
    for net in nets:
        box = dde.geometry.Hypercube([0, 0, 0.5], [1, 1, 1])
        data = dde.data.PDE(box, lambda x, y: y[:, :1] - 3, [], num_domain=20)
        models.append(dde.Model(data, net))
        models[-1].compile("adam", lr=1e-3, verbose=0)
    models[0].train(iterations=3, verbose=0)
    path = models[0].save(str(tmp_path / "model"), verbose=0)
    models[1].restore(path, verbose=0)
    x = torch.rand(20, 3)
    torch.testing.assert_close(nets[1](x), nets[0](x), rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="earlier network"):
        models[2].restore(path, verbose=0)
