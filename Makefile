# Everything here works on a fresh Debian with Python 3.11 or later: no root, no server, no account.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# The newest Python that the connector runs on and that can make a virtual environment.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench chaos wheel clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(VENV)/ready ## Show the main job on this machine, then leave the pages open until Ctrl-C
	@$(BIN)/amili-connector demo

test: $(VENV)/ready-dev ## Run every test that can run here; the others are skipped with a reason
	@$(BIN)/pytest --numprocesses auto

check: $(VENV)/ready-dev ## Format, lint and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: $(VENV)/ready-dev ## Put the code into its format, and mend what the linter can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/ready-dev ## Measure (minutes); BENCH=--write puts the figures into connector/OPERATING.md, BENCH=--check holds them to the targets
	@$(BIN)/python -m tests.bench $(BENCH)

chaos: $(VENV)/ready-dev ## Hang, drip and stop in the middle of slow calls (a quarter of an hour); CHAOS=hung, stops or away for one
	@$(BIN)/python -m tests.chaos $(CHAOS)

wheel: $(VENV)/ready-dev ## Build the wheel into dist/
	$(PIP) wheel -qq --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove everything that was built or measured; .env and data/ stay
	rm -rf $(VENV) build dist artefacts .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: set up once, and again when pyproject.toml changes.
$(VENV)/ready-dev: extras := [dev]
$(VENV)/ready $(VENV)/ready-dev: pyproject.toml | $(BIN)/python
	@echo "Installing amili-connector$(extras) into $(VENV) ..."
	@$(PIP) install -qq --editable '.$(extras)'
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later that can make a virtual environment was found: on Debian, 'apt install python3-venv' as root; elsewhere, give one as 'make PYTHON=/path/to/python3'." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
