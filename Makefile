# Two commands matter: `make demo` and `make test`. Both need git, make and Python 3.11 or newer, nothing else.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

.PHONY: setup demo test check mutation clean

setup: $(READY)

$(READY): requirements.txt requirements-local.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV) (about half a minute, once)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: setup
	@$(VENV)/bin/python -m connector demo

test: setup
	@$(VENV)/bin/python -m tests.stand_ins.install
	@$(VENV)/bin/python -m pytest --quiet --numprocesses auto --dist worksteal

check: setup
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache | sed -n '/^Contracts$$/,$$p'

# Changes the protocol's code one place at a time and runs its quick tests; what survives is listed in docs/testing.md.
mutation: setup
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1
	@CONNECTOR_HISTORIES=4 CONNECTOR_SEED=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 nice $(VENV)/bin/mutmut run --max-children 2
	@$(VENV)/bin/mutmut results

clean:
	@rm -rf $(VENV) .venv-checkov .demo .stand-ins mutants
