"""A watch in the settings that loops in PyTorch are run in."""

import os
import socket
import subprocess
import sys
import textwrap

import pytest
import torch
from tests.torch.right import RIGHT
from torch.utils.checkpoint import checkpoint

import saddlery.torch as st

softplus = torch.nn.functional.softplus


def pair(norm=False):
    torch.manual_seed(0)
    middle = [torch.nn.BatchNorm1d(8)] if norm else []
    G = torch.nn.Sequential(torch.nn.Linear(3, 8), *middle, torch.nn.Tanh(), torch.nn.Linear(8, 2))
    D = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    return G, D


def stepped(G, D, optimisers, steps, backward=lambda loss: loss.backward(), context=torch.enable_grad):
    """Steps of a loop, the discriminator's first."""
    opt_g, opt_d = optimisers
    for _ in range(steps):
        for optimiser, player in ((opt_d, 1), (opt_g, 0)):
            optimiser.zero_grad()
            with context():
                loss = losses(G, D)(torch.randn(16, 2))[player]
            backward(loss)
            optimiser.step()


def losses(G, D):
    def of(real):
        fake = G(torch.randn(len(real), 3))
        return softplus(-D(fake)).mean(), softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()

    return of


def adams(G, D):
    return [torch.optim.Adam(each.parameters(), 1e-3) for each in (G, D)]


class Wrapped:
    """An optimiser as Lightning and Accelerate wrap it: with the real one inside."""

    def __init__(self, optimiser):
        self.optimizer = optimiser

    def zero_grad(self):
        self.optimizer.zero_grad()

    def step(self):
        return self.optimizer.step()


def test_wrapped_optimisers_are_watched_by_what_they_wrap():
    G, D = pair()
    wrapped = [Wrapped(each) for each in adams(G, D)]
    with st.watch(*wrapped, every=2) as watch:
        stepped(G, D, wrapped, 4)
    assert watch.step == 4
    assert watch.rows.rows[-1]["generator_norm"] > 0


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # of PyTorch's own, where it compiles
def test_modules_that_are_compiled_are_measured_as_they_are():
    torch.compiler.reset()
    G, D = (torch.compile(each, backend="aot_eager") for each in pair(norm=True))
    optimisers = adams(G, D)
    real = torch.randn(16, 2)
    with st.watch(*optimisers, every=2) as watch:
        watch.curvature(losses(G, D), every=2, batch=real)
        stepped(G, D, optimisers, 4)
    assert not watch.failed
    found = watch.curvatures[4]
    plain = [each._orig_mod for each in (G, D)]
    random = torch.get_rng_state()
    again = st.watch(*optimisers).curvature(losses(*plain), batch=real)
    assert torch.equal(torch.get_rng_state(), random)
    assert again.norms == pytest.approx(st.watch(*optimisers).curvature(losses(G, D), batch=real).norms, rel=1e-3)
    assert found.measurable


def test_mixed_precision_with_a_scaler_is_unscaled():
    G, D = pair()
    optimisers = adams(G, D)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    real = torch.randn(16, 2)
    with st.watch(*optimisers, every=1) as watch:
        for optimiser, player in ((optimisers[1], 1), (optimisers[0], 0)):
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = losses(G, D)(real)[player]
            scaler.scale(loss).backward()
            scaler.step(optimiser)
            if player:
                gradient = torch.cat([each.grad.ravel().clone() for each in D.parameters()])
        scaler.update()
    assert watch.rows.rows[-1]["discriminator_norm"] == pytest.approx(float(gradient.norm()), rel=1e-3)
    assert watch.rows.rows[-1]["discriminator_norm"] < 10


def test_in_bfloat16_curvature_says_how_far_it_is_to_be_trusted():
    G, D = (each.bfloat16() for each in pair())
    optimisers = adams(G, D)

    def of(real):
        fake = G(torch.randn(16, 3, dtype=torch.bfloat16))
        return softplus(-D(fake)).mean(), softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()

    watch = st.watch(*optimisers)
    found = watch.curvature(of, batch=torch.randn(16, 2, dtype=torch.bfloat16))
    watch.close()
    assert found.error > 1e-3
    assert ("not measurable" in str(found)) == (not found.error < 0.3)


def test_activation_checkpoints_change_nothing():
    G, D = pair(norm=True)
    plain = losses(G, D)

    def through(real):
        noise = torch.randn(len(real), 3, requires_grad=True)
        fake = checkpoint(G, noise, use_reentrant=False)
        scored = lambda x: checkpoint(D, x.requires_grad_(), use_reentrant=False)  # noqa: E731
        return softplus(-D(fake)).mean(), softplus(-scored(real)).mean() + softplus(scored(fake.detach())).mean()

    watch = st.watch(*adams(G, D))
    real = torch.randn(16, 2)
    one, other = (watch.curvature(of, batch=real) for of in (plain, through))
    watch.close()
    assert one.norms == pytest.approx(other.norms, rel=1e-4)
    assert one.rotation == pytest.approx(other.rotation, rel=0.05)


@pytest.mark.parametrize("name", ["attention", "hinge_spectral"])
def test_loops_of_the_field_are_measurable(name):
    given = RIGHT[name]()
    watch = st.watch(given.generator, given.discriminator)
    assert watch.curvature(given.losses, batch=given.batch).measurable
    watch.close()


