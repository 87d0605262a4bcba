# Two commands do everything: `make demo` and `make test`. PYTHON=3.13 (or a path) picks another Python than 3.11.
# Whatever they create stays in this folder: .venv .nox .cache collections. Also: make emulator ARGS="--help",
# make test-clients (azure-cli and CLI for Microsoft 365 too: 800 MB), make bench TENANTS=200 (FORKS=, LATENCY_MS=, BASE=),
# make bench-growth, make lint, make sanity, make build, make clean,
# and make test-all: what a release is judged by (make importer, make site, make matrix), then the tests.

help:
	@sed -n 's/^# //p; /^$$/q' Makefile

# The tools' home is in this folder, and what people have set up for Python and Ansible does not change the outcome.
# Only pip and npm keep their settings: they may name the one index that a closed network has.
USER_HOME := $(HOME)
PIP_CONFIG_FILE ?= $(shell ls "$${XDG_CONFIG_HOME:-$(USER_HOME)/.config}/pip/pip.conf" "$(USER_HOME)/.pip/pip.conf" 2>/dev/null | head -n 1)
ifneq ($(PIP_CONFIG_FILE),)
export PIP_CONFIG_FILE
endif
NPM_CONFIG_USERCONFIG ?= $(wildcard $(USER_HOME)/.npmrc)
ifneq ($(NPM_CONFIG_USERCONFIG),)
export NPM_CONFIG_USERCONFIG
endif
export HOME := $(CURDIR)/.cache/home
export XDG_CACHE_HOME := $(CURDIR)/.cache
export LC_ALL := C.UTF-8
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport XDG_CONFIG_HOME PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTEST_ADDOPTS ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH

SETUP := .venv/complete
NOX := .venv/bin/python -m nox --session

# Progress goes to stderr: the standard output of `make emulator` is the emulator's alone.
$(SETUP): requirements-dev.txt requirements-controller.txt
	@echo "Setting up .venv (once)" >&2
	@rm -rf .venv collections
	@mkdir -p "$$HOME" collections/ansible_collections/totalview
	@ln -s ../../.. collections/ansible_collections/totalview/exchange365
	@python=$$(HOME="$(USER_HOME)" tests/tooling/find-python $(or $(PYTHON),3.11 3.12 3.13 3.14 3)) && "$$python" -m venv .venv
	@.venv/bin/python -m pip install -qq --use-pep517 --requirement requirements-dev.txt >&2
	@touch $@

demo: $(SETUP)
	@exec .venv/bin/python tests/demo/run.py $(ARGS)

# pytest comes last and is not wrapped: its summary is the last line.
test: $(SETUP)
	@$(NOX) lint environments sanity
	@exec .venv/bin/python -m pytest -n 2 --dist loadgroup $(ARGS)

# What a release is judged by, besides: Galaxy's importer, the documentation's site, each ansible-core on each Python.
test-all: $(SETUP)
	@$(NOX) importer site matrix
	@$(MAKE) --no-print-directory test ARGS="--every-core $(ARGS)"

lint sanity environments importer site matrix: $(SETUP)
	@$(NOX) $@

# With the clients that are too big for everybody; from then on `make test` runs them too.
test-clients: $(SETUP)
	@$(NOX) environments big_clients
	@exec .venv/bin/python -m pytest tests/clients $(ARGS)

emulator: $(SETUP)
	@PYTHONPATH=tests exec .venv/bin/python -m emulator $(ARGS)

bench-growth: GROWTH := 1
bench bench-growth: $(SETUP)
	@PYTHONPATH=tests exec .venv/bin/python -m benchmark $(if $(TENANTS),--tenants $(TENANTS)) \
		$(if $(FORKS),--forks $(FORKS)) $(if $(LATENCY_MS),--latency-ms $(LATENCY_MS)) $(if $(BASE),--base $(BASE)) $(if $(GROWTH),--growth) $(ARGS)

# Every request of the main runs is a crash point, and fleets meet a cloud that does everything wrong.
chaos: $(SETUP)
	@PYTHONPATH=tests exec .venv/bin/python -m chaos $(if $(SEED),--seed $(SEED)) $(if $(TENANTS),--tenants $(TENANTS)) $(ARGS)

build: $(SETUP)
	@.venv/bin/python tests/tooling/install_collection.py --archive dist

clean:
	rm -rf .venv .nox .cache build collections dist

.PHONY: help demo test test-all test-clients lint sanity environments importer site matrix emulator bench bench-growth chaos build clean
