# Everything a person does with this project. `make` alone lists the verbs.
#
# A fresh clone needs git, make, a C compiler and any Python from 3.9 on. The project's own
# Python and its dependencies go to .venv, from uv.lock; nothing is installed outside this folder.
#
#   make test PYTHON=3.12      the same on another Python, in an environment of its own
#   make test ARGS=tests/test_records.py
#   make run ARGS='--for 0'

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test bench drill lint format generate build clean

UV_VERSION := 0.13.9
PYTHON := $(shell cat .python-version)
PYTHON3 :=
ARGS :=

VENV := .venv$(if $(filter-out $(shell cat .python-version),$(PYTHON)),-$(subst /,_,$(PYTHON)))
IN_VENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
PY := $(VENV)/bin/python

# Another active environment must not leak into this one, nor this one into it.
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME PYTHON
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON := $(PYTHON)
# The certificates that the machine trusts, a company's own among them.
export UV_SYSTEM_CERTS := 1

ROOMS := $(wildcard lmax journal replicator ledger marketdata flow gateway node bench tests)
CYTHON := $(shell find $(ROOMS) -name '*.pyx' -o -name '*.pxd' -o -name '*.h')

help:
	@echo 'make run       the whole system on realistic order flow, with a live view'
	@echo 'make test      the whole test suite, linters included'
	@echo 'make drill     a failover exercise: two nodes, a client, and a fault'
	@echo 'make bench     the benchmarks, each beside a raw limit'
	@echo 'make lint      linters, types and style only'
	@echo 'make format    put Python files into the one format'
	@echo 'make generate  rewrite the files that come from lmax/schema.py and journal/schema.py'
	@echo 'make build     environment and Cython modules (the verbs above do it when needed)'
	@echo 'make clean     remove everything that was generated, run data and environments too'
	@echo
	@echo 'PYTHON=3.12 uses another Python; ARGS="…" is passed on to run, test and bench.'

run: build
	@$(PY) -m lmax run $(ARGS)

test: build
	@$(IN_VENV) $(PY) -m tests.servers
	@$(IN_VENV) $(PY) -m tests $(ARGS)

drill: build
	@$(PY) -m lmax drill $(if $(ARGS),$(ARGS),--rounds 3)

bench: build $(VENV)/.peers
	@$(IN_VENV) $(PY) -m bench $(ARGS)

lint: build
	@$(IN_VENV) $(PY) -m tests.lint

format: $(VENV)/.dependencies
	@$(IN_VENV) ruff check --quiet --fix-only . && ruff format .

generate: $(VENV)/.dependencies
	@$(PY) -m lmax.schema
	@$(PY) -m journal.generate

# Run as root, the database of lmax-data may be in a folder of its own under /var/tmp.
clean:
	@if [ -f lmax-data/postgres/location.json ]; then \
		sed 's/[{},]/\n/g' lmax-data/postgres/location.json | \
		sed -n 's/.*"\(\/var\/tmp\/lmax-postgres-[^"/]*\|\/tmp\/lmax-pg-[^"/]*\)".*/\1/p' | \
		while read -r folder; do echo "rm -rf $$folder"; rm -rf "$$folder"; done; fi
	rm -rf build dist lmax-data *.egg-info .uv .venv .venv-* \
		.pytest_cache .hypothesis .ruff_cache .mypy_cache .benchmarks
	find $(ROOMS) -name __pycache__ -prune -exec rm -rf {} +
	find $(ROOMS) \( -name '*.so' -o -name '*.c' -o -name '*.html' \) -delete

build: $(VENV)/.modules $(VENV)/.installed

# The lmax command and the package's metadata; the modules stay where they are in the checkout.
$(VENV)/.installed: pyproject.toml setup.py $(wildcard $(ROOMS:=/__init__.py)) | $(VENV)/.modules
	@$(call UV,pip install --python $(PY) --quiet --no-deps --no-build-isolation --editable .)
	@touch $@

