"""Signals: heard at once, acted upon where nothing is half done, and as before afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from saddlery._system import signals
from saddlery._system.signals import Stopped, check, stoppable, stopping


def soon(signum, seconds=0.05):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signum))
    timer.start()
    return timer


def stopped_by(signum, then=lambda: None):
    """Work that goes on until it is asked to stop, and then does something."""
    with stoppable():
        soon(signum)
        until_stopped()
        then()


def until_stopped():
    began = time.monotonic()
    while not stopping():
        assert time.monotonic() - began < 10
        time.sleep(0.01)


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def handler(request):
    """A handler of the user's, and what it was called with."""
    called = []
    before = signal.signal(request.param, lambda signum, frame: called.append(signum))
    yield request.param, called
    signal.signal(request.param, before)


def test_sigint_raises_a_keyboard_interrupt_once_work_looks():
    with pytest.raises(KeyboardInterrupt) as raised:
        stopped_by(signal.SIGINT, check)
    assert isinstance(raised.value, Stopped)
    assert raised.value.signum == signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not stopping()
    check()


def test_the_user_s_handler_is_called_afterwards_and_is_there_again(handler):
    signum, called = handler
    if signum == signal.SIGUSR1:  # not one of ours: it is called at once
        with stoppable():
            os.kill(os.getpid(), signum)
        assert called == [signum]
        return
    theirs = signal.getsignal(signum)
    seen = []
    with pytest.raises(Stopped, match=f"stopped by {signal.Signals(signum).name}"):
        stopped_by(signum, lambda: seen.extend(called))
    assert seen == []
    assert called == [signum]
    assert signal.getsignal(signum) is theirs


def test_a_signal_is_not_lost_when_the_work_ends_by_itself_or_fails():
    def fail():
        raise ValueError("failed as well")

    with pytest.raises(Stopped):
        stopped_by(signal.SIGINT)
    with pytest.raises(Stopped) as raised:
        stopped_by(signal.SIGINT, fail)
    assert isinstance(raised.value.__cause__, ValueError)


def test_it_is_heard_while_the_main_thread_is_in_a_callback_that_swallows_what_is_raised():
    """As JAX's callback of the garbage collection does: a handler that raises there is lost."""

    class Loud:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)

    def work():
        with stoppable():
            thing = Loud()
            del thing
            until_stopped()

    with pytest.raises(Stopped):
        work()


def test_inner_blocks_and_other_threads_leave_it_to_the_outer_one():
    outer = []
    with stoppable():
        mine = signal.getsignal(signal.SIGINT)
        with stoppable():
            assert signal.getsignal(signal.SIGINT) is mine
        assert signal.getsignal(signal.SIGINT) is mine
    thread = threading.Thread(target=lambda: outer.append(stoppable().__enter__()))
    thread.start()
    thread.join()
    assert outer == [None]


def test_what_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            assert not stopping()
    finally:
        signal.signal(signal.SIGINT, before)


def ended(script, *signums, between=0.0):
    """The exit code of a Python process that is sent signals once it says that it is ready."""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        for signum in signums:
            process.send_signal(signum)
            time.sleep(between)
        return process.wait(20)


BUSY = """
import time
from saddlery._system.signals import stoppable, stopping
with stoppable():
    print("ready", flush=True)
    while {waits}: time.sleep(0.02)
"""


def test_a_second_signal_ends_the_process_at_once_and_one_sent_twice_is_one():
    assert ended(BUSY.format(waits="True"), signal.SIGTERM, signal.SIGTERM, between=signals.ONE + 0.3) == 143
    assert ended(BUSY.format(waits="not stopping()"), signal.SIGTERM, signal.SIGTERM) == -signal.SIGTERM
