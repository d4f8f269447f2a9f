"""Random command lines: every one ends in good time with an exit code and, when it is refused, one line that says why.

Twenty, or as many as SADDLERY_COMMANDS says: `make torture` asks for five hundred.
"""

import os
import subprocess
import sys
import time

import pytest

from checks.commands import command

COMMANDS = int(os.environ.get("SADDLERY_COMMANDS", "20"))
LONGEST = 20.0  # seconds to refuse; what is accepted trains a few steps and is ended


@pytest.mark.parametrize("seed", range(COMMANDS))
def test_it_ends_with_a_code_and_a_line(tmp_path, seed):
    words = command(seed)
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "saddlery", *words], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"SADDLERY_CACHE": str(tmp_path / "cache")}, text=True,
    ) as process:  # fmt: skip
        while process.poll() is None and time.monotonic() - began < LONGEST:
            if (tmp_path / "out" / "run.json").exists():
                break  # accepted: it trains
            time.sleep(0.05)
        accepted = (tmp_path / "out" / "run.json").exists()
        if process.poll() is None and accepted:
            try:
                process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                process.terminate()
        assert process.poll() is not None or accepted, f"it hangs: {words}"
        try:
            _, errors = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode in (0, 1, 2, 143), (words, process.returncode, errors[-2000:])
    assert "Traceback" not in errors, words
    assert "a fault in Saddlery" not in errors, (words, errors)
    assert all(len(line) < 2000 for line in errors.splitlines()), words
    assert errors.isprintable() or all(line.isprintable() for line in errors.splitlines()), (words, errors)
    if process.returncode == 2 and words[0] != "nonsense":
        assert errors.splitlines()[-1].startswith(("error: ", "Try ", "Usage")), errors
