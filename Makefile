# The front door. Every target sets up what it needs; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help setup demo demo-attack test lint bench bench-access bench-risk bench-deception bench-waf lock reformat clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## System packages, .venv and pinned requirements
	@PYTHON="$(PYTHON)" bash scripts/setup.sh

demo: setup ## A real API behind Bartizan on HTTPS
	@$(PY) -m scripts.demo

demo-attack: setup ## An intruder climbs the ladder of obstacles, beside 200 honest people
	@$(PY) -m scripts.attack.demo

test: setup ## All tests
	@$(PY) -m pytest -n 2 --dist loadgroup

lint: setup ## Style, types, layers, layout
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m scripts.check_layout

bench: setup ## Beside nginx, haproxy, envoy, traefik and caddy, in one run
	@$(PY) -m benchmarks.run

bench-access: setup ## Sessions, proofs, assertions, policies: microseconds
	@$(PY) -m benchmarks.access

bench-risk: setup ## Risk engine, sentry, guards: speed, and how fast a verdict is everywhere
	@failed=0; for part in risk risk_guard deception_guards sentry; do $(PY) -m benchmarks.$$part || failed=1; done; exit $$failed

bench-deception: setup ## Whether a client can tell decoys from real answers
	@failed=0; for part in deception deception.diverted; do $(PY) -m benchmarks.$$part || failed=1; done; exit $$failed

bench-waf: setup ## The WAF beside libmodsecurity: speed, memory, verdicts
	@failed=0; for part in speed agreement; do $(PY) -m benchmarks.waf.$$part || failed=1; done; exit $$failed

lock: setup ## Pin the requirements anew
	@for name in build runtime dev bench; do \
	  $(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	    --override requirements/overrides.txt \
	    -o requirements/$$name.txt requirements/$$name.in; done

reformat: setup ## Bring the code into form
	@$(VENV)/bin/ruff check --fix --quiet --exit-zero .
	@$(VENV)/bin/ruff format .

clean: ## Remove what was made, but not .venv
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-run
