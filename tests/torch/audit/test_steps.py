"""Which backward passes the gradients of a step come from."""

from types import SimpleNamespace

import pytest
import torch
from tests.torch.right import BATCH, NOISE, adam, discriminator, entropy, fooled, generator, images, slope, told_apart

from saddlery.torch.audit.check import check
from saddlery.torch.audit.steps import _owners


class Game(SimpleNamespace):
    """Networks, optimisers and losses."""

    def __init__(self, **given):
        torch.manual_seed(0)
        G, D = generator(), discriminator()
        made = {"G": G, "D": D, "opt_g": adam(G.parameters()), "opt_d": adam(D.parameters()), "count": 0}
        super().__init__(**made | given)

    def generated(self, real):
        return self.G(torch.randn(len(real), NOISE))

    def of_g(self, real):
        return fooled(self.D, self.generated(real), real)

    def of_d(self, real):
        return told_apart(self.D, real, self.generated(real).detach())

    def found(self, step, **options):
        options = {"generator": self.opt_g, "discriminator": self.opt_d} | options
        return check(lambda x: (self.of_g(x), self.of_d(x)), images(), step=lambda x: step(self, x), **options)


def two_passes(game, real):
    """As in PyTorch's own example of a DCGAN."""
    game.opt_d.zero_grad()
    entropy(game.D(real), 1.0).backward()
    fake = game.generated(real)
    entropy(game.D(fake.detach()), 0.0).backward()
    game.opt_d.step()
    game.opt_g.zero_grad()
    entropy(game.D(fake), 1.0).backward()
    game.opt_g.step()


def accumulated(game, real):
    for optimiser, loss in ((game.opt_d, game.of_d), (game.opt_g, game.of_g)):
        optimiser.zero_grad()
        for part in real.chunk(2):
            (loss(part) / 2).backward()
        optimiser.step()


def accumulated_over_steps(game, real):
    """Both step after every second batch."""
    game.of_d(real).backward()
    game.D.requires_grad_(False)
    game.of_g(real).backward()
    game.D.requires_grad_(True)
    game.count += 1
    if game.count % 2 == 0:
        for optimiser in (game.opt_d, game.opt_g):
            optimiser.step()
            optimiser.zero_grad()


def summed(game, real):
    """One backward pass of both losses."""
    fake = game.generated(real)
    game.D.requires_grad_(False)
    of_g = fooled(game.D, fake, real)
    game.D.requires_grad_(True)
    game.opt_g.zero_grad()
    game.opt_d.zero_grad()
    (of_g + told_apart(game.D, real, fake.detach())).backward()
    game.opt_g.step()
    game.opt_d.step()


def by_inputs(game, real):
    game.opt_g.zero_grad()
    game.opt_d.zero_grad()
    game.of_g(real).backward(inputs=[*game.G.parameters()])
    game.of_d(real).backward(inputs=[*game.D.parameters()])
    game.opt_g.step()
    game.opt_d.step()


def without_backward(game, real):
    for loss, network, optimiser in ((game.of_g, game.G, game.opt_g), (game.of_d, game.D, game.opt_d)):
        parameters = [*network.parameters()]
        for each, gradient in zip(parameters, torch.autograd.grad(loss(real), parameters), strict=True):
            each.grad = gradient
        optimiser.step()


def penalised_apart(game, real):
    """The penalty has a step of its own."""
    for loss in (game.of_d, lambda real: slope(game.D, real).mean()):
        game.opt_d.zero_grad()
        loss(real).backward()
        game.opt_d.step()
    game.opt_g.zero_grad()
    game.of_g(real).backward()
    game.opt_g.step()


def by_modules(game, real):
    game.D.zero_grad(set_to_none=False)
    game.of_d(real).backward()
    game.opt_d.step()
    game.G.zero_grad(set_to_none=False)
    game.of_g(real).backward()
    game.opt_g.step()


def several_of_the_discriminator(game, real):
    for _ in range(3):
        game.opt_d.zero_grad()
        game.of_d(real).backward()
        game.opt_d.step()
    game.opt_g.zero_grad()
    game.of_g(real).backward()
    game.opt_g.step()


def the_generator_seldom(game, real):
    game.opt_d.zero_grad()
    game.of_d(real).backward()
    game.opt_d.step()
    game.count += 1
    if game.count % 5 == 0:
        game.opt_g.zero_grad()
        game.of_g(real).backward()
        game.opt_g.step()


RIGHT = [
    two_passes, accumulated, accumulated_over_steps, summed, by_inputs, without_backward, penalised_apart, by_modules,
    several_of_the_discriminator, the_generator_seldom,
]  # fmt: skip


