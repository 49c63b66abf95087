# Python 3.11 or newer with pip: make run PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
# pip of $(PYTHON) installs into the environment, which needs no pip (nor ensurepip, nor a compiler) of its own.
INSTALL := $(PYTHON) -m pip --python $(PY) --disable-pip-version-check install --quiet --only-binary :all:
# With WATCH=1 also what reports to Sentry and OpenTelemetry (docs/monitoring.md).
INSTALLED := $(VENV)/.run $(if $(WATCH),$(VENV)/.watch)
# Settings of a server, for checks: nothing of this machine's environment or .env.
PRODUCTION := env -i PATH="$$PATH" ENV_FILE=/dev/null DATABASE_URL=sqlite://:memory: HTTPS=true \
	ALLOWED_HOSTS=sms.example.org TRUSTED_PROXIES=127.0.0.1 DJANGO_SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(48))')"

.PHONY: help run release test lint bench chaos rehearsal soak clean
.DEFAULT_GOAL := help

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

run: $(INSTALLED) ## Set everything up and start it (PORT=8001 make run); Ctrl-C stops it
	@$(PY) -m smsconsolidator.firstrun
	@exec $(PY) -m smsconsolidator.supervise

release: $(INSTALLED) ## Make this folder ready for a server: environment, static files, compiled modules (WATCH=1: docs/deploy.md)
	@$(PRODUCTION) $(PY) manage.py collectstatic --no-input --verbosity 0
	@$(PY) -m compileall -q $(VENV)/lib smsconsolidator batches replies classification deploy

test: $(VENV)/.dev ## Run the tests (DATABASE_URL=postgres://… for PostgreSQL; ARGS="-k words")
	$(PY) -m pytest $(ARGS)

lint: $(VENV)/.dev ## Check style, types, security, migrations, the API's description and a server's settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(PY) -m bandit --quiet --recursive --configfile pyproject.toml .
	$(PY) .ci/audit
	$(PRODUCTION) $(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.dev ## Measure speed and memory beside two baselines
	$(PY) -m bench $(ARGS)

chaos: $(VENV)/.dev ## Kill everything at random and prove that nothing is lost or sent twice (ARGS=--quick)
	$(PY) -m chaos $(ARGS)

rehearsal: $(VENV)/.dev ## Roll out, roll back and meet a bad release under 50 messages/s (ARGS=--quick; needs nginx)
	$(PY) -m deploy.rehearsal $(ARGS)

soak: $(VENV)/.dev ## 100 messages/s for 30 minutes: nothing may grow (ARGS="--minutes 2")
	$(PY) -m chaos.soak $(ARGS)

clean: ## Remove what can be made again; .env and the database stay
	rm -rf $(VENV) static run .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run: requirements.txt | $(PY)
	@echo "Installing what the service runs on" >&2
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.watch: requirements-watch.txt $(VENV)/.run | $(PY)
	@echo "Installing what reports to Sentry and OpenTelemetry" >&2
	@$(INSTALL) -r requirements-watch.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-watch.txt requirements-dev.txt | $(PY)
	@echo "Installing what the tests and checks need" >&2
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ $(VENV)/.run $(VENV)/.watch

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. If you have it under another name: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null || \
		{ echo "pip is needed (on Debian and Ubuntu: apt install python3-pip)" >&2; exit 1; }
	@$(PYTHON) -m venv --without-pip $(VENV)
