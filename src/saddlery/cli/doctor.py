"""`saddlery doctor`: a check of this machine, its devices and its folders, and what to do about what is wrong."""

import os
import platform
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import typer

from saddlery._system import memory
from saddlery._system.cores import usable_cores
from saddlery.cli import cache
from saddlery.text.arguments import plain

PACKAGES = (
    "jax", "jaxlib", "equinox", "optax", "lineax", "orbax-checkpoint", "xarray", "zarr", "scikit-learn", "numpy",
    "scipy",
)  # fmt: skip


class Finding(NamedTuple):
    """A finding of the check: its name, what was found, and what to do when that is wrong."""

    name: str
    found: str
    advice: str = ""


def doctor() -> None:
    """Check this machine, and say what is wrong.

    Versions, devices, memory, the compilation cache, data folders, and a small computation. Exit code 1 when
    something is wrong.
    """
    wrong = 0
    for finding in _examine():
        mark = typer.style("wrong", fg="red", bold=True) if finding.advice else typer.style("ok   ", fg="green")
        typer.echo(f"{mark}  {finding.name:<22} {plain(finding.found)}")
        if finding.advice:
            wrong += 1
            typer.echo(f"       {'':<22} → {finding.advice}")
    if wrong:
        raise typer.Exit(1)


def _examine() -> Iterator[Finding]:
    from saddlery import __version__

    yield Finding("saddlery", __version__)
    yield Finding("Python", f"{platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        yield _version(name)
    yield _processors()
    yield _memory()
    yield from _jax()
    yield _cache()
    yield _data()


def _version(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "not installed", "install Saddlery again: pip install --force-reinstall saddlery")


def _processors() -> Finding:
    return Finding("processor cores", f"{usable_cores()}")


def _memory() -> Finding:
    return Finding("memory", f"{memory.total() / 2**30:.1f} GiB, {memory.available() / 2**30:.1f} GiB free")


def _jax() -> Iterator[Finding]:
    """The devices, and a small computation on the first: its answer is known, its time is shown."""
    try:
        import jax
        import jax.numpy as jnp

        yield Finding("devices", ", ".join(f"{device.platform} ({device.device_kind})" for device in jax.devices()))
        n = 256
        product = jax.jit(lambda a: (a @ a.T).sum())
        began = time.perf_counter()
        first = float(product(jnp.ones((n, n))))
        compiled = time.perf_counter() - began
        began = time.perf_counter()
        float(product(jnp.ones((n, n))))
        again = time.perf_counter() - began
    except Exception as error:  # whatever it is, it is what the user came to see
        advice = "reinstall jax, or set JAX_PLATFORMS=cpu to leave the accelerator alone"
        yield Finding("computing", f"{type(error).__name__}: {' '.join(str(error).split())}", advice)
        return
    if first == n**3:
        yield Finding("computing", f"a {n}×{n} product: {1e3 * compiled:.0f} ms with compilation, {1e3 * again:.1f} ms")
    else:
        yield Finding(
            "computing", f"a {n}×{n} product gave {first}, not {n**3}", "this device computes wrongly: use another"
        )
    yield _allocator()


def _allocator() -> Finding:
    from saddlery._system.allocator import keep_memory

    if os.environ.get("SADDLERY_MALLOC") == "0":
        return Finding("allocator", "left alone, as SADDLERY_MALLOC=0 asks; training on a CPU may take twice as long")
    kept = keep_memory()
    return Finding("allocator", "keeps freed memory (SADDLERY_MALLOC=0 prevents it)" if kept else "the system's own")


def _cache() -> Finding:
    """The compilation cache: where it is, how large, and whether programs can be kept in it."""
    name = "compilation cache"
    if chosen := os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return Finding(name, f"{chosen}, set by JAX_COMPILATION_CACHE_DIR")
    folder = cache.folder()
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Finding(
            name, f"{folder} cannot be written", "set SADDLERY_CACHE to a folder of yours: runs start faster"
        )
    sizes = [path.stat().st_size for path in folder.glob("*") if path.is_file()]
    return Finding(name, f"{folder}: {len(sizes)} files, {sum(sizes) / 2**20:.1f} MiB (SADDLERY_CACHE moves it)")


def _data() -> Finding:
    """The folder for data sets that are downloaded or the user's own."""
    chosen = os.environ.get("SADDLERY_DATA")
    if not chosen:
        return Finding("data folder", "SADDLERY_DATA is not set; digits need none")
    if not Path(chosen).expanduser().is_dir():
        return Finding("data folder", f"{chosen}, which is no folder", "set SADDLERY_DATA to a folder that is there")
    return Finding("data folder", f"{chosen} (SADDLERY_DATA)")
