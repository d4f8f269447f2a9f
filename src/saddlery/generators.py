"""Export and loading of trained generators, as safetensors files that need nothing else of the training.

A file is in the format of safetensors, which other libraries read. It holds the generator's parameters, the statistics
that batch normalisation needs where samples are drawn one by one, and as text how to compute with them: the call that
makes the network, the noise, the samples' shape, and a digest of all that.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import safetensors
from safetensors.numpy import save

import saddlery
from saddlery._system import memory
from saddlery._system.files import parse_json, read_limited
from saddlery.errors import Damaged, InvalidValue
from saddlery.game import Game, afford, unwrapped
from saddlery.games.gan import as_gan
from saddlery.networks import as_network
from saddlery.networks.batch_norm import Moments, population
from saddlery.networks.network import Network
from saddlery.networks.writing import FAMILY, read, written
from saddlery.records import storage
from saddlery.text.arguments import first_line, plain, quoted, whole
from saddlery.text.call import Call, parse
from saddlery.types import Key, Parameters

FORMAT = "1"
METADATA = ("format", "network", "sample_shape", "latent", "dtype", "saddlery", "sha256")
OWN = "own"  # in the place of a network's call: a network that is not one of Saddlery's
TYPES: dict[str, Any] = {
    "BF16": jnp.bfloat16,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
    "C64": np.complex64,
}
DRAWS, BATCH = 4096, 256  # noise vectors from which the statistics of batch normalisation are taken; so many at once


class LoadedGenerator:
    """A trained generator loaded from a file: `generator(key, n)` draws n samples.

    **Attributes:**
    - `network`: the network that is computed, with `apply(parameters, noise)`.
    - `parameters`: its parameters, in the structure that `network.init` returns.
    - `statistics`: mean and variance by which each normalised map is normalised; empty without batch normalisation.
    - `sample_shape`: of one sample.
    - `metadata`: what the file says of itself.
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        statistics: tuple[Moments, ...],
        sample_shape: tuple[int, ...],
        metadata: Mapping[str, str],
    ):
        self.network: Network = network
        self.parameters: Parameters = parameters
        self.statistics: tuple[Moments, ...] = statistics
        self.sample_shape: tuple[int, ...] = sample_shape
        self.metadata: dict[str, str] = dict(metadata)
        self.noise: int
        self.precision: str
        self.noise, self.precision = _latent(metadata["latent"])

    def __call__(self, key: Key, n: int) -> jax.Array:
        """`n` samples `(n, *sample_shape)` from a `jax.random.key`, in the scale of the game's `sample`.

        They are those of `game.sample(parameters, key, n)`. Under batch normalisation, maps are normalised by the
        statistics of the file and not by the batch's, so that a sample does not depend on those drawn beside it.

        **Raises:** `ValueError` when `n` is no number of samples for which there is memory.
        """
        n = whole("n", n)
        shapes = (n, self.noise), (n, *self.sample_shape)
        arrays = [jax.ShapeDtypeStruct(shape, jnp.dtype(self.precision)) for shape in shapes]
        afford(f"n: {n:,} samples and their noise", arrays)
        noise = jax.random.normal(key, shapes[0], self.precision)
        return _evaluated(self.network, self.parameters, noise, self.statistics)[0]

    def __repr__(self) -> str:
        count = sum(leaf.size for leaf in jax.tree.leaves(self.parameters))
        shape = "×".join(map(str, self.sample_shape))
        return f"<generator of samples {shape} from {self.noise} normal numbers: {self._named()}, {count:,} parameters>"

    def _named(self) -> str:
        text = self.metadata["network"]
        return type(self.network).__name__ if parse(text).name == OWN else text


