"""Adapters: networks out of plain functions, Equinox modules or Flax NNX modules."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from saddlery.errors import InvalidType
from saddlery.networks.network import Network
from saddlery.text.arguments import quoted
from saddlery.types import Key, Parameters

if TYPE_CHECKING:
    from flax import nnx


class Functions(Network):
    """A network out of two plain functions: see `from_functions`."""

    initialise: Callable[[Any], Any] = eqx.field(static=True)
    compute: Callable[[Any, Any], Any] = eqx.field(static=True)

    def init(self, key: Key) -> Parameters:
        """New parameters of the network."""
        return self.initialise(key)

    def apply(self, parameters: Parameters, x: Array) -> Array:
        """The network's values on a batch."""
        return self.compute(parameters, x)


class Equinox(Network):
    """A network out of an Equinox module: see `from_equinox`."""

    make: Callable[[Any], eqx.Module] = eqx.field(static=True)
    constants: Any  # the module's integer, boolean and key arrays
    rest: Any = eqx.field(static=True)  # and all of it that is no array
    structure: Any = eqx.field(static=True, repr=False)  # the parameters' tree, so that every `init` returns the same
    batched: bool = eqx.field(static=True)

    def init(self, key: Key) -> Parameters:
        """The floating-point arrays of a new module, in its own structure."""
        arrays = jax.tree.leaves(eqx.filter(self.make(key), eqx.is_inexact_array))
        return jax.tree.unflatten(self.structure, map(jnp.asarray, arrays))

    def module(self, parameters: Parameters) -> eqx.Module:
        """The Equinox module with these parameters, such as `run.players.generator`."""
        return eqx.combine(parameters, self.constants, self.rest)

    def apply(self, parameters: Parameters, x: Array) -> Array:
        """The module's values on a batch."""
        module: Any = self.module(parameters)
        return module(x) if self.batched else jax.vmap(module)(x)


class Flax(Network):
    """A network out of a Flax NNX module: see `from_nnx`."""

    make: Callable[[Any], Any] = eqx.field(static=True)
    constants: Any  # the arrays that the module holds outside of variables
    graph: Any = eqx.field(static=True, repr=False)

    def init(self, key: Key) -> Parameters:
        """The `Param`s of a new module as nested dictionaries of arrays."""
        from flax import nnx

        return nnx.to_pure_dict(nnx.split(self.make(nnx.Rngs(key)), nnx.Param, ...)[1])

    def module(self, parameters: Parameters) -> "nnx.Module":
        """The NNX module with these parameters, such as `run.players.generator`."""
        from flax import nnx

        return nnx.merge(self.graph, nnx.State(parameters), self.constants)

    def apply(self, parameters: Parameters, x: Array) -> Array:
        """The module's values on a batch."""
        return self.module(parameters)(x)


def from_functions(
    init: Callable[[Key], Parameters], apply: Callable[[Parameters, Array], Array], *, independent: bool = True
) -> Functions:
    """A network out of two plain functions.

        >>> line = from_functions(lambda key: {"slope": jnp.array(2.0)}, lambda parameters, x: parameters["slope"] * x)
        >>> line.apply(line.init(jax.random.key(0)), jnp.array([[3.0]])).tolist()
        [[6.0]]

    **Arguments:**
    - `init`: from a `jax.random.key` to parameters, a pytree of inexact arrays.
    - `apply`: from parameters and a batch `(batch, …)` to values `(batch, …)`.
    - `independent`: whether samples of a batch do not see each other; see `Network`.
    """
    for argument, function in (("init", init), ("apply", apply)):
        if not callable(function):
            raise InvalidType(f"{argument}: got {quoted(function)}, expected a function")
    return Functions(init, apply, independent=independent)


