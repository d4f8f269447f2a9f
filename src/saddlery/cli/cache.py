"""JAX's persistent compilation cache: a program compiled once is read back by every later command."""

import os

from saddlery.records.storage import cache_folder as folder


def enable() -> None:
    """Enable JAX's compilation cache for every program, however small. Without a writable folder nothing is kept.

    A cache that the user has set by JAX's own `JAX_COMPILATION_CACHE_DIR` is left as it is.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError:  # `saddlery doctor` says so; a run does without
        return
    import jax

    jax.config.update("jax_compilation_cache_dir", str(folder()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