@pytest.mark.parametrize("step", RIGHT, ids=lambda step: step.__name__)
def test_right_steps_are_not_accused(step):
    found = Game().found(step)
    assert found.findings == (), str(found)
    assert {"F12", "F13"} <= {*found.made}


def helped(loss):
    loss.backward()


def left_over(game, real):
    game.of_d(real).backward()
    game.opt_d.step()
    game.opt_g.zero_grad()
    game.of_g(real).backward()
    game.opt_g.step()
    game.opt_d.zero_grad  # noqa: B018 - as somebody writes who forgets the parentheses


def left_by_the_generator(game, real):
    helped(game.of_d(real))
    game.opt_d.step()
    game.opt_d.zero_grad()
    game.opt_g.zero_grad()
    helped(game.of_g(real))
    game.opt_g.step()


def never_zeroed(game, real):
    game.D.requires_grad_(False)
    game.of_g(real).backward()
    game.D.requires_grad_(True)
    game.of_d(real).backward()
    game.opt_d.step()
    game.opt_d.zero_grad()
    game.opt_g.step()


WRONG = [
    (left_over, {"F12", "F13"}, "game.of_g(real).backward()"),
    (left_by_the_generator, {"F12"}, "helped(game.of_g(real))"),
    (never_zeroed, {"F13"}, "game.of_g(real).backward()"),
]


@pytest.mark.parametrize(("step", "codes", "line"), WRONG, ids=lambda each: getattr(each, "__name__", ""))
def test_gradients_that_are_left_over_are_found_with_the_line(step, codes, line):
    found = Game().found(step).findings
    assert {each.code for each in found} == codes
    assert any(line in each.where and each.where.startswith("test_steps.py:") for each in found)


def test_several_optimisers_and_groups_are_one_player():
    game = Game()
    two = [
        torch.optim.SGD(game.D[:3].parameters(), 0.1),
        adam([{"params": [each]} for each in game.D[3:].parameters()]),
    ]
    both = SimpleNamespace(
        zero_grad=lambda: [each.zero_grad() for each in two], step=lambda: [each.step() for each in two]
    )
    game.opt_d = both
    assert game.found(two_passes, discriminator=two).findings == ()
    assert {each.code for each in game.found(left_by_the_generator, discriminator=two).findings} == {"F12"}


def test_a_closure_is_a_step():
    game = Game()
    game.opt_g = torch.optim.LBFGS(game.G.parameters(), max_iter=3)

    def step(game, real):
        def closure():
            game.opt_g.zero_grad()
            loss = game.of_g(real)
            loss.backward()
            return loss

        game.opt_g.step(closure)
        game.opt_d.zero_grad()
        game.of_d(real).backward()
        game.opt_d.step()

    before = [each.clone() for each in game.G.parameters()]
    assert game.found(step).findings == ()
    assert all(torch.equal(a, b) for a, b in zip(before, game.G.parameters(), strict=True))
    assert not game.opt_g.state


def test_gradients_from_before_the_check_are_nobodys_but_those_that_are_left():
    game = Game()
    game.of_g(images()).backward()
    assert game.found(two_passes).findings == ()


def test_a_batch_that_a_step_writes_to_is_put_back():
    game, batch = Game(), images()
    kept = batch.clone()

    def step(real):
        two_passes(game, real.mul_(0.5))

    check(lambda x: (game.of_g(x), game.of_d(x)), batch, generator=game.opt_g, discriminator=game.opt_d, step=step)
    assert torch.equal(batch, kept)
    assert len(batch) == BATCH


@pytest.mark.parametrize(
    ("taken", "owners"),
    [
        ([("d", [0]), ("g", [1])], {0: {"d"}, 1: {"g"}}),
        ([("d", [0]), ("g", [0])], {0: {"d", "g"}}),
        ([("d", [0, 1]), ("g", [1, 2])], {0: {"d"}, 1: {"d"}, 2: {"g"}}),
        ([], {}),
    ],
)
def test_a_backward_pass_is_whose_it_can_only_be(taken, owners):
    assert _owners(taken) == owners


def test_gradients_that_are_taken_without_a_backward_pass_belong_to_none():
    def weighted(game, real):
        """The discriminator's backward pass is between those of two parts, of which one's gradient is looked at."""
        game.opt_g.zero_grad()
        game.opt_d.zero_grad()
        losses = [game.of_g(part) for part in real.chunk(2)]
        of_d = game.of_d(real)
        losses[0].backward(inputs=[*game.G.parameters()])
        of_d.backward()
        (size,) = torch.autograd.grad(losses[1], [game.G[-2].weight], retain_graph=True)
        (losses[1] / (1 + size.norm())).backward(inputs=[*game.G.parameters()])
        game.opt_g.step()
        game.opt_d.step()

    assert Game().found(weighted).findings == ()