def export_generator(path: str | Path, game: Game, generator: Parameters, *, force: bool = False) -> None:
    """Export a trained generator into a safetensors file of its own, whole or not at all.

    Where the network uses batch normalisation, its statistics over 4,096 draws of the noise are written as well, each
    map's with the maps before it normalised by theirs.

        >>> import tempfile
        >>> import saddlery as sd
        >>> game = sd.games.ring(width=4)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export_generator(f"{folder}/g.safetensors", game, game.init(jax.random.key(0)).generator)
        ...     sorted(safetensors.numpy.load_file(f"{folder}/g.safetensors"))[:2]
        ['parameters.0.bias', 'parameters.0.weight']

    **Arguments:**
    - `path`: of the file, usually `….safetensors`. What is there already is refused, unless it is a file that Saddlery
      wrote into a folder of its own.
    - `game`: the GAN that was trained.
    - `generator`: the generator's parameters, such as `run.players.generator`, or the averaged ones, `run.average`.
    - `force`: replace a generator that was exported to this path before, and not changed since.

    **Raises:** `ValueError` when the game is no GAN, and when the parameters are not those of its generator, naming the
    first array that differs; `FileExistsError` for a file that is not to be replaced; other `OSError`s.
    """
    path = storage.expanded("path", str(path), "the name of a file")
    replaceable = _is_generator if force else storage.is_own
    storage.require_replaceable(path, replaceable)
    gan = as_gan(game)
    if gan is None:
        raise InvalidValue(f"game: got a {type(unwrapped(game)).__name__}, expected a GAN: other games have no samples")
    network, given = gan.generator, _named("parameters", generator)
    _require_same("generator: it", given, _named("parameters", jax.eval_shape(network.init, jax.random.key(0))))
    noise = jax.random.normal(jax.random.key(0), (DRAWS // BATCH, BATCH, gan.noise))
    samples, maps = _outputs(network, generator, gan.noise, noise.dtype)
    statistics = population(lambda x, known: _moments(network, generator, x, known), list(noise), len(maps))
    arrays = {name: np.asarray(leaf, order="C") for name, leaf in (given | _named("statistics", statistics)).items()}
    metadata = {
        "format": FORMAT,
        "network": written(network) or str(Call(OWN, {"kind": type(network).__name__})),
        "sample_shape": json.dumps(samples.shape[1:]),
        "latent": str(Call("normal", {"dimension": gan.noise, "dtype": str(noise.dtype)})),
        "dtype": ", ".join(sorted({str(leaf.dtype) for leaf in given.values()})),
        "saddlery": saddlery.__version__,
    }
    content = save(arrays, metadata | {"sha256": _digest(arrays, metadata)})
    path.parent.mkdir(parents=True, exist_ok=True)
    storage.write(path, content, replaceable)


def load_generator(path: str | Path, network: Network | None = None) -> LoadedGenerator:
    """Load a trained generator from a safetensors file that `export_generator` wrote.

        >>> import tempfile
        >>> import saddlery as sd
        >>> game, key = sd.games.ring(width=4), jax.random.key(0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export_generator(f"{folder}/g.safetensors", game, parameters := game.init(key).generator)
        ...     generator = load_generator(f"{folder}/g.safetensors")
        >>> bool(jnp.allclose(generator(key, 3), game.sample(parameters, key, 3), atol=1e-6))
        True

    **Arguments:**
    - `path`: of the file.
    - `network`: the network to compute with. One of Saddlery's is made from the file, and one of a family in a plugin
      that is loaded; any other of your own, which a file cannot hold, is given here as the game had it.

    **Raises:** `Damaged`, a `ValueError`, when the file is not what was written; `ValueError` when it is somebody
    else's, of another format, in float64 while JAX computes in float32, too large for the memory, when the network is
    needed and not given, and when the arrays are not the network's, naming the first that differs; `OSError`s.
    """
    path = storage.expanded("path", str(path), "the name of a file")
    shown, (arrays, metadata) = plain(path), _read(path)
    network = _made(shown, metadata["network"]) if network is None else as_network(network)
    noise, precision = _latent(metadata["latent"])
    double = {"float64", "complex128"} & {precision, *(str(array.dtype) for array in arrays.values())}
    if double and not jax.config.read("jax_enable_x64"):
        raise InvalidValue(f"{shown} holds a generator in float64, and JAX is set to float32; set jax_enable_x64")
    parameters = jax.eval_shape(network.init, jax.random.key(0))
    samples, statistics = _outputs(network, parameters, noise, precision)
    expected = _named("parameters", parameters) | _named("statistics", statistics)
    _require_same(shown, arrays, expected)
    shape = tuple(json.loads(metadata["sample_shape"]))
    if samples.shape[1:] != shape:
        raise InvalidValue(f"{shown} is of samples {shape}, and the network makes such of {samples.shape[1:]}")

    def filled(prefix, tree):
        return jax.tree_util.tree_map_with_path(lambda at, _: jnp.asarray(arrays[_name(prefix, at)]), tree)

    return LoadedGenerator(network, filled("parameters", parameters), filled("statistics", statistics), shape, metadata)


def _evaluate(network: Any, parameters: Any, noise: Any, statistics: tuple[Moments, ...]) -> Any:
    """What `Network.evaluate` returns, also of a foreign network without that method."""
    if hasattr(network, "evaluate"):
        return network.evaluate(parameters, noise, statistics)
    return network.apply(parameters, noise), ()


_evaluated = eqx.filter_jit(_evaluate)


@eqx.filter_jit
def _moments(network: Any, parameters: Any, noise: Any, known: tuple[Moments, ...]) -> Moments:
    """The statistics that a batch has of the first map of which they are not known."""
    return _evaluate(network, parameters, noise, known)[1][len(known)]


def _outputs(network: Any, parameters: Any, noise: int, precision: Any) -> Any:
    """The shapes of a sample and of the statistics."""
    x = jax.ShapeDtypeStruct((1, noise), jnp.dtype(precision))
    return jax.eval_shape(lambda parameters, x: _evaluate(network, parameters, x, ()), parameters, x)


def _name(prefix: str, at: Any) -> str:
    """The dotted name of a place in a pytree, such as `parameters.dense.0.weight`."""
    inside = jax.tree_util.keystr(at, simple=True, separator=".")
    return f"{prefix}.{inside}" if inside else prefix


def _named(prefix: str, tree: Any) -> dict[str, Any]:
    """The arrays of a pytree by their names.

    **Raises:** `ValueError` when two have the same name.
    """
    leaves = [(_name(prefix, at), leaf) for at, leaf in jax.tree_util.tree_leaves_with_path(tree)]
    named = dict(leaves)
    if len(named) < len(leaves):
        raise InvalidValue(f"{prefix}: two arrays have one name; keys of mappings are to be without dots")
    return named


def _require_same(what: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Refuse arrays whose names or shapes are not those of the network, naming the first that differs."""
    for name in (*expected, *sorted(found)):
        there, wanted = (plain(each[name].shape) if name in each else None for each in (found, expected))
        if there != wanted:
            said = "is missing" if there is None else f"has the shape {there}"
            asked = "has no such array" if wanted is None else f"expects {wanted}"
            raise InvalidValue(f"{what} does not fit: {plain(name, 200)} {said}, the network {asked}")


def _digest(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """The SHA-256 of some arrays by name, and of what is said of them."""
    found = hashlib.sha256(json.dumps(sorted(metadata.items())).encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(json.dumps([name, str(array.dtype), array.shape]).encode())
        found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata of a generator's file, as they were written."""
    shown, content = plain(path), read_limited(path, memory.total())
    memory.afford(shown, 2 * len(content))  # once more as arrays, and on the device
    try:
        tensors = safetensors.deserialize(content)
    except safetensors.SafetensorError as error:
        raise Damaged(f"{shown} is damaged, or no safetensors file: {first_line(error)}") from error
    size = int.from_bytes(content[:8], "little")
    metadata = parse_json(content[8 : 8 + size], path, "safetensors file").get("__metadata__") or {}
    if missing := [name for name in METADATA if name not in metadata]:
        raise InvalidValue(
            f"{shown} is no generator that Saddlery exported: its metadata lack {', '.join(missing)}; "
            "export_generator writes them"
        )
    if metadata["format"] != FORMAT:
        raise InvalidValue(
            f"{shown} is of format {plain(metadata['format'], 40)}, written by Saddlery "
            f"{plain(metadata['saddlery'], 40)}; this one, {saddlery.__version__}, reads format {FORMAT}"
        )
    if unknown := sorted({tensor["dtype"] for _, tensor in tensors} - TYPES.keys()):
        raise Damaged(f"{shown} is damaged: it holds arrays of type {plain(unknown[0], 40)}")
    arrays = {
        name: np.frombuffer(tensor["data"], TYPES[tensor["dtype"]]).reshape(tensor["shape"]) for name, tensor in tensors
    }
    if _digest(arrays, {name: said for name, said in metadata.items() if name != "sha256"}) != metadata["sha256"]:
        raise Damaged(f"{shown} is damaged: its arrays or metadata are not those that were written")
    return arrays, metadata


def _is_generator(path: Path) -> bool:
    """Whether a file is a generator that was exported, as it was written, or one of Saddlery's files otherwise."""
    if storage.is_own(path):
        return True
    try:
        return not path.is_symlink() and bool(_read(path))
    except (OSError, ValueError):
        return False


def _made(shown: str, text: str) -> Network:
    """The network that a file names."""
    call = parse(text)
    if call.name == OWN:
        raise InvalidValue(
            f"network: {shown} holds the parameters of a network that is not one of Saddlery's "
            f"({plain(call.arguments.get('kind', ''), 80)}); give it as the game had it: load_generator(path, network)"
        )
    try:
        return read(text)
    except (TypeError, ValueError) as error:
        own = "; load the plugin that it is of, or give the network" if call.name == FAMILY else ""
        raise InvalidValue(f"{shown} names a network that cannot be made here: {first_line(error)}{own}") from error


def _latent(text: str) -> tuple[int, str]:
    """Dimension and precision of the noise."""
    call = parse(text)
    if call.name != "normal":
        raise InvalidValue(f"latent: got {quoted(text)}, expected normal(dimension=…, dtype=…)")
    return whole("latent: dimension", call.arguments.get("dimension")), str(call.arguments.get("dtype"))
