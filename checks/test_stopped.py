"""Commands and calls that are stopped by a signal at a random moment: heard, kept, and gone on with to the same bits.

Three signals, or as many as SADDLERY_SIGNALS says: `make torture` asks for thirty.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from saddlery.experiments.opening import open_results

pytestmark = pytest.mark.xdist_group("stopped")  # beside nothing of their own kind: they are timed
SIGNALS = int(os.environ.get("SADDLERY_SIGNALS", "3"))
HEARD = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
LONG = (
    "run", "bilinear", "-m", "simultaneous(learning_rate=1e-3)", "-m", "extragradient(learning_rate=0.01)",
    "--steps", "60000", "--seeds", "2", "--every", "40", "--quiet", "--no-report", "--checkpoint-seconds", "0.2",
)  # fmt: skip


def started(*command, **environment):
    return subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"JAX_PLATFORMS": "cpu"} | environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The results without a stop, and the seconds that they took."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    began = time.monotonic()
    with started("-m", "saddlery", *LONG, "--out", str(folder)) as process:
        assert process.wait() == 0, process.stderr.read()
    return open_results(folder), time.monotonic() - began


@pytest.mark.parametrize("how", range(SIGNALS))
def test_a_signal_at_any_moment_stops_a_run_which_ends_with_the_same_numbers(
    whole, tmp_path, monkeypatch, how, assert_same
):
    monkeypatch.chdir(tmp_path)
    results, seconds = whole
    signum = list(HEARD)[how % 3]
    with started("-m", "saddlery", *LONG, "--out", "mine") as process:
        while process.poll() is None and not Path("mine/.saddlery").exists():  # it listens from here on
            time.sleep(0.005)
        time.sleep(random.Random(how).uniform(0, 0.8 * seconds))
        if process.poll() is not None:
            pytest.skip("it ended before it could be stopped")
        process.send_signal(signum)
        began = time.monotonic()
        _, errors = process.communicate(timeout=40)
        took = time.monotonic() - began
    if process.returncode in (0, -signum):  # it was done, and at most about to end
        assert open_results("mine").sizes["setting"] == 2
    else:
        assert process.returncode == HEARD[signum], errors
        assert "error: stopped" in errors
        assert "Traceback" not in errors
        assert took < 20
    if Path("mine/run.json").exists():
        with started("-m", "saddlery", "resume", "mine", "--quiet", "--no-report") as process:
            _, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        assert_same(open_results("mine"), results)


SCRIPT = r"""
import os, signal
import jax, saddlery as sd
heard = []
signal.signal(signal.SIGTERM, lambda signum, frame: heard.append(signum))
def told(progress):
    os.write(1, b"training\n")  # whole, from whichever thread
try:
    sd.train(sd.games.bilinear(), sd.methods.simultaneous(learning_rate=1e-3), steps=10**9, every=10**7, seeds=2,
             key=jax.random.key(0), out="run", on_progress=told)
except KeyboardInterrupt as error:
    print(type(error).__name__, heard, signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_training_in_python_keeps_a_checkpoint_and_hands_the_signal_on(tmp_path, monkeypatch, signum):
    monkeypatch.chdir(tmp_path)
    with started("-c", SCRIPT) as process:
        assert process.stdout.readline() == "training\n"
        process.send_signal(signum)
        printed, errors = process.communicate(timeout=40)
    heard = [15] if signum == signal.SIGTERM else []
    assert printed.splitlines()[-1] == f"Stopped {heard} True", errors
    kept = {path.name for path in Path("run/checkpoints").iterdir()}
    assert kept
    assert kept <= {"0-0", "0-1"}  # of a run that had not begun there is nothing to keep
    assert not list(Path("run").rglob("*.part"))


def test_what_a_killed_process_left_half_written_is_tidied_away(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    left = Path("mine/checkpoints/0-0/.step-000000040.0123abcd.part")
    with started("-m", "saddlery", *LONG, "--out", "mine") as process:
        while process.poll() is None and not list(Path("mine").glob("checkpoints/*/step-*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    (left / "new").mkdir(parents=True)
    (left / ".begun").touch()
    (left / "new" / "half").write_text("1")
    with started("-m", "saddlery", "resume", "mine", "--quiet", "--no-report") as process:
        assert process.wait() == 0, process.stderr.read()
    assert not list(Path("mine").rglob("*.part"))


def test_a_pipe_without_a_reader_a_closed_terminal_and_a_full_one_lose_nothing(tmp_path, monkeypatch):
    """The report is there, and the exit code says that the work is done."""
    monkeypatch.chdir(tmp_path)
    run = f"{sys.executable} -m saddlery run bilinear --steps 3 --seeds 1"
    for i, redirected in enumerate((">&-", "2>&-", ">&- 2>&-", "| head -0", ">/dev/full", "2>/dev/full", "<&-")):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {run} --out out{i} {redirected}"], capture_output=True, text=True
        )
        assert done.returncode == 0, (redirected, done.stderr)
        assert Path(f"out{i}/report.html").exists(), redirected
        assert "Traceback" not in done.stderr
        assert open_results(f"out{i}").sizes["setting"] == 1
