# One verb per job. `make demo` and `make test` are all a newcomer needs.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
export UV_LINK_MODE ?= copy
# Bytecode is kept: a demo starts several processes.
export PYTHONDONTWRITEBYTECODE :=

# Debian's Python comes without pip unless python3-venv is installed too: then pip is fetched, and known by its digest.
define FETCH_PIP
import hashlib, io, os, re, sys, sysconfig, zipfile
from urllib.parse import urljoin
from urllib.request import urlopen
index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
try:
    link = re.search(r'href="([^"]*/pip-26\.3-py3-none-any\.whl)', urlopen(index, timeout=60).read().decode())[1]
    wheel = urlopen(urljoin(index, link), timeout=60).read()
except (OSError, TypeError) as error:
    sys.exit(f"pip is missing and could not be fetched ({error}): run  apt-get install python3-venv")
if hashlib.sha256(wheel).hexdigest() != "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13":
    sys.exit("what was fetched is not pip 26.3: run  apt-get install python3-venv")
zipfile.ZipFile(io.BytesIO(wheel)).extractall(sysconfig.get_path("purelib"))
endef
export FETCH_PIP

.PHONY: demo run test check bench screenshots migration lock clean

demo: $(VENV)/.runtime         ## The main job, with stand-ins for Slack and Pylon
	@exec $(BIN)/signalbox demo

run: $(VENV)/.runtime          ## Migrate, web and worker on this machine
	@exec $(BIN)/signalbox run

test: $(VENV)/.dev $(VENV)/.browser  ## All tests, on SQLite, on a real PostgreSQL and in a real browser
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

screenshots: $(VENV)/.dev $(VENV)/.browser  ## Every page after the demo's story: wide, narrow, dark, and those that the READMEs show
	@$(BIN)/python -m tests.browser.screenshots build/screenshots

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
	rm -rf $(VENV) instance build

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Signalbox needs Python 3.11 or newer: install python3 (found $$($(PYTHON) -V 2>&1))"; exit 1; }
	@echo "[1/3] creating $(VENV)"
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	else $(PYTHON) -m venv --without-pip $(VENV) && $(BIN)/python -c "$$FETCH_PIP"; fi
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

# Chromium for the tests in a browser, and the library that the driver's Node needs: the system's own, installed where that is
# allowed. Without them the other tests still run.
$(VENV)/.browser: | $(VENV)/.dev
	@found() { for name in chromium chromium-browser google-chrome-stable google-chrome; do \
	  command -v $$name >/dev/null && $(BIN)/playwright --version >/dev/null 2>&1 && return; done; return 1; }; \
	if [ "$$(id -u)" = 0 ]; then as_root=; else as_root="sudo -n"; fi; \
	if ! found && command -v apt-get >/dev/null && $$as_root true 2>/dev/null; then \
	  echo "installing Chromium for the tests in a browser"; \
	  { $$as_root apt-get update -qq && \
	    $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium libatomic1; } >/dev/null 2>&1 || true; \
	fi; \
	if found; then touch $@; else echo "no Chromium, so no tests in a browser: run  apt-get install chromium libatomic1"; fi
