"""Parameters that are divided over processes; that sums over them are those of the whole is in `checks`."""

import pytest
import torch

import saddlery.torch as st
from saddlery.torch.division import Division


class Placement:
    def __init__(self, shard):
        self.shard = shard

    def is_shard(self):
        return self.shard


class Mesh:
    shape = (2, 4)


class Divided(torch.nn.Parameter):
    """A parameter with the face of a `DTensor`, of which two groups of four processes have the same parts."""

    placements = (Placement(False), Placement(True))
    device_mesh = Mesh

    def to_local(self):
        return self.data[:1]


def test_what_two_groups_hold_counts_half_in_each():
    division = Division([Divided(torch.ones(3))], [])
    assert division.divided
    assert division.weight(Divided(torch.ones(3))) == 0.5
    assert division.part(Divided(torch.ones(3))).shape == (1,)


def test_what_is_not_divided_is_left_alone():
    weight = torch.nn.Parameter(torch.ones(3))
    division = Division([weight], [])
    assert (division.divided, division.weight(weight), division.place) == (False, 1.0, 0)
    assert division.added(weight) is weight
    assert division.part(weight) is weight


def test_curvature_and_the_rest_are_refused_of_divided_parameters(monkeypatch):
    weights = [torch.nn.Parameter(torch.ones(3)) for _ in range(2)]
    opts = [torch.optim.SGD([each], 0.1) for each in weights]
    watch = st.watch(*opts)
    watch._norms[0].division.divided = True
    losses = lambda _: (weights[0].sum(), weights[1].sum())  # noqa: E731
    refused = (
        lambda: watch.curvature(losses, batch=1),
        lambda: watch.spectrum(losses, batch=1),
        lambda: watch.shares(lambda _: {}, [], batch=1),
        lambda: watch.compare({}, print, [1]),
    )
    for each in refused:
        with pytest.raises(ValueError, match="divided over processes"):
            each()
    with pytest.warns(UserWarning, match="curvature is not measured: parameters are divided over processes"):
        watch.curvature(losses, every=2)
