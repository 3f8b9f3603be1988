# What a person types. `make demo` and `make test` need Python 3.11+ and make, nothing else.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check

.PHONY: help demo up test soak fuzz bench bench-short dead-letters docs lint types check lock install clean deploy \
  teardown entra rotate-master-key infra infra-check

help: ## what there is to type
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

demo: install ## the main job, end to end, on this machine
	@$(RUN) -m local.demo

up: install ## keep the local stack in the foreground
	@$(RUN) -m local.up $(ARGS)

test: $(VENV)/dev ## every test, on real parts
	@$(RUN) -m pytest $(ARGS)

soak: $(VENV)/dev ## random schedules in the simulator: SEEDS=n of them, or SEED=n alone
	@$(RUN) -m tests.simulation.soak $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000) --first $(or $(FIRST),0))

fuzz: $(VENV)/dev ## coverage-guided fuzzing of the check of result entries, for SECONDS=60 (Linux, Python 3.11 to 3.13)
	@$(PIP) atheris==3.0.0
	@mkdir -p .local/fuzz && $(RUN) -m tests.fuzz.line_validator -max_total_time=$(or $(SECONDS),60) -max_len=8192 \
	  -artifact_prefix=.local/fuzz/ .local/fuzz tests/fuzz/corpus

bench: $(VENV)/dev ## how fast it is, into benchmarks/RESULTS.md: DATA=folder of references, ONLY=part (ten minutes)
	@$(RUN) -m benchmarks $(if $(DATA),--data $(DATA)) $(if $(ONLY),--only $(ONLY))

bench-short: $(VENV)/dev ## the same in two minutes: it fails if a ratio falls under its floor
	@$(RUN) -m benchmarks --short $(if $(DATA),--data $(DATA)) $(if $(ONLY),--only $(ONLY))

dead-letters: install ## list what was given up on, here or with ENV= in Azure; RESEND=all, or ids as listed, sends it again
	@$(if $(ENV),$(RUN) -m infra.deploy settings $(ENV))
	@$(RUN) -m operations.dead_letters $(if $(RESEND),resend $(if $(filter all,$(RESEND)),--all,$(RESEND)),list) \
	  $(if $(ENV),--settings .local/$(ENV).settings.json) $(ARGS)

docs: install ## write docs/lifecycle.md anew from the lifecycle's table
	@$(RUN) -m local.lifecycle_page

infra: $(VENV)/bin/python ## write anew what the Bicep compiler makes of infra/ (BICEP=, else bicep on the PATH)
	@$(RUN) -m infra.compiled --write

infra-check: $(VENV)/dev ## compile, lint and scan infra/, and show that wrong edits are caught (five minutes)
	@$(RUN) -m infra.compiled --check
	@$(RUN) -m pytest tests/bicep $(ARGS)

lint: $(VENV)/dev ## ruff, strict, and bandit on what is deployed
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m bandit --quiet --recursive --configfile pyproject.toml functions function_app.py

types: $(VENV)/dev ## mypy, strict
	@$(RUN) -m mypy

check: lint types test demo ## lint, types, test and demo

lock: $(VENV)/dev ## write requirements.txt anew from requirements.in, with hashes
	@{ echo "# What Azure installs. Made by \`make lock\` from requirements.in: change that, not this."; \
	   $(RUN) -m uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
	     --no-annotate --no-header --quiet; } > requirements.txt

install: $(VENV)/local ## what the stack and the demo need
clean: ## remove what was installed and made
	rm -rf $(VENV) .local local/emulators/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or say: make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old: Python 3.11 or newer is needed. Say: make PYTHON=python3.13"; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: install it (Debian and Ubuntu: python3-venv)."; exit 1; }

$(VENV)/local: $(VENV)/bin/python requirements.txt requirements-local.txt local/emulators/package-lock.json
	@echo "Installing what the local stack needs ..."
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) -r requirements-local.txt
	@$(RUN) -m local.install
	@touch $@

$(VENV)/dev: $(VENV)/local requirements-dev.txt requirements-sdk.txt requirements-bench.txt
	@echo "Installing what the tests and the benchmarks need ..."
	@$(PIP) -r requirements-dev.txt -r requirements-sdk.txt -r requirements-bench.txt
	@$(RUN) -m tests.sdk.install
	@touch $@

# The operator's, with az and func: docs/deploying.md. Variables that are given here are in the command's environment.
deploy: $(VENV)/bin/python ## to Azure: ENV=dev or prod, and for the first time LOCATION=...
	@$(RUN) -m infra.deploy deploy $(ENV)

teardown: $(VENV)/bin/python ## delete what was deployed to ENV=dev or prod; ENTRA=1: and its application in Entra
	@$(RUN) -m infra.deploy teardown $(ENV)

entra: $(VENV)/bin/python ## make the application in Entra that tokens are for, ENV=dev or prod
	@$(RUN) -m infra.deploy entra $(ENV)

rotate-master-key: $(VENV)/bin/python ## give ENV=dev or prod another master key: every robot's secret ends
	@$(RUN) -m infra.deploy rotate-master-key $(ENV)