def from_equinox(make: Callable[[Key], eqx.Module], *, batched: bool = False, independent: bool = True) -> Equinox:
    """A network out of an Equinox module.

    Its parameters are the module's floating-point and complex arrays. Its other arrays (indices, masks, keys) are
    constants of the game, taken once from `make(jax.random.key(0))`, and so is all that is no array.
    `module(parameters)` gives the Equinox module back.

    ```python
    from_equinox(lambda key: eqx.nn.MLP(2, 1, width_size=128, depth=2, key=key))
    ```

        >>> network = from_equinox(lambda key: eqx.nn.Linear(2, 1, key=key))
        >>> jax.tree.map(jnp.shape, network.init(jax.random.key(0))).weight
        (1, 2)

    **Arguments:**
    - `make`: from a `jax.random.key` to the module.
    - `batched`: whether the module takes a whole batch `(batch, …)`; otherwise it takes one sample, as Equinox's
      layers do, and is mapped over the batch.
    - `independent`: whether samples of a batch do not see each other; see `Network`.

    Two networks are equal, and share compiled programs, when `make` is the same function and their static parts are
    equal.

    **Raises:** `TypeError` when `make` makes something else, or a module with state (`eqx.nn.StateIndex`), as batch
    and spectral normalisation have.
    """
    module = _made(make, jax.random.key(0), eqx.Module, "an equinox.Module", "key")

    def stateful(node):
        return isinstance(node, eqx.nn.StateIndex)

    for path, leaf in jax.tree_util.tree_leaves_with_path(module, is_leaf=stateful):
        if stateful(leaf):
            raise InvalidType(
                f"make: the {type(module).__name__} holds an equinox.nn.StateIndex at {jax.tree_util.keystr(path)}; "
                "Saddlery's networks are pure functions of parameters and batch, without state: use layers that "
                "keep none, such as equinox.nn.LayerNorm or GroupNorm, or normalise by the batch's own statistics "
                "in a module of your own, with batched=True and independent=False"
            )
    parameters, others = eqx.partition(module, eqx.is_inexact_array)
    constants, rest = eqx.partition(others, eqx.is_array)
    return Equinox(make, constants, rest, jax.tree.structure(parameters), batched, independent=independent)


def from_nnx(make: Callable[["nnx.Rngs"], "nnx.Module"], *, independent: bool = True) -> Flax:
    """A network out of a Flax NNX module.

    Its parameters are the module's `nnx.Param`s, as nested dictionaries of arrays. Arrays that the module holds
    outside of variables are constants of the game, taken once from `make(nnx.Rngs(0))`. `module(parameters)` gives
    the NNX module back.

    ```python
    from_nnx(lambda rngs: nnx.Sequential(nnx.Linear(2, 128, rngs=rngs), nnx.relu, nnx.Linear(128, 1, rngs=rngs)))
    ```

        >>> from flax import nnx
        >>> network = from_nnx(lambda rngs: nnx.Linear(2, 1, rngs=rngs))
        >>> jax.tree.map(jnp.shape, network.init(jax.random.key(0)))
        {'bias': (1,), 'kernel': (2, 1)}

    **Arguments:**
    - `make`: from an `nnx.Rngs` to the module, which takes a whole batch.
    - `independent`: whether samples of a batch do not see each other; see `Network`.

    Two networks are equal, and share compiled programs, when `make` is the same function and its modules' graphs
    are equal.

    **Raises:** `TypeError` when `make` makes something else, or a module with variables other than `nnx.Param`, such
    as the running statistics of `nnx.BatchNorm` or the random state of `nnx.Dropout`.
    """
    from flax import nnx

    module = _made(make, nnx.Rngs(jax.random.key(0)), nnx.Module, "a flax.nnx.Module", "rngs")
    graph, _, others = nnx.split(module, nnx.Param, ...)
    for path, value in nnx.to_flat_state(others):
        if isinstance(value, nnx.Variable):
            raise InvalidType(
                f"make: the {type(module).__name__} holds an nnx.{type(value).__name__} at "
                f"{'.'.join(map(str, path))}; Saddlery's networks are pure functions of parameters and batch, so "
                "nnx.Param is the only variable they may have: leave out dropout, and in the place of nnx.BatchNorm "
                "use nnx.LayerNorm or nnx.GroupNorm, or normalise by the batch's own statistics with "
                "independent=False"
            )
    return Flax(make, others, graph, independent=independent)


def as_network(thing: Any, argument: str = "network") -> Network:
    """Check that an object is a network, anything with `init`, `apply` and `independent`, and return it.

        >>> from saddlery.networks import MLP
        >>> as_network(MLP(2, 1)).outputs
        1

    **Raises:** `TypeError` naming `argument` and the adapters.
    """
    complete = callable(getattr(thing, "init", None)) and callable(getattr(thing, "apply", None))
    if isinstance(thing, type) or not complete or not hasattr(thing, "independent"):
        raise InvalidType(
            f"{argument}: got {_called(thing)}, expected a network: one of saddlery.networks, or your own through "
            "from_equinox(lambda key: …), from_nnx(lambda rngs: …) or from_functions(init, apply)"
        )
    return thing


def _made(make: Any, argument: Any, kind: type, wanted: str, called: str) -> Any:
    """What `make(argument)` makes, when it is of the kind wanted."""
    if isinstance(make, kind) or not callable(make):
        raise InvalidType(f"make: got {_called(make)}, expected a function from `{called}` to {wanted}")
    module = make(argument)
    if not isinstance(module, kind):
        raise InvalidType(f"make: it returned {_called(module)}, expected {wanted}")
    return module


def _called(thing: Any) -> str:
    return f"the class {thing.__name__}" if isinstance(thing, type) else f"an object of type {type(thing).__name__}"
