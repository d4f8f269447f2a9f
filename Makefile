# Each target builds what it needs: an environment in .venv, at the versions of constraints.txt.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: demo test long check lint bench torture clean
demo: .venv/.test  # train, and leave runs/demo/report.html
	.venv/bin/saddlery demo --out runs/demo

test long check: export JAX_COMPILATION_CACHE_DIR = $(CURDIR)/.cache/jax
test long check: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS = 0
test long: export XLA_FLAGS = --xla_cpu_use_fusion_emitters=false  # half the time of compiling
test: .venv/.test  # mathematics, units, docstrings: on two processes that share compiled programs, each file on one
	.venv/bin/pytest -n 2 --dist loadfile -m "not long"

long: .venv/.test  # the tests that train networks, or take seconds otherwise
	.venv/bin/pytest -n 2 --dist loadfile -m long tests

check: lint test long  # all that continuous integration runs: also a small demonstration, and what is in checks/
	.venv/bin/saddlery demo --scale small --out runs/check-demo
	test -s runs/check-demo/report.html
	.venv/bin/pytest -n 2 --dist loadgroup checks

lint: .venv/.lint  # style, types, and which package may import which
	.venv/bin/ruff check && .venv/bin/ruff format --check
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv/bin/pyright
	.venv/bin/lint-imports

bench: .venv/.bench  # speed, side by side with PyTorch
	.venv/bin/python -m benchmarks

torture: export SADDLERY_KILLS = 50
torture: export SADDLERY_SIGNALS = 30
torture: export SADDLERY_COMMANDS = 500
torture: export SADDLERY_REPETITIONS = 4000
torture: .venv/.test  # what takes long: kills and signals at random moments, random commands, studies that are simulated
	.venv/bin/pytest checks/test_kills.py checks/test_stopped.py checks/test_random_commands.py checks/test_level.py

clean:
	rm -rf .venv .cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis runs/demo runs/check-demo

.venv/.%: pyproject.toml constraints.txt | .venv/bin/python  # .venv with one of the extras of pyproject.toml
	.venv/bin/pip install --quiet --constraint constraints.txt --editable ".[$*]"
	touch $@

.venv/bin/python:
	$(if $(PYTHON),,$(error Saddlery needs Python 3.11 or newer; make PYTHON=/path/to/python))
	$(PYTHON) -m venv .venv
