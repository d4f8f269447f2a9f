"""The option `--plugin` of every command: files whose parts are used by their names."""

from pathlib import Path
from typing import Annotated

import typer


def _load(paths: list[Path] | None) -> list[Path] | None:
    """Run the files, before the command itself begins."""
    for path in paths or ():
        from saddlery.plugins import load_plugin

        try:
            load_plugin(path)
        except (OSError, ValueError) as error:
            raise typer.BadParameter(str(error)) from error
    return paths


Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        "-p",
        metavar="FILE",
        callback=_load,
        is_eager=True,
        help="A Python file of yours with METHODS, GAMES, NETWORKS, LOSSES, MEASURES or LOGGERS; again for more.",
    ),
]
