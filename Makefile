# One verb per job. `make demo` and `make test` are all a newcomer needs.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
export UV_LINK_MODE ?= copy
# Bytecode is kept: a demo starts several processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo run test check bench migration lock clean

demo: $(VENV)/.runtime         ## The main job, with stand-ins for Slack and Pylon
	@exec $(BIN)/signalbox demo

run: $(VENV)/.runtime          ## Migrate, web and worker on this machine
	@exec $(BIN)/signalbox run

test: $(VENV)/.dev             ## All tests, on SQLite and on a real PostgreSQL
	@$(BIN)/pytest -q -n 2 --dist loadgroup $(ARGS)

check: $(VENV)/.dev            ## Lint, types, import contracts, dependencies, migration drift
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(BIN)/python -m migrations.drift

bench: $(VENV)/.dev            ## Throughput as a ratio to a floor measured in the same run
	@$(BIN)/python -m bench $(ARGS)

migration: $(VENV)/.dev        ## A new revision: make migration NAME="add endpoints"
	@$(BIN)/python -m migrations.new "$(NAME)"

lock: $(VENV)/.dev             ## Pin every dependency again, with hashes
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade \
	  --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes -c requirements.lock \
	  --custom-compile-command "make lock" --group dev pyproject.toml -o requirements-dev.lock
	@echo django-htmx | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade --no-deps \
	  --custom-compile-command "make lock" - -o requirements-assets.lock

clean:
	rm -rf $(VENV) instance

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Signalbox needs Python 3.11 or newer: install python3 (found $$($(PYTHON) -V 2>&1))"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing: run  apt-get install python3-venv"; exit 1; }
	@echo "[1/3] creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.runtime: requirements.lock requirements-assets.lock pyproject.toml | $(BIN)/uv
	@echo "[2/3] installing the locked dependencies"
	@$(BIN)/uv pip install -q -p $(VENV) --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q -p $(VENV) --require-hashes --no-deps -r requirements-assets.lock
	@$(BIN)/uv pip install -q -p $(VENV) --no-deps -e .
	@echo "[3/3] ready"
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "installing the development tools"
	@$(BIN)/uv pip install -q -p $(VENV) --require-hashes -r requirements-dev.lock
	@touch $@
