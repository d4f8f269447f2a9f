"""One loop written twice, in PyTorch by hand and in Saddlery: the same signals to rounding."""

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.analysis.signals import SIGNALS, signals
from saddlery.metrics.probes import Losses
from saddlery.runs.signals import FIXED, Signals

torch = pytest.importorskip("torch")
STEPS, EVERY, RATE = 60, 3, 0.01
CHEAP = [name for name, each in SIGNALS.items() if each.kind != "jacobian"]


def module(parameters):
    """A network of relu from the parameters of ours."""
    parts = []
    for layer in parameters:
        weight, bias = (torch.tensor(np.asarray(layer[name])) for name in ("weight", "bias"))
        linear = torch.nn.Linear(*weight.shape, dtype=weight.dtype)
        with torch.no_grad():
            linear.weight.copy_(weight.T)
            linear.bias.copy_(bias)
        parts += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1])


def flat(network, of=lambda parameter: parameter):
    return torch.cat([of(each).detach().ravel() for each in network.parameters()])


def by_hand(players, real, noise, followed):
    """A loop of simultaneous steps by Adam as one writes it in PyTorch, which records what signals are made of."""
    g, d = (module(player) for player in players)
    optimisers = [torch.optim.Adam(each.parameters(), lr=RATE, betas=(0.5, 0.999)) for each in (g, d)]
    softplus, kept = torch.nn.functional.softplus, []
    for step in range(STEPS + 1):
        fake = g(noise)
        loss_g = softplus(-d(fake)).mean()
        loss_d = softplus(-d(real)).mean() + softplus(d(fake.detach())).mean()
        gradients = [torch.autograd.grad(loss, net.parameters()) for loss, net in ((loss_g, g), (loss_d, d))]
        before, scores = [flat(net) for net in (g, d)], [d(x).detach().ravel() for x in (real, fake)]
        for net, gradient, optimiser in zip((g, d), gradients, optimisers, strict=True):
            for parameter, each in zip(net.parameters(), gradient, strict=True):
                parameter.grad = each
            optimiser.step()
        if step % EVERY == 0:
            fake = fake.detach()
            kept.append(record(loss_g, loss_d, gradients, before, [flat(net) for net in (g, d)], scores, real, fake))
            kept[-1]["followed"] = followed(before[0], g)
    return {name: np.array([each[name] for each in kept]) for name in kept[0]}


def record(loss_g, loss_d, gradients, before, after, scores, real, fake):
    """What a loop knows at a step, by PyTorch's own functions."""
    found = {"generator_loss": loss_g.item(), "discriminator_loss": loss_d.item()}
    for name, gradient, old, new in zip(("generator", "discriminator"), gradients, before, after, strict=True):
        found[f"{name}_norm"] = torch.cat([each.ravel() for each in gradient]).norm().item()
        found[f"{name}_update"], found[f"{name}_size"] = (new - old).norm().item(), old.norm().item()
    of_real, of_fake = scores
    higher = torch.sign(of_real[:, None] - of_fake) / 2 + 0.5
    found["separation"] = higher.mean().item()
    found["gap"] = ((of_real.mean() - of_fake.mean()) / torch.cat(scores).std(correction=0)).item()
    wide = {name: (x - x.mean(0)).norm(dim=1).square().mean().sqrt() for name, x in (("real", real), ("fake", fake))}
    near = {
        name: torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").fill_diagonal_(torch.inf).amin(1).mean()
        for name, x in (("real", real), ("fake", fake))
    }
    found["spread"], found["nearest"] = ((each["fake"] / each["real"]).item() for each in (wide, near))
    return found | {"width": wide["real"].item(), "sketch": torch.cat(before).numpy()}


def test_a_loop_in_pytorch_and_saddlerys_have_the_same_signals():
    with jax.enable_x64(True):
        game = sd.games.ring("numerics", modes=4, width=4, noise=3, batch=40, std=0.1)
        batch = game.draw(jax.random.key(3))
        players = game.init(jax.random.key(4))
        adam = f"adam(learning_rate={RATE}, b1=0.5)"
        method = sd.methods.simultaneous(generator=adam, discriminator=adam)
        probes = {"losses": Losses(), "signals": Signals()}
        run = sd.train(
            sd.fixed(game, batch), method, steps=STEPS, every=EVERY, key=0, players=players, probes=probes
        ).only
        ours = {str(name): each.values for name, each in run.history.data_vars.items()}
        assert ours["sketch"].shape[1] < 256  # so few numbers are kept themselves
        drawn = np.asarray(jax.random.normal(jax.random.key(0), (FIXED, game.noise)))

    def followed(of_generator, network):
        """The samples of the noise that Saddlery follows, by the generator as it was before the step."""
        held, was = flat(network).clone(), torch.tensor(np.asarray(of_generator))
        torch.nn.utils.vector_to_parameters(was, network.parameters())
        with torch.no_grad():
            samples = network(torch.tensor(drawn)).numpy().ravel()
        torch.nn.utils.vector_to_parameters(held, network.parameters())
        return samples

    real, noise = (torch.tensor(np.asarray(each)) for each in (batch.real, batch.noise))
    theirs = by_hand(players, real, noise, followed)
    mine, other = signals(ours), signals(theirs)
    assert set(other) == set(CHEAP)
    for name in CHEAP:
        np.testing.assert_allclose(other[name], mine[name], rtol=1e-6, atol=1e-8, err_msg=name)
