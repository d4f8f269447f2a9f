"""A random sketch of all parameters in few numbers, whose distances are those of the players."""

from collections.abc import Sequence

import numpy as np
import torch

from saddlery.torch.division import Division

AXES = 256  # numbers of a sketch, the first half the generator's


@torch.no_grad()
def sketch(
    generator: Sequence[torch.Tensor], discriminator: Sequence[torch.Tensor], divisions: Sequence[Division] = ()
) -> np.ndarray:
    """A sketch of both players' parameters, `(256,)`: differences of two have about the length of the displacement.

    Each parameter is added, with a random sign, to one of 128 sums of its player (Charikar, Chen, Farach-Colton, 2002):
    the i-th to the sum i mod 128, its sign that of i's row of 128. Up to 256 parameters are kept themselves.

        >>> sketch([torch.tensor([3.0])], [torch.tensor([4.0, 5.0])]).tolist()
        [3.0, 4.0, 5.0]

    **Arguments:** `divisions`: of each player over processes, of which each has signs of its own for its part, and all
    are added.
    """
    players = (generator, discriminator)
    if any(each.divided for each in divisions):
        pairs = zip(players, divisions, strict=True)
        return np.concatenate([_divided(player, over, seed) for seed, (player, over) in enumerate(pairs)])
    if sum(each.numel() for player in players for each in player) <= AXES:
        return np.concatenate([each.detach().cpu().numpy().ravel() for player in players for each in player])
    return np.concatenate([_of(player, seed) for seed, player in enumerate(players)])


def _divided(player: Sequence[torch.Tensor], over: Division, seed: int) -> np.ndarray:
    parts = [over.part(each.detach()) * over.weight(each) ** 0.5 for each in player]
    return over.added(torch.as_tensor(_of(parts, seed + 2 * over.place)).to(parts[0].device)).cpu().numpy()


def _of(parameters: Sequence[torch.Tensor], seed: int) -> np.ndarray:
    width = AXES // 2
    random = torch.Generator().manual_seed(seed)
    found = torch.zeros(width, dtype=torch.float64)
    for each in parameters:
        flat = each.detach().reshape(-1).float()
        rows, rest = divmod(flat.numel(), width)
        sign = (torch.randint(0, 2, (rows + (rest > 0),), generator=random) * 2 - 1).to(flat)
        turn = int(torch.randint(0, width, (1,), generator=random))  # so that no sum has all first numbers
        sums = sign[:rows] @ flat[: rows * width].view(rows, width)
        sums[:rest] += sign[rows:] * flat[rows * width :]
        found += sums.roll(turn).double().cpu()
    return found.numpy()
