"""The identity of a game: what it is, not where its classes were imported from; what differs is named."""

import json
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery.runs.identity import code, parts

pytestmark = pytest.mark.long

SCRIPT = '''
import equinox as eqx
import jax
import jax.numpy as jnp
import saddlery as sd

SCALE = 1.0


class Net(eqx.Module):
    layer: eqx.nn.Linear

    def __init__(self, key, out=2):
        self.layer = eqx.nn.Linear(2, out, key=key)

    def __call__(self, x):
        return SCALE * self.layer(x)


class Points:
    def __init__(self, std=1.0):
        self.std = std

    def draw(self, key, n):
        return self.std * jax.random.normal(key, (n, 2))


class Pulled(eqx.Module):
    slope: float = 0.5
    width: int = eqx.field(static=True, default=2)
    kind: str = eqx.field(static=True, default="one")
    matrix: jax.Array = eqx.field(default_factory=lambda: jnp.eye(2))

    def init(self, key):
        return sd.Pair(jnp.ones(self.width), jnp.ones(self.width))

    def draw(self, key):
        return ()

    def act(self, generator, batch):
        return generator

    def losses(self, discriminator, samples, batch):
        """What is pulled."""
        value = self.slope * samples.sum() * discriminator.sum()
        return sd.Pair(value, -value)


class Plain:  # no pytree
    def __init__(self, slope=0.5):
        self.slope = slope

    init = lambda self, key: sd.Pair(jnp.ones(1), jnp.ones(1))
    draw = lambda self, key: ()
    act = lambda self, generator, batch: generator

    def losses(self, discriminator, samples, batch):
        value = self.slope * samples.sum() * discriminator.sum()
        return sd.Pair(value, -value)


def gan(std=1.0):
    from_equinox = sd.networks.from_equinox
    discriminator = from_equinox(lambda key: Net(key, out=1))
    return sd.games.Gan(from_equinox(Net), discriminator, Points(std), loss=loss, noise=2, batch=4)


def loss(real, generated):
    return sd.Pair(-generated.mean(), generated.mean() - real.mean())


GAMES = {"gan": gan, "pulled": Pulled, "plain": Plain}


def main(name, steps=2, resume=False, **settings):
    method = sd.methods.simultaneous(learning_rate=0.1)
    return sd.train(GAMES[name](**settings), method, steps=steps, every=1, key=0, out=name, resume=resume)


if __name__ == "__main__":
    for name in GAMES:
        main(name)
'''

ELSEWHERE = """
import importlib, json, sys
import jax.numpy as jnp
import gan

def said(name, module=gan, **settings):
    try:
        return int(module.main(name, 4, True, **settings).history.step[-1])
    except ValueError as error:
        return str(error)

same = [said(name) for name in gan.GAMES]
other = {
    "number": said("pulled", slope=0.75), "static": said("pulled", kind="two"), "width": said("pulled", width=3),
    "array": said("pulled", matrix=2 * jnp.eye(2)), "plain": said("plain", slope=0.75), "data": said("gan", std=2.0),
}
source = open("gan.py").read()
open("losses.py", "w").write(source.replace("-generated.mean(), ", "-2 * generated.mean(), "))
open("constants.py", "w").write(source.replace("SCALE = 1.0", "SCALE = 2.0"))
open("comments.py", "w").write("# a remark\\n" + source.replace("What is pulled.", "What is pulled, and how."))
for name, games in {"losses": ["gan", "plain"], "constants": ["gan"], "comments": ["pulled"]}.items():
    module = importlib.import_module(name)
    other[name] = [said(game, module) for game in games]
print(json.dumps([same, other]))
"""


def test_a_script_s_runs_go_on_where_it_is_a_module_and_what_differs_is_named(tmp_path):
    (tmp_path / "gan.py").write_text(SCRIPT)
    subprocess.run([sys.executable, "gan.py"], cwd=tmp_path, check=True)
    found = subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=tmp_path, check=True, capture_output=True, text=True)
    same, other = json.loads(found.stdout)
    assert same == [4, 4, 4]
    assert "is of another run: game.slope there: 0.5, here: 0.75" in other["number"]
    assert "game.kind there: 'one', here: 'two'" in other["static"]
    assert "game.width there: 2, here: 3" in other["width"]
    assert (
        "on other data, or another game: game is not what it was; game.matrix there: float32[2, 2] " in other["array"]
    )
    assert "game.slope there: 0.5, here: 0.75" in other["plain"]
    assert "game.data.std there: 1.0, here: 2.0" in other["data"]
    assert "by other code: loss is not what it was" in other["losses"][0]
    assert other["losses"][1] == 4
    assert "by other code: Net.__call__ is not what it was" in other["constants"][0]
    assert other["comments"] == [4]


class Held(eqx.Module):
    numbers: jax.Array
    more: tuple = eqx.field(static=True)


def test_parts_are_said_by_where_they_are():
    found = parts(Held(jnp.zeros(2), (1, {"a": 0.5}, Held)), "game")
    assert found.pop("game.numbers").startswith("float32[2] ")
    assert found == {"game.more[0]": "1", "game.more[1]['a']": "0.5", "game.more[2]": "Held"}


def test_large_arrays_count_by_their_digest_alone():
    assert parts(Held(jnp.zeros((512, 1024)), ()), "game")["game.numbers"] == "float32[512, 1024]"


def test_an_object_that_holds_itself_is_looked_at_once():
    class Loop:
        pass

    loop = Loop()
    loop.self, loop.number = loop, 3
    assert parts(loop, "game") == {"game.number": "3"}


def constant(number):
    return lambda: number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda x: x + 1, lambda x: x + 2),
        (lambda x: x in {1, 2}, lambda x: x in {1, 3}),
        (lambda x, y=1: x, lambda x, y=2: x),
        (lambda x: [y + 1 for y in x], lambda x: [y + 2 for y in x]),
        (lambda x: np.sin(x), lambda x: np.cos(x)),
        (constant(1), constant(2)),
    ],
)
def test_code_differs_where_functions_do_another_thing(one, other):
    assert code({"loss": one}) != code({"loss": other})


def test_code_is_the_same_for_the_same_source_and_of_libraries_none():
    assert code({"loss": constant(1)}) == code({"loss": constant(1)})
    assert code(sd.games.ring(penalty="r1(weight=1.0)")) == {}
