# Two commands matter: `make demo` and `make test`. Both need git, make and Python 3.11 or newer, nothing else.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-annotate --no-header

# Bytecode is kept even where an image says otherwise: else every process of the tests compiles the project, and what pytest makes of the tests, anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo pictures quick test check bench tables lock mutation clean

setup: $(READY)

# The lock names everything, so pip need not look for anything else (and some releases of it cannot, with hashes and extras).
$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV) (a minute or two, once)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --no-deps --requirement requirements-dev.txt
	@touch $@

demo: setup
	@$(VENV)/bin/python -m connector demo

# Makes the pictures of the README anew, from the demo.
pictures: setup
	@$(VENV)/bin/python -m tests.pictures

# Tests in memory, for every save; under a minute.
QUICK := app adapters domain logs runs

quick: setup
	@$(VENV)/bin/python -m pytest --quiet --numprocesses auto --dist worksteal $(QUICK:%=tests/unit/%)

test: setup
	@$(VENV)/bin/python -m tests.stand_ins.install
	@$(VENV)/bin/python -m pytest --quiet --numprocesses auto --dist worksteal

check: setup
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache | sed -n '/^Contracts$$/,$$p'

# Runs every benchmark at a small size, one after the other: under ten minutes, best on a machine that does nothing else.
bench: setup
	@$(VENV)/bin/python -m tests.stand_ins.install
	@$(VENV)/bin/python -m benchmarks

# Writes docs/tables.md, the map of every table and view.
tables: setup
	@$(VENV)/bin/python -m tests.docs.tables

# Pins anew what pyproject.toml asks for, keeping what can stay: `make lock`; with newer releases: `make lock UPGRADE=--upgrade`.
lock: setup
	@$(PIP) install --quiet uv==0.13.9
	@$(LOCK) $(UPGRADE) pyproject.toml --group dev --output-file requirements-dev.txt
	@$(LOCK) --group pyproject.toml:function --constraint requirements-dev.txt --output-file requirements.txt

# Changes the protocol's code one place at a time and runs its quick tests; what survives is listed in docs/testing.md.
mutation: setup
	@$(PIP) install --quiet mutmut==3.8.1
	@CONNECTOR_HISTORIES=4 CONNECTOR_SEED=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 nice $(VENV)/bin/mutmut run --max-children 2
	@$(VENV)/bin/mutmut results

clean:
	@rm -rf $(VENV) .venv-checkov .demo .stand-ins mutants
