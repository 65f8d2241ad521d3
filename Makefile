# A machine with python3 (3.11 or newer, with venv), make and a package registry needs nothing else.
.DEFAULT_GOAL := help
export PYTHONUTF8 := 1

PY := .venv/bin/python
MASHANG := $(PY) -m mashang.site
KEY := $(shell { cat requirements.lock; pwd; } | cksum | cut -d' ' -f1)
DEVKEY := $(shell { cat requirements-dev.lock; pwd; } | cksum | cut -d' ' -f1)
DEV := .venv/.dev-$(DEVKEY)
RUN := $(or $(wildcard $(DEV)),.venv/.run-$(KEY))
PIN := $(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --upgrade
# what tools and tests start of their own lies apart from what a demo uses
APART := MASHANG_VAR="$(CURDIR)/var/test" MASHANG_SECRET=only-for-tests MASHANG_KEY=only-for-tests

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: install
install: $(RUN) ## Everything Mashang runs on, into .venv

.PHONY: demo
demo: $(RUN) ## The platform with an invented county, on http://127.0.0.1:8000 (another: make demo PORT=8080)
	@exec $(MASHANG) demo --port $(or $(PORT),8000)

.PHONY: test
test: $(DEV) ## All tests
	@$(PY) -m pytest -n auto $(ARGS)

.PHONY: test-fast
test-fast: $(DEV) ## The tests that are neither slow nor in a browser
	@$(PY) -m pytest -n auto -m "not slow and not browser" $(ARGS)

.PHONY: check
check: $(DEV) ## Style, types, layers, migrations, generated documents
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy mashang
	$(PY) -c "from importlinter.cli import lint_imports_command as run; run()" --no-logo --cache-dir var/imports
	$(APART) $(MASHANG) manage makemigrations --check --dry-run
	$(APART) $(MASHANG) docs --check

.PHONY: docs
docs: $(DEV) ## Write the generated documents again
	@$(APART) $(MASHANG) docs

.PHONY: format
format: $(DEV) ## Put the whole tree into the common form
	@$(PY) -m ruff check --fix-only . && $(PY) -m ruff format .

.PHONY: lock
lock: $(DEV) ## Choose versions anew: requirements*.in to requirements*.lock
	$(PIN) requirements.in -o requirements.lock
	$(PIN) requirements-dev.in -c requirements.lock -o requirements-dev.lock

.PHONY: stop
stop: ## Stop the demo and the embedded database
	@test ! -x $(PY) || $(MASHANG) stop

.venv/.run-$(KEY): requirements.lock pyproject.toml
	@PYTHON='$(PYTHON)' sh tools/install.sh requirements.lock '$@'

$(DEV): requirements-dev.lock pyproject.toml
	@PYTHON='$(PYTHON)' sh tools/install.sh requirements-dev.lock '$@'
