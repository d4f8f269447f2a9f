"""The check of adversarial losses: right loops are not accused, mistakes are found, and nothing is changed."""

import copy
import itertools
import subprocess
import sys
from functools import partial

import pytest
import torch
from tests.torch.museum import MUSEUM
from tests.torch.programs import Trainer
from tests.torch.right import RIGHT, adam, discriminator, entropy, fooled, generator, images, told_apart
from tests.torch.snapshot import bits, marked, modules_of, snapshot
from tests.torch.unusual import UNUSUAL
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from saddlery.torch.audit.check import check
from saddlery.torch.audit.findings import CODES

OF_SCORES = {"F03", "F04", "F05", "F06", "F07", "F08"}
OF_STEP = {"F12", "F13"}
UNKNOWN = {  # what cannot be looked for in right loops of unusual kinds
    "adaptation": OF_SCORES,
    "bfloat16_where_safe": OF_STEP,
    "both_ways": OF_SCORES,
    "in_place": OF_STEP,
    "of_generators": OF_STEP,
    "policy": {"F07", "F08"},
    "raw": {*OF_SCORES, "F14"},
    "semi_supervised": {"F06", "F07"},
    "turned": {"F07"},
    "two_classes": {"F06", "F07"},
    "unrolled": {"F05", "F07", "F08"},
    "with_other_parameters": OF_STEP,
}


def checked(loop, losses=None, **options):
    """What a check of a loop finds, which must leave everything as it was."""
    optimisers = loop.generator, loop.discriminator
    marked(*optimisers)
    modules, batch = modules_of(*optimisers), copy.deepcopy(loop.batch)
    before = snapshot(*optimisers, modules=modules)
    options = {"generator": optimisers[0], "discriminator": optimisers[1], "step": loop.step} | options
    try:
        return check(losses or loop.losses, loop.batch, **options)
    finally:
        assert snapshot(*optimisers, modules=modules) == before
        assert alike(loop.batch, batch)


def alike(one, other):
    """Whether batches hold the same."""
    if isinstance(one, torch.Tensor):
        return bits(one) == bits(other) and one.requires_grad == other.requires_grad
    if isinstance(one, dict):
        return all(alike(one[name], other[name]) for name in one)
    return all(map(alike, one, other)) if isinstance(one, list | tuple) else one == other


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_loop_is_not_accused_of_anything_that_is_looked_for(name):
    found = checked(RIGHT[name]())
    assert found.findings == (), str(found)
    assert found.unknown == {}
    assert found.made == tuple(CODES)


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_right_loop_of_an_unusual_kind_is_not_accused(name):
    found = checked(UNUSUAL[name]())
    assert found.findings == (), str(found)
    assert {*found.unknown} == {*UNKNOWN.get(name, ())}, str(found)


@pytest.mark.parametrize("exhibit", MUSEUM, ids=lambda exhibit: exhibit.name)
def test_a_mistake_that_was_reported_is_found_and_no_other(exhibit):
    found = {each.code for each in checked(exhibit.make()).findings}
    assert found
    assert found <= {*exhibit.codes}


REVERSED = (
    "dcgan_of_probabilities", "one_pass", "lsgan", "wgan_penalised", "relativistic", "projection", "vocoder",
    "autoencoder", "energy", "features", "informative",
)  # fmt: skip


@pytest.mark.parametrize("name", REVERSED)
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_loss_of_the_wrong_sign_is_found(name, player):
    loop = (RIGHT | UNUSUAL)[name]()

    def losses(batch):
        of_g, of_d = loop.losses(batch)
        return (-of_g, of_d) if player == "generator" else (of_g, -of_d)

    found = check(losses, loop.batch, generator=loop.generator, discriminator=loop.discriminator)
    assert {"F06", "F07"} & {each.code for each in found.findings}


def test_what_is_ignored_is_not_found_and_not_made():
    exhibit = next(each for each in MUSEUM if each.codes == ("F18",))
    for ignore in ("F18", ["F18", "F01"]):
        found = checked(exhibit.make(), ignore=ignore)
        assert found.findings == ()
        assert not {"F18"} & {*found.made, *found.unknown}


@pytest.fixture
def loop():
    return RIGHT["dcgan"]()


@pytest.mark.parametrize("ignore", ["F99", ["F01", "no"]])
def test_an_unknown_code_is_refused(loop, ignore):
    with pytest.raises(ValueError, match=r"^ignore: got '(F99|no)', expected codes of F01, F02"):
        checked(loop, ignore=ignore)


@pytest.mark.parametrize("losses", [3, "losses", (1, 2)])
def test_what_is_no_function_is_refused(loop, losses):
    with pytest.raises(TypeError, match=r"^losses: got .*, expected a function of a batch"):
        checked(loop, losses)


@pytest.mark.parametrize("detached", [True, False])
def test_optimisers_in_each_others_place_are_refused(loop, detached):
    given = loop if detached else RIGHT["minimax"]()
    with pytest.raises(ValueError, match="generator, discriminator: these look swapped"):
        checked(given, generator=given.discriminator, discriminator=given.generator, step=None)


