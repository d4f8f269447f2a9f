"""Waiting for what other threads do, and Ctrl-C meanwhile."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import jax.numpy as jnp
import pytest

from saddlery._system import cores
from saddlery._system.cores import Completed, on_all_cores, usable_cores


def test_results_are_in_order_and_in_the_precision_of_the_caller(float64):
    powers = on_all_cores(lambda base, exponent: jnp.asarray(base) ** exponent, [2.0, 3.0, 5.0], [2, 3, 4])
    assert [float(power) for power in powers] == [4.0, 27.0, 625.0]
    assert {power.dtype for power in powers} == {jnp.dtype("float64")}
    assert on_all_cores(abs, []) == []
    assert usable_cores() >= 1


def test_inputs_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        on_all_cores(max, [1, 2], [3])


def test_an_error_drops_what_has_not_begun():
    begun = []

    def work(i):
        begun.append(i)
        time.sleep(0.05)
        raise ArithmeticError(i)

    with pytest.raises(ArithmeticError):
        on_all_cores(work, range(100))
    assert len(begun) < 100


def test_futures_come_in_the_order_in_which_they_end_with_those_added_on_the_way():
    gates = [threading.Event() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        first, second, third = (pool.submit(gate.wait) for gate in gates)
        completed = Completed([first, second])
        gates[1].set()
        assert next(completed) is second
        assert completed.add(third) is third
        gates[2].set()
        assert next(completed) is third
        gates[0].set()
        assert list(completed) == [first]


def test_ctrl_c_is_heard_when_the_system_hands_it_to_another_thread(monkeypatch):
    """As it does when other threads are made while the main one waits: it runs the handler, and Python wakes nobody."""
    monkeypatch.setattr(cores, "LOOKS", 0.01)
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    over = threading.Event()

    def work():
        time.sleep(0.2)  # until the main thread waits
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        over.wait(5)

    with ThreadPoolExecutor(1) as pool:
        try:
            future = pool.submit(work)
            with pytest.raises(KeyboardInterrupt):
                next(Completed([future]))
            assert not future.done()
        finally:
            over.set()
            signal.signal(signal.SIGINT, heard)