RANKS = """
import os, sys, torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP
import saddlery.torch as st

rank, out = int(sys.argv[1]), sys.argv[2]
os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": sys.argv[3]}
dist.init_process_group("gloo", rank=rank, world_size=2)
torch.manual_seed(0)
G = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
D = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
G, D = DDP(G), DDP(D)
opts = [torch.optim.Adam(each.parameters(), 1e-3) for each in (G, D)]
softplus = torch.nn.functional.softplus

def losses(real):
    fake = G(torch.randn(len(real), 3))
    return softplus(-D(fake)).mean(), softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()

torch.manual_seed(100 + rank)
watch = st.watch(*opts, out, every=2) if sys.argv[4] == "watched" else None
if watch:
    watch.curvature(losses, every=4, batch=torch.randn(16, 2, generator=torch.Generator().manual_seed(rank)))
for _ in range(8):
    real = torch.randn(16, 2)
    for player in (1, 0):
        opts[player].zero_grad()
        losses(real)[player].backward()
        opts[player].step()
if watch:
    watch.close()
    assert not watch.failed, watch.failed
    print("norms", *watch.curvatures[8].norms)
print("sum", repr(float(sum(each.double().sum() for each in G.parameters()))))
dist.barrier()
dist.destroy_process_group()
sys.stdout.flush()
os._exit(0)  # PyTorch's threads of gloo may abort a process that ends in the usual way
"""


@pytest.fixture
def free_port():
    """A function that finds a port that nobody uses."""

    def find():
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            return held.getsockname()[1]

    return find


def ranks(out, port, how, code=RANKS):
    """Two processes that train together; what each printed."""
    code = textwrap.dedent(code)
    going = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(rank), str(out), str(port), how],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        said = [each.communicate(timeout=120) for each in going]
    finally:
        for each in going:
            each.kill()
    assert [each.returncode for each in going] == [0, 0], said
    return [dict(line.split(maxsplit=1) for line in out.splitlines()) for out, _ in said]


def test_two_processes_with_batch_norm_measure_together_and_train_as_without(tmp_path, free_port):
    watched = ranks(tmp_path / "a", free_port(), "watched")
    plain = ranks(tmp_path / "b", free_port(), "plain")
    assert watched[0]["norms"] == watched[1]["norms"]  # of the field averaged over both
    assert [each["sum"] for each in watched] == [each["sum"] for each in plain]
    assert (tmp_path / "a" / "report.json").is_file()
    assert not (tmp_path / "b").exists()


DIVIDED = """
import os, sys, torch
import torch.distributed as dist
import saddlery.torch as st

rank, port, how = int(sys.argv[1]), sys.argv[3], sys.argv[4]
os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
dist.init_process_group("gloo", rank=rank, world_size=2)
torch.manual_seed(0)
net = lambda a, b: torch.nn.Sequential(torch.nn.Linear(a, 30), torch.nn.Tanh(), torch.nn.Linear(30, b))
G, D = net(3, 2), net(2, 1)
if how == "fsdp2":
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.device_mesh import init_device_mesh
    mesh = init_device_mesh("cpu", (2,))
    for net in (G, D):
        fully_shard(net[0], mesh=mesh)
        fully_shard(net, mesh=mesh)
if how in ("fsdp1", "flat"):
    from torch.distributed.fsdp import FullyShardedDataParallel as FSDP
    G, D = (FSDP(net, device_id=torch.device("cpu"), use_orig_params=how == "fsdp1") for net in (G, D))
opts = [torch.optim.Adam(each.parameters(), 1e-3) for each in (G, D)]
softplus = torch.nn.functional.softplus

def losses(batch):
    real, noise = batch
    fake = G(noise)
    return softplus(-D(fake)).mean(), softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()

watch = st.watch(*opts, every=2)
watch.curvature(losses, every=2)
random = torch.Generator().manual_seed(7)
for _ in range(6):
    both = [torch.randn(16, n, generator=random) for n in (2, 3)]
    batch = both if how == "whole" else [each[8 * rank : 8 * rank + 8] for each in both]
    for player in (1, 0):
        opts[player].zero_grad()
        losses(batch)[player].backward()
        opts[player].step()
watch.close()
assert not watch.failed, watch.failed
for name in ("generator_norm", "discriminator_norm", "generator_update", "discriminator_size"):
    print(name, *(f"{row[name]:.5g}" for row in watch.rows.rows))
print("spread", float((watch._values()["sketch"] ** 2).sum() ** 0.5))
print("said", "FSDP" in str(watch))
dist.barrier()
dist.destroy_process_group()
sys.stdout.flush()
os._exit(0)  # PyTorch's threads of gloo may abort a process that ends in the usual way
"""


@pytest.mark.parametrize("how", ["fsdp1", "fsdp2", "flat"])
def test_norms_of_parameters_that_are_divided_over_processes_are_those_of_the_whole(tmp_path, free_port, how):
    whole = ranks(tmp_path, free_port(), "whole", DIVIDED)[0]
    for found in ranks(tmp_path, free_port(), how, DIVIDED):
        for name, expected in whole.items():
            if name.startswith(("generator", "discriminator")):
                got = [float(each) for each in found[name].split()]
                assert got == pytest.approx([float(each) for each in expected.split()], rel=1e-3), name
        assert float(found["spread"]) == pytest.approx(float(whole["spread"]), rel=0.4)  # each is random
        assert found["said"] == "True"
    assert whole["said"] == "False"
