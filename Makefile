# Two commands matter: `make demo` and `make test`. Both need git, make and Python 3.11 or newer, nothing else.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

.PHONY: setup demo test check clean

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

clean:
	@rm -rf $(VENV) .demo .stand-ins