def test_losses_in_the_wrong_order_are_hinted_at(loop):
    found = checked(loop, lambda batch: loop.losses(batch)[::-1], step=None)
    [finding] = [each for each in found.findings if each.code == "F04"]
    assert "return the generator's loss first" in finding.remedy


def test_losses_without_a_graph_are_told_of_once(loop):
    found = checked(loop, lambda batch: tuple(each.detach() for each in loop.losses(batch)))
    assert [each.code for each in found.findings] == ["F02"]
    assert "nor by anything else" in found.findings[0].what
    assert {"F03", "F16"} <= {*found.unknown}


def test_losses_that_are_no_function_of_the_batch_are_told_of(loop):
    data = iter([images() for _ in range(9)])
    found = checked(loop, lambda _: loop.losses(next(data)), step=None)
    assert [each.code for each in found.findings] == ["F19"]
    assert {"F03", "F11", "F14", "F16"} <= {*found.unknown}


@pytest.mark.parametrize(
    ("error", "at"), [(RuntimeError, 1), (RuntimeError, 2), *((KeyboardInterrupt, n) for n in (1, 4, 9))]
)
def test_everything_is_put_back_when_losses_raise_halfway(loop, error, at):
    calls = itertools.count(1)  # which a check does not put back

    def losses(batch):
        found = loop.losses(batch)
        for each in (loop.generator, loop.discriminator):
            each.param_groups[0]["params"][0].data.add_(1).requires_grad_(False)
        if next(calls) == at:
            raise error
        return found

    with pytest.raises(error):
        checked(loop, losses, step=None)
    assert not torch.overrides._get_current_function_mode_stack()
    assert not nn.modules.module._has_any_global_hook()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_everything_is_put_back_when_a_step_raises(loop, error):
    def step(batch):
        loop.step(batch)
        raise error

    with pytest.raises(error):
        checked(loop, step=step)
    assert not loop.generator._optimizer_step_pre_hooks


def test_gradients_are_computed_where_somebody_has_turned_them_off(loop):
    with torch.no_grad():
        found = checked(loop)
        assert not torch.is_grad_enabled()
    assert (found.findings, found.unknown) == ((), {})


def test_nothing_is_left_behind(loop):
    checked(loop)
    assert not torch.overrides._get_current_function_mode_stack()
    assert not nn.modules.module._has_any_global_hook()
    assert not any(each._backward_hooks for group in loop.generator.param_groups for each in group["params"])
    before = torch.nn.parallel.DistributedDataParallel.forward
    assert before.__qualname__ == "DistributedDataParallel.forward"


def test_what_a_trainer_counts_and_averages_is_put_back():
    held, batch = Trainer(), images()
    modules = [held.G, held.D, held.average]
    before = snapshot(held.opt_g, held.opt_d, modules=modules)
    found = check(held.losses, batch, generator=held.opt_g, discriminator=held.opt_d, step=held.step)
    assert found.findings == ()
    assert snapshot(held.opt_g, held.opt_d, modules=modules) == before
    assert (held.steps, held.values, held.rate.last_epoch) == (0, [], 0)
    assert held.opt_g.param_groups[0]["lr"] == 2e-4


@pytest.fixture
def replicas(tmp_path):
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    torch.manual_seed(0)
    yield DistributedDataParallel(generator()), DistributedDataParallel(discriminator())
    distributed.destroy_process_group()


def test_replicas_are_checked_as_what_they_are_of(replicas):
    G, D = replicas
    opt_g, opt_d = adam(G.parameters()), adam(D.parameters())

    def losses(real, told=told_apart):
        fake = G(torch.randn(len(real), 8))
        return fooled(D, fake, real), told(D, real, fake.detach())

    def step(real):
        fake = G(torch.randn(len(real), 8))
        opt_d.zero_grad()
        told_apart(D, real, fake.detach()).backward()
        opt_d.step()
        opt_g.zero_grad()
        fooled(D, fake, real).backward()
        opt_g.step()

    found = check(losses, images(), generator=opt_g, discriminator=opt_d, step=step)
    assert (found.findings, found.unknown) == ((), {})
    wrong = partial(losses, told=lambda D, real, fake: entropy(D(real), 1.0) + entropy(D(fake), 1.0))
    assert [each.code for each in check(wrong, images(), generator=opt_g, discriminator=opt_d).findings] == ["F06"]
    step(images())  # which still works


FRESH = """
import sys
import torch
import saddlery.torch
G, D = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
opt_g, opt_d = (torch.optim.SGD(each.parameters(), 0.1) for each in (G, D))
def losses(real):
    fake = G(torch.randn(len(real), 2))
    return -D(fake).mean(), D(fake.detach()).mean() - D(real).mean()
found = saddlery.torch.check(losses, torch.randn(8, 2), generator=opt_g, discriminator=opt_d)
print([each.code for each in found.findings], sorted({"jax", "jaxlib", "equinox"} & {*sys.modules}))
"""


def test_jax_is_not_loaded():
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] []"
