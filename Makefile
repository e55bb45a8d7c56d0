# The commands of this project. `make help` lists them.
# Only GNU make, bash and Python >= 3.11 are needed; everything else goes into .venv.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The folder is moved and copied, so no console script (they hold absolute paths): always `python -m`.
PY := .venv/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input
ARGS ?=

# Every process reads some 900 modules: where bytecode may not be kept, each start would compile them for two seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test test-all test-later acceptance check sure format bench seed shell try-real clean

help:  ## list these commands
	@echo "make <command>; PORT (8501) and DATABASE_URL (sqlite:///var/dealer.db) are obeyed"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.ready-run  ## start the app; the first start installs, migrates, seeds and prints the demo sign-ins
	@$(PY) -m seed --ensure && exec $(PY) -m streamlit run server.py --server.port "$${PORT:-8501}"

# All tests go to as many processes as there are cores; some of them are started faster in one. What only the long tier
# or the whole has is left out, unless ARGS says otherwise (pytest takes the last -m).
HOW := $(if $(ARGS),$(ARGS),-n auto)
TEST := $(PY) -m pytest -m "not acceptance and not whole" $(HOW)

test: .venv/.ready-dev  ## the tests of every day: each rule, command and page (ARGS="tests/leads -k score" for some of them)
	@$(TEST) 2>&1

test-all: .venv/.ready-dev  ## every test: each on PostgreSQL too, each journey, each kill; what CI runs (ARGS as above)
	@$(PY) -m pytest -m "not acceptance" $(HOW) 2>&1

test-later: .venv/.ready-dev  ## the tests of every day as they will be in 400 days (DAYS_LATER): finds those that grow old
	@$(PY) -m pytest -p tests.support.later -m "not acceptance and not whole" --ignore=tests/e2e $(HOW) 2>&1

acceptance: .venv/.ready-dev  ## the long tier within 150 minutes: R01-R42 and the known faults into docs/reliability.md (ARGS="--only R08")
	@$(PY) -m tests.reliability $(ARGS)

check: .venv/.ready-dev  ## format, lint and types
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy

sure: check  ## format, lint, types and tests: what must pass before a commit
	@$(TEST) 2>&1

format: .venv/.ready-dev  ## put every file into the house format and repair what can be repaired
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: .venv/.ready-dev  ## measure speed against its goals (ARGS="--leads 100000"; docs/scale.md)
	@$(PY) -m bench $(ARGS)

seed: .venv/.ready-run  ## migrate, and fill an empty database with the demo network
	@$(PY) -m seed --ensure $(ARGS)

shell: .venv/.ready-run  ## a Python prompt with the database open
	@$(PY) -m db shell

try-real: .venv/.ready-run  ## import the real data sets into a scratch database; expected beside found
	@$(PY) -m seed.try_real $(ARGS)

clean:  ## remove .venv, caches and test results; the data in var/ stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are older than the pins only when the pins have changed since: then, and on first use, pip runs.
.venv/.ready-run: requirements.txt constraints.txt | .venv/bin/pip
	@echo "Installing what the app runs on (once)..."
	@$(PIP) install -r requirements.txt
	@touch $@

.venv/.ready-dev: requirements-dev.txt requirements.txt constraints.txt | .venv/bin/pip
	@echo "Installing what the tests need (once)..."
	@$(PIP) install -r requirements-dev.txt
	@touch .venv/.ready-run $@

# pip is the last thing a new environment gets, so a half-made one is made again.
.venv/bin/pip:
	@python=""; \
	for name in $(PYTHON) python3.11 python3.12 python3.13 python3 python; do \
	  if command -v "$$name" >/dev/null && "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    python="$$name"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer was not found. Install it (on Debian: apt install python3 python3-venv), or name it: make run PYTHON=/path/to/python3" >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python cannot make a virtual environment: its venv module is missing (on Debian: apt install python3-venv)." >&2; exit 1; fi; \
	echo "Making .venv with $$("$$python" --version)..."; \
	"$$python" -m venv --clear .venv
