# Một Cửa. Type `make` to see what can be done.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Where this is set every program compiles its modules anew: that is a third of what it costs to start one.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup demo up down status logs test screenshots bench chaos simulate check style types imports quick format lock clean

bin := .venv/bin
cli := $(bin)/python -m services.cli
setup := deploy/local/setup.sh
need_python = [ -x $(bin)/python ] || { echo '✗ Nothing is set up here yet. Type: make setup' >&2; exit 1; }
hint = || { echo '✗ $(1)' >&2; exit 1; }

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1 \t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

setup: ## Install what is missing: RabbitMQ (apt), the Python packages (.venv), mongod (.run/servers)
	@$(setup)
	@echo 'Everything is in place. Next: make demo'

demo: ## Set up, start everything, run real dossiers through the five services, stop; leave it running: KEEP=1
	@$(setup)
	@$(cli) demo $(if $(KEEP),--keep)

up: ## Set up and start everything; addresses are then in .run/env
	@$(setup)
	@$(cli) up

down: ## Stop everything that `make up` started; data stays
	@$(need_python)
	@$(cli) down

status: ## Show what runs, and where
	@$(need_python)
	@$(cli) status

logs: ## Follow the logs of `make up`; of one program: make logs PROGRAM=intake
	@compgen -G '.run/logs/$(or $(PROGRAM),*)*.log' >/dev/null $(call hint,There are no such logs. Start the stack with: make up)
	@tail -n 20 -F .run/logs/$(or $(PROGRAM),*)*.log

test: ## Set up, then run every test, against real servers of its own; CHECKED=1 leaves out what `make check` has just passed
	@$(setup)
	@$(setup) browser
	@$(bin)/python -m pytest -n 3 --dist loadgroup --durations=12 \
		$(if $(CHECKED),$(patient),tests/unit tests/contract) tests/integration tests/e2e

screenshots: ## Set up, fill a stack with dossiers and leave it running; pictures of its pages into docs/screenshots
	@$(setup)
	@$(setup) browser
	@$(cli) demo --keep
	@$(bin)/python -m tests.e2e.pictures

bench: ## Set up, then measure beside stock nameko, Django and the machine's limit; half an hour; all: FULL=1
	@$(setup)
	@$(bin)/python -m tests.bench $(if $(FULL),--full) $(PART:%=--part %) $(BENCH)

chaos: ## Set up, then let everything go wrong that may, and check that nothing is lost; all of it: FULL=1
	@$(setup)
	@$(if $(FULL),$(setup) tools)
	@$(bin)/python -m tests.chaos $(if $(FULL),--full) $(if $(ONLY),--only '$(ONLY)') $(if $(SEED),--seed $(SEED)) \
		$(if $(DOSSIERS),--dossiers $(DOSSIERS))

simulate: ## Play seeded histories of the five services without a server, on all cores: SEEDS=1000 (ten histories each), or LEAST=200 WITHIN=60
	@$(setup) python
	@$(bin)/python -W ignore -m tests.unit.simulation $(or $(SEEDS),$(if $(WITHIN),0,1000)) $(or $(FIRST),0) \
		$(if $(LEAST),--least $(LEAST)) $(if $(WITHIN),--within $(WITHIN))

# what `make test` alone plays: thousands of requests to the API, twenty seconds
patient := tests/contract/test_api_conformance.py

check: ## Lint, format, types, import contracts, unit and contract tests: about four minutes on two cores
	@$(setup) python
	@$(MAKE) --no-print-directory --jobs=2 style types imports quick

style:
	@$(need_python)
	@$(bin)/ruff check . $(call hint,ruff found mistakes. Some it mends itself: make format)
	@$(bin)/ruff format --check . $(call hint,Some files are not formatted. Type: make format)

types:
	@$(need_python)
	@$(bin)/mypy services deploy tests $(call hint,The types do not fit: see the lines above)

imports:
	@$(need_python)
	@$(bin)/lint-imports $(call hint,A module imports what it must not: see pyproject.toml [tool.importlinter])

quick:
	@$(need_python)
	@$(bin)/python -m pytest -n 2 --dist worksteal tests/unit tests/contract --ignore=$(patient)

format: ## Format the code and mend what can be mended
	@$(setup) python
	@$(bin)/ruff check --fix-only --quiet .
	@$(bin)/ruff format .

lock: ## Write the lock files anew from requirements*.in; keeps versions unless UPGRADE=--upgrade
	@$(setup) python
	@PATH="$$PWD/$(bin):$$PATH" && command -v uv >/dev/null $(call hint,uv is missing. Type: $(bin)/pip install uv)
	@PATH="$$PWD/$(bin):$$PATH" && for pair in requirements.lock=requirements-dev.in \
		requirements-django.lock=requirements-django.in; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
			--no-annotate --custom-compile-command 'make lock' $(UPGRADE) \
			--output-file "$${pair%=*}" "$${pair#*=}"; done

clean: ## Stop every stack of this checkout, also those tests left behind; remove their data and the caches
	@$(need_python)
	@$(bin)/python -m deploy.local.clean
	@find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
