# The commands set up .venv by themselves: they need Python 3.11 to 3.13, make, and a network that
# reaches a Python package index.
PYTHON ?= python3
VIDEO ?= samples/pitch.mp4
CAPTIONS ?=
ARGS ?=
LOCK ?= base
BIN := .venv/bin

# File names are passed through the environment, where no character is special.
export PITCH_VIDEO := $(value VIDEO)
export PITCH_CAPTIONS := $(value CAPTIONS)

.PHONY: analyze up dagit models test test-slow test-system fuzz lint access train settings schema audit lock install install-dev install-locked

analyze: .venv/installed  ## score a pitch: make analyze VIDEO=my_pitch.mp4 [CAPTIONS=my_pitch.vtt]
	@$(BIN)/pitchquest analyze $(if $(CAPTIONS),--captions "$$PITCH_CAPTIONS") $(ARGS) -- "$$PITCH_VIDEO"

up: .venv/installed  ## analyse whatever is uploaded, until Ctrl-C
	@$(BIN)/pitchquest up $(ARGS)

# Not `dagster dev`: it answers to any host name, so a page of another site could reach it.
dagit: up  ## look at the graph in a browser: Dagit is a part of `up`

models: .venv/installed  ## fetch the model files now rather than when they are first needed
	@$(BIN)/pitchquest models pull $(ARGS)

test: .venv/installed-dev  ## run the tests
	@$(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist loadfile -m "not slow and not system" $(ARGS)

test-slow: .venv/installed-dev  ## run the slow tests
	@$(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist loadfile -m slow $(ARGS)

test-system: .venv/installed-dev  ## run whole systems while killing and cutting off their parts
	@$(BIN)/pytest -m system $(ARGS)

fuzz: .venv/installed-dev  ## feed broken videos and captions to the readers for two minutes
	@$(BIN)/python benchmarks/fuzz.py $(ARGS)

audit:  ## look for known vulnerabilities in the locked packages; needs a network
	@PYTHON=$(PYTHON) .ci/audit $(ARGS)

lock: .venv-tools/installed  ## write locks/ and constraints.txt anew; needs a package index
	@locks/write .venv-tools/bin/uv

# Exactly the files that were recorded, by their SHA-256: make install-locked LOCK=celery
install-locked:  ## set up .venv from locks/
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/$(LOCK).txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/installed

lint: .venv/installed-dev  ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

access: .venv/installed-dev  ## rewrite docs/access.md, from what each caller can do
	@WRITE_ACCESS=1 $(BIN)/pytest pitchquest_assets_tests/rest/test_access.py

train: .venv/installed-dev  ## retrain the local judge, from training/content
	@$(BIN)/python training/content/train.py

settings: .venv/installed  ## rewrite docs/settings.md and .env.example, from settings.py
	@$(BIN)/python -m pitchquest_assets.cli.settings_page

schema: .venv/installed  ## rewrite the JSON Schema of a result and docs/result.ts, from model.py
	@$(BIN)/python -m pitchquest_assets.cli.schema

install: .venv/installed
install-dev: .venv/installed-dev

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "PitchQuest needs Python 3.11 to 3.13; name one: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv; this takes a few minutes the first time."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/installed-dev: .venv/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.venv-tools/installed:
	@$(PYTHON) -m venv .venv-tools
	@.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check pip-audit uv
	@touch $@
