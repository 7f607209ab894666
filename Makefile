# The two commands of a newcomer are `make run` and `make test`; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp
# Two workers by default: a laptop and a small CI machine alike. `make test JOBS=8` on a larger one.
JOBS ?= 2
RUNS ?= 3
# The web app: its build tools, and where the server finds what they make.
NODE_STAMP := frontend/node_modules/.setup-stamp
WEB := src/beimingwu/web/static/index.html
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix frontend
# Where `make run` keeps what it needs, where it listens, and learnwares that it adds to its own where they are on this machine.
DEMO ?= .demo
PORT ?= 8088
LEARNWARE_SHARED ?= ../shared
ZOO ?= $(LEARNWARE_SHARED)/zoo/*/learnwares

.DEFAULT_GOAL := help
.PHONY: help setup build test-web e2e run example quality compat fuzz test lint format hostile bench docs lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Make .venv with pinned dependencies and this checkout; install bubblewrap where that can be done

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or later is needed, found " + sys.version.split()[0] + "; try make PYTHON=python3.12") if sys.version_info < (3, 10) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@scripts/install_sandbox.sh
	@touch $(STAMP)

$(NODE_STAMP): frontend/package.json frontend/package-lock.json | $(STAMP)
	@scripts/install_node.sh $(BIN)
	$(NPM) ci --no-progress --loglevel=error
	@touch $(NODE_STAMP)

$(WEB): $(NODE_STAMP) docs/openapi.json frontend/index.html frontend/vite.config.ts $(shell find frontend/src frontend/public -type f)
	$(NPM) run --silent build -- --logLevel warn

build: setup $(WEB) ## Build the web app, which the dock serves

run: build ## The main job: a dock on 127.0.0.1:8088 (PORT=) with accounts and learnwares to try; DEMO_EXIT=1 ends when all is verified
	$(BIN)/beimingwu demo --data-dir $(DEMO) --port $(PORT) $(addprefix --learnwares ,$(wildcard $(ZOO))) $(if $(DEMO_EXIT),--exit)

example: setup ## Find and use learnwares of the dock that `make run` started (or that is started for it)
	$(BIN)/python examples/dock/run.py $(DEMO) $(PORT)

quality: setup ## Build a market of real learnwares and solve held-back users' tasks
	$(BIN)/python -m benchmarks.quality --demo

test: setup lint test-web e2e ## Lint, then every test: the web app's, in a real browser, and Python's with coverage
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term

test-web: $(NODE_STAMP) ## The unit tests of the web app
	$(NPM) test

e2e: build ## The web app in a real browser against a real dock
	@scripts/install_browser.sh
	$(NPM) run e2e

lint: setup $(NODE_STAMP) ## Format check, lint rules, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run --silent types
	$(NPM) run --silent lint

format: setup $(NODE_STAMP) ## Apply the formatter and the safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run --silent format

hostile: setup ## Run every hostile learnware at every level of the sandbox; RUNS=3 by default
	$(BIN)/python -m tests.hostile --runs $(RUNS)

compat: setup ## A round of the published clients against a dock, in environments of their own (large)
	$(BIN)/python -m pytest -n0 -m compat tests/dock/test_published_clients.py

fuzz: setup ## Make up many requests from the API's description, as everybody who may ask
	FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -n $(JOBS) tests/dock/test_fuzz.py

bench: build ## Print every benchmark beside its bar
	$(BIN)/python -m benchmarks

lock: ## Compile requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.10 --no-annotate \
	  --extra environments --extra docker --extra tables --extra images --extra text --extra models --extra server --extra s3 \
	  --group build --group test --group lint --group bench \
	  --custom-compile-command "make lock" -o requirements.lock

clean: ## Remove the virtual environment and every cache
	rm -rf $(VENV) frontend/node_modules frontend/test-results src/beimingwu/web/static .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* build dist
