"""Results as a long table, in files that other programs read."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from saddlery.errors import InvalidValue
from saddlery.experiments.levels import flat
from saddlery.records import storage
from saddlery.text.names import nearest

if TYPE_CHECKING:
    import pandas

AXES = ("setting", "seed", "step")
FORMATS = ("csv", "parquet")


def table(results: xr.Dataset) -> "pandas.DataFrame":
    """Results as a long table: a row for each setting, seed and step, as a `pandas.DataFrame`.

    Its columns are `setting`, `seed`, `step`, the settings' levels, and every variable that is one number there; those
    of a whole run, such as `diverged_at`, are the same in all its rows. Samples are left out.

    **Arguments:** `results` as `saddlery.experiments.experiment.open_results` or `saddlery.sweep` returns them.
    """
    results = flat(results)
    dims = {name: {*values.dims} for name, values in results.variables.items()}
    numbers = [name for name in results.data_vars if "setting" in dims[name] and dims[name] <= {*AXES}]
    levels = [name for name in results.coords if dims[name] == {"setting"} and name != "setting"]
    levels.sort(key=lambda name: (name != "method", name))
    rows = results[numbers].to_dataframe(dim_order=list(AXES)).reset_index()
    return rows.reindex(columns=[*AXES, *levels, *numbers])


def export(results: xr.Dataset, path: Path | str, format: str | None = None) -> Path:
    """Write `table(results)` into a file, whole or not at all.

    **Arguments:** `format` is csv or parquet, by default what the path ends in. CSV holds numbers in digits enough to
    be read back exactly, and nothing for NaN.

    **Returns:** the path.

    **Raises:** `ValueError` for another format, or without pyarrow for parquet; `OSError` when it cannot be written.
    """
    path = Path(path)
    format = path.suffix.removeprefix(".") if format is None else format
    if format not in FORMATS:
        raise InvalidValue(nearest("format", format, FORMATS))
    content = io.BytesIO()
    if format == "csv":
        table(results).to_csv(content, index=False)
    else:
        try:
            table(results).to_parquet(content, index=False)
        except ImportError as error:
            raise InvalidValue(
                'format: parquet needs pyarrow; install it with: pip install "saddlery[parquet]", or choose csv'
            ) from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write(path, content.getvalue())
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
