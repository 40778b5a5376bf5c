# What there is to do here: `make help`. Works with Python 3.11-3.13, pip and make alone, in any folder.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
MEMBERS := $(wildcard packages/*/pyproject.toml plugins/*/pyproject.toml)
HERE := $(shell pwd -P)

export UV_NO_SYNC := 1
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := yes
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# an import that cannot keep its bytecode costs three times as much, at every start
export PYTHONDONTWRITEBYTECODE :=
ifeq ($(strip $(HOME)),)
# caches need a place
export HOME := $(HERE)/.venv
endif

# An environment that was moved or copied with its folder still names the old place: make it anew.
MOVED := $(shell [ "$$(cat .venv/.place 2>/dev/null)" = "$$(pwd -P)" ] || echo moved)

.PHONY: help
help:  ## Say what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: .venv/.ready  ## Set everything up, run the demo products, leave the UI on them (ARGS=--port=3100)
	@cd demo && ../$(BIN)/floe demo $(ARGS)

.PHONY: demo-stop
demo-stop:  ## End what the demo left running
	@if [ -x $(BIN)/floe ]; then cd demo && ../$(BIN)/floe demo stop; fi

.PHONY: test
test: .venv/.ready  ## Run the tests
	@$(BIN)/python -m pytest -n 3 --dist loadgroup -m "not slow" $(ARGS)

.PHONY: test-slow
test-slow: .venv/.ready  ## Run the slow tier, all legs of testing/slow.py (ARGS=spark for one)
	@$(BIN)/python -m testing.slow $(ARGS)

.PHONY: test-rest
test-rest: .venv/.ready  ## Run the engine's suite on PostgreSQL, on REST with S3, and with lent credentials
	@$(BIN)/python -m testing.slow postgres rest vended

.PHONY: test-offline
test-offline: .venv/.ready  ## Run the tests of core and demo without any route out (Linux)
	@$(BIN)/python -m testing.slow offline

.PHONY: test-crash
test-crash: .venv/.ready  ## Kill, starve and unplug work on tables at every point (ARGS="merge --seed 2")
	@$(BIN)/python -m testing.crash $(ARGS)

.PHONY: dist
dist: .venv/.ready  ## Build sdist and wheel of every distribution into dist/, offline
	@$(BIN)/python -m testing.distributions

.PHONY: check
check: .venv/.ready  ## Lint, types, layers, security, requirements, the lock
	@$(BIN)/python -m testing.checks $(ARGS)

.PHONY: lock
lock: .venv/.ready  ## Resolve the dependencies anew (ARGS=--upgrade for newer ones)
	@$(BIN)/python -m testing.lock $(ARGS)

.PHONY: bench
bench: .venv/.ready  ## Measure, and rewrite benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

.PHONY: clean
clean:  ## Remove everything that was made here, the environment too
	@$(MAKE) demo-stop || echo "the demo could not be stopped; removing all the same"
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis examples/*/data dist .cache
	@find . -name .git -prune -o -type d \( -name __pycache__ -o -name target -o -name .floe -o -name '*.egg-info' \) \
	  -prune -exec rm -rf {} +

# The environment: pip brings uv, uv brings what the lock says, members are installed in place.
.venv/.ready: requirements.lock $(MEMBERS) $(if $(MOVED),.venv/.place)
	@echo "Installing what requirements.lock names ..."
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes \
	  --build-constraints requirements.lock requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
	  $(patsubst %/pyproject.toml,-e ./%,$(MEMBERS))
	@touch $@

.PHONY: $(if $(MOVED),.venv/.place)
.venv/.place:
	@python=$$(testing/find-python) && rm -rf .venv && "$$python" -m venv .venv
	@awk '/^uv==/ {take=1} take {print} take && !/\\$$/ {exit}' requirements.lock >.venv/uv.txt
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement .venv/uv.txt
	@pwd -P >$@
