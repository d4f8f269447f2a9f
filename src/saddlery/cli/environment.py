"""The environment of a command: devices, the cache, settings of figures; checked before anything is trained."""

import os

from saddlery.cli import cache
from saddlery.cli.errors import Ended
from saddlery.text.arguments import plain


def require(figures: bool = True) -> None:
    """Enable the compilation cache, and check that JAX has a device and, for commands with `figures`, Matplotlib loads.

    **Raises:** `Ended` naming the environment variable that is to blame.
    """
    try:
        cache.enable()
    except ValueError as error:
        raise Ended(str(error), 2) from error
    import jax

    try:
        jax.devices()
    except Exception as error:  # JAX has several names for a platform that is not there
        chosen = os.environ.get("JAX_PLATFORMS")
        blame = f"JAX_PLATFORMS: got {plain(chosen)!r}, and no such device can be used" if chosen else "no device"
        raise Ended(f"{blame}{f': {plain(error, 300)}' if str(error) else ''}", 2) from error
    if figures:
        try:
            import matplotlib  # noqa: F401
        except ValueError as error:
            chosen = plain(os.environ.get("MPLBACKEND", ""))
            raise Ended(
                f"MPLBACKEND: got {chosen!r}; unset it, figures need no display ({plain(error, 200)})", 2
            ) from error
