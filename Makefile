# Every target sets up what it needs. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup retrain sweep test test-browser soak lint format docs lock audit ci ci-312 ci-uv dashboard worker deploy clean

RECIPE ?= digits
ARGS ?=
PORT ?= 4200
POOL := evergreen
# Of the pool's queues (cpu, gpu in prefect.yaml), the one that a worker serves; all of them without.
QUEUE ?=
# What setup installs beside: EXTRAS="dask remote onnx openvino". Each has a lock of its own.
EXTRAS ?=
# What tests need beside: the exports of every format, proved in every runtime.
FORMATS := .venv/.ready-onnx .venv/.ready-openvino npm/onnx/node_modules/.ready
# Absolute, whatever letters it has: a run's working folder is another.
STORE := $(shell case "$(EVERGREEN_STORE)" in (/*) echo "$(EVERGREEN_STORE)";; ("") echo "$$PWD/.evergreen";; (*) echo "$$PWD/$(EVERGREEN_STORE)";; esac)

# The first Python on PATH that runs and is 3.11 or 3.12; version managers leave shims behind that do not run.
IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))
PYTHON ?= $(shell for name in python3.11 python3.12 python3 python; do \
	"$$name" -c '$(IN_RANGE)' 2>/dev/null && command -v "$$name" && break; done)

help: ## Show this help
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

setup: .venv/.ready node_modules/.ready $(EXTRAS:%=.venv/.ready-%) $(if $(filter onnx,$(EXTRAS)),npm/onnx/node_modules/.ready) ## Create .venv from the lock; EXTRAS=dask adds what sweeps on Dask need, remote what buckets need, onnx and openvino what these formats need, mediapipe one more runtime for proofs

retrain: setup ## Retrain RECIPE (default: digits); ARGS="--set train.phases.0.epochs=3" adds options
	.venv/bin/evergreen retrain "$(RECIPE)" $(ARGS)

sweep: setup ## Sweep RECIPE (default: digits, of recipes/sweeps/); ARGS="--parallel 2" adds options
	.venv/bin/evergreen sweep "$(RECIPE)" $(ARGS)

test: setup .venv/.ready-dask .venv/.ready-mediapipe .venv/.ready-remote-tests .venv/.ready-serve-tests $(FORMATS) ## Run the tests (10 minutes at most), those of the extras too; says what it skipped, and why
	.venv/bin/python -m pytest -q -rs -n 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

test-browser: setup $(FORMATS) ## Run the tests of pages and of what runs under Node.js; fails if one of them is skipped
	.venv/bin/python -m pytest -q -m browser --no-skips $(ARGS)

soak: setup .venv/.ready-dask .venv/.ready-remote-tests $(FORMATS) ## Run the long tests: kills, fuzz, load
	.venv/bin/python -m pytest -q -rs -m soak $(ARGS)

lint: .venv/.ready ## Check style, format, types and the import contracts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/.ready ## Format the code
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

docs: .venv/.ready ## Write those of docs/ that the code knows better: docs/generate.py lists them
	.venv/bin/python docs/generate.py

# A server or home that you named stays.
dashboard worker deploy: export PREFECT_HOME ?= $(STORE)/prefect
dashboard worker deploy: export PREFECT_CLI_PROMPT := false
dashboard worker deploy: export PREFECT_SERVER_ANALYTICS_ENABLED := false
dashboard worker deploy: export DO_NOT_TRACK := 1
# The server is on this machine: nobody asks it through a proxy.
dashboard worker deploy: export no_proxy := $(shell told="$${no_proxy:-$$NO_PROXY}"; \
	case ",$$told," in (*,\*,*) echo "$$told";; (*) echo "$${told:+$$told,}127.0.0.1,localhost,::1";; esac)
dashboard worker deploy: export NO_PROXY = $(no_proxy)
# Prefect's client refuses a SOCKS proxy wherever it asks, and so would downloads: a package for it is not here.
UNLESS_SOCKS := case "$$ALL_PROXY$$all_proxy" in (socks*) unset ALL_PROXY all_proxy;; esac
worker deploy: export PREFECT_API_URL ?= http://127.0.0.1:$(PORT)/api

dashboard: .venv/.ready ## Start a Prefect server on PORT (default: 4200) with its data under the store
	@mkdir -p "$(PREFECT_HOME)"
	@echo "Dashboard:  http://127.0.0.1:$(PORT)"
	@echo "In two other terminals:  make worker  and  make deploy"
	@$(UNLESS_SOCKS); PREFECT_SERVER_UI_API_URL=http://127.0.0.1:$(PORT)/api PREFECT_UI_URL=http://127.0.0.1:$(PORT) \
		PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE=prefect.server.concurrency.lease_storage.filesystem \
		.venv/bin/prefect server start --port $(PORT)

worker: export EVERGREEN_STORE := $(STORE)
worker: setup ## Start a worker that runs what the server schedules, into the store; QUEUE=gpu serves that queue alone
	@mkdir -p "$(PREFECT_HOME)"
	@$(UNLESS_SOCKS); .venv/bin/prefect worker start --pool $(POOL) --type process $(QUEUE:%=--work-queue %)

deploy: .venv/.ready ## Put prefect.yaml, with its pool and its automations, onto the server; safe to repeat
	@mkdir -p "$(PREFECT_HOME)"
	@$(UNLESS_SOCKS); .venv/bin/python -m flows.deploying

lock: .venv/.ready ## Resolve requirements.lock anew (needs uv), and ask pip whether both Pythons may have it
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" \
		--group dev pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" \
		--group pyproject.toml:serve -c requirements.lock -o requirements-serve.lock
	for extra in $(patsubst requirements-%.lock,%,$(filter-out requirements-serve.lock,$(wildcard requirements-*.lock))); do \
		uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" \
			--extra $$extra -c requirements.lock pyproject.toml -o requirements-$$extra.lock || exit 1; \
	done
	for version in 3.11 3.12; do \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check --dry-run --no-deps --ignore-installed \
			--only-binary=:all: --python-version $$version --target .venv/never -r requirements.lock || exit 1; \
	done # uv ignores upper bounds of Requires-Python, pip does not

audit: ## Look for known vulnerabilities of what requirements.lock holds
	@test -x .venv-audit/bin/pip-audit || { "$(PYTHON)" -m venv .venv-audit && \
		.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit==2.*"; }
	.venv-audit/bin/pip-audit --strict --disable-pip --no-deps -r requirements.lock # strict: what it could not ask about fails

ci: ## What CI runs: a clone, an empty HOME, no uv, no browser; then lint, retrain and test
	.ci/run

ci-312: ## The same on Python 3.12; once for every change of the lock
	.ci/run --python python3.12

ci-uv: ## The same, set up with uv; once for every change of the lock
	.ci/run --with uv

clean: ## Remove what setup made; the store stays
	rm -rf .venv .venv-audit node_modules npm/onnx/node_modules *.egg-info

# uv where it is, else venv and pip; both compile bytecode, without which TensorFlow's import takes three times as long.
.venv/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Evergreen needs Python 3.11 or 3.12 on PATH; set PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up .venv with $(PYTHON); the first time takes minutes"
	@if uv --version >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$(PYTHON)" .venv && \
		uv pip install --quiet --python .venv/bin/python --compile-bytecode -r requirements.lock && \
		uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e . ; \
	else \
		"$(PYTHON)" -m venv .venv && \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

# Its lock holds what the other one does, at the same versions.
.venv/.ready-%: requirements-%.lock .venv/.ready
	@if uv --version >/dev/null 2>&1; then \
		uv pip install --quiet --python .venv/bin/python --compile-bytecode -r $<; \
	else \
		.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<; \
	fi
	@touch $@

# LiteRT.js and TensorFlow.js are a proof, not a need: without them exports are "not verified" there.
# Variants of LiteRT.js that neither the page nor verify loads: half of its 38 MB.
UNUSED_WASM := $(foreach kind,jspi threaded,$(addprefix node_modules/@litertjs/core/wasm/litert_wasm_$(kind)_internal,.js .wasm))

node_modules/.ready: package-lock.json package.json
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
		npm ci --silent --ignore-scripts && rm -f $(UNUSED_WASM) && touch $@ || \
			echo "npm failed: TensorFlow.js exports will be 'not verified'"; \
	else \
		echo "node or npm not found: TensorFlow.js exports will be 'not verified'"; \
	fi

# Of one extra, and as large as all of that: in a folder of its own, which no other setup installs or tidies away.
npm/onnx/node_modules/.ready: npm/onnx/package-lock.json npm/onnx/package.json
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
		npm ci --prefix npm/onnx --silent --ignore-scripts && touch $@ || \
			echo "npm failed: ONNX exports will not be verified in ONNX Runtime Web"; \
	else \
		echo "node or npm not found: ONNX exports will not be verified in ONNX Runtime Web"; \
	fi
