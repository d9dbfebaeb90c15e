# `make help` lists what can be done. Everything that is made lies in .venv/, var/ and __pycache__/.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv/bin
RUN := $(VENV)/python
PACKAGES := common exchanges portfolio research trading platform_site
export PYTHONPATH := $(CURDIR)

# The first of these that is Python 3.12: on the PATH, or made by pyenv.
FIND_PYTHON = for p in python3.12 python3 "$$HOME"/.pyenv/versions/3.12*/bin/python; do \
	  "$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null && echo "$$p" && exit; \
	done

.venv/.runtime: requirements.txt
	@python=$$($(FIND_PYTHON)); \
	  if [ -z "$$python" ]; then echo "Python 3.12 is needed: install python3.12, or 'pyenv install 3.12'" >&2; exit 1; fi; \
	  [ -x $(RUN) ] || "$$python" -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@# A tenth of a second a command, where Python is told to keep no bytecode of its own.
	$(RUN) -m compileall -q $(PACKAGES)
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

.PHONY: help setup demo dev test lint bench lock
help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: .venv/.dev ## build .venv and the database
	$(RUN) -m compileall -q $(PACKAGES)
	$(RUN) manage.py migrate --verbosity 0
	$(RUN) manage.py sync_strategies >/dev/null

demo: .venv/.runtime ## the main job from end to end: bars, checks, runs, ledger
	@$(RUN) manage.py migrate --verbosity 0
	@$(RUN) manage.py demo $(if $(BARS),--bars '$(BARS)')

dev: .venv/.runtime ## web, workers, beat and a broker on this machine; Ctrl-C ends them
	$(RUN) manage.py migrate --verbosity 0
	$(RUN) manage.py sync_strategies >/dev/null
	$(RUN) -m platform_site.development

test: .venv/.dev ## the whole suite against real servers
	$(RUN) -m tests.servers $(VENV)/pytest -n auto $(TESTS)
	DATABASE_URL=sqlite:///$(CURDIR)/var/test.sqlite3 $(RUN) -m tests.servers $(VENV)/pytest -n auto -m both_databases

lint: .venv/.dev ## ruff, mypy, import contracts, migrations
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/lint-imports
	$(VENV)/mypy .
	$(RUN) manage.py makemigrations --check --dry-run

bench: .venv/.dev ## every claim of speed and memory, measured
	$(RUN) -m benchmarks

lock: .venv/.dev ## write the lock files from requirements/*.in
	for file in requirements.txt requirements/platform.txt requirements/dev.txt; do \
	  case $$file in \
	    requirements.txt) inputs="requirements/platform.in requirements/engines.in" ;; \
	    requirements/platform.txt) cp requirements.txt $$file; inputs=requirements/platform.in ;; \
	    *) inputs="-c requirements.txt requirements/dev.in" ;; \
	  esac; \
	  $(VENV)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	    --no-emit-index-url --custom-compile-command "make lock" $$inputs -o $$file || exit 1; \
	done