# Cython translates and the compiler compiles only what changed.
$(VENV)/.modules: $(VENV)/.dependencies $(VENV)/.generated setup.py $(CYTHON)
	@echo 'Building the Cython modules'
	@$(IN_VENV) $(PY) setup.py --quiet build_ext --inplace
	@touch $@

# CI builds what was committed, so that a test can tell when that is out of date.
$(VENV)/.generated: lmax/schema.py journal/schema.py $(wildcard lmax/base/*.pxd lmax/book/*.pxd lmax/state/*.pxd) | $(VENV)/.dependencies
	@$(if $(CI),true,$(PY) -m lmax.schema && $(PY) -m journal.generate)
	@touch $@

$(VENV)/.dependencies: pyproject.toml uv.lock .python-version | .uv/ready
	@echo 'Installing dependencies for Python $(PYTHON) into $(VENV)'
	@$(call UV,sync --locked --no-install-project --quiet) || { $(NO_PYTHON); exit 1; }
	@touch $@

# The order books that the benches compare with. One that does not install is left out; the
# bench names it with its error.
PEERS := liquibook limit-order-book litebook matching-engine
$(VENV)/.peers: $(VENV)/.dependencies
	@echo 'Installing the peers for the benches'
	@mkdir -p $(VENV)/peers
	@failed=; for peer in $(PEERS); do \
		if $(call UV,sync --locked --inexact --only-group peer-$$peer --no-install-project) \
			>$(VENV)/peers/$$peer.log 2>&1; then rm $(VENV)/peers/$$peer.log; \
		else failed=1; echo "  $$peer does not install; see $(VENV)/peers/$$peer.log"; fi; \
	done; [ -n "$$failed" ] || touch $@

# pyenv's interpreters are found on PATH only where its shims happen to select them.
PYENV_BIN = $$(ls -d "$${PYENV_ROOT:-$$HOME/.pyenv}/versions/$(PYTHON)"*/bin 2>/dev/null | tail -n 1)
UV = found="$(PYENV_BIN)"; PATH="$${found:+$$found:}$$PATH" $$(cat .uv/ready) $(1)
define NO_PYTHON
echo 'make: the environment could not be made; the reason is above.' >&2; \
	echo '  Python $(PYTHON) missing and not to be downloaded? Install it, or name another:' >&2; \
	echo '  make PYTHON=3.12, or PYTHON=/path/to/python (3.12 or newer).' >&2
endef

# uv itself: the one on PATH if it is new enough, else one in .uv from the package index.
# .uv/ready holds its path.
.uv/ready:
	@mkdir -p .uv
	@found=$$(command -v uv || true); \
	version=$$([ -n "$$found" ] && "$$found" --version 2>/dev/null | cut -d' ' -f2 || echo 0); \
	newest=$$(printf '%s\n' "$(UV_VERSION)" "$$version" | sort -V | tail -n 1); \
	if [ "$$version" = "$$newest" ]; then echo uv > $@; exit 0; fi; \
	for python in $(PYTHON3) python3 python3.13 python3.12 python3.11 python3.10 python3.9 python; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || continue; \
		echo "Installing uv $(UV_VERSION) into .uv with $$("$$python" --version)"; \
		rm -rf .uv/env; \
		if ! "$$python" -m venv .uv/env >.uv/log 2>&1; then cat .uv/log >&2; \
			echo "make: $$python cannot make virtual environments." >&2; \
			echo "  On Debian and Ubuntu: apt-get install python3-venv. Or put uv on PATH." >&2; \
			exit 1; fi; \
		.uv/env/bin/python -m pip install --quiet --disable-pip-version-check \
			"uv==$(UV_VERSION)" || exit 1; \
		echo .uv/env/bin/uv > $@; exit 0; \
	done; \
	echo 'make: no Python 3.9 or newer was found. Install one (Debian: python3, python3-venv),' >&2; \
	echo '  or name it: make PYTHON3=/path/to/python3' >&2; exit 1
