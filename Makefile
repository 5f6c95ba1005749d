# `make demo` and `make test` do all the set-up themselves, on a fresh Debian machine and where everything is there already.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= out
TRIALS ?= 100000

.PHONY: demo test lint bench soak setup system clean

demo: setup
	@$(BIN)/spicekit doctor
	$(BIN)/python examples/fan_in.py --out $(OUT)/fan-in
	$(BIN)/spicekit mc sot-logic --trials $(TRIALS) --seed 1 --out $(OUT)/sot-logic

test: lint
	$(BIN)/python -m pytest -q

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/main_job.py
	$(BIN)/python benchmarks/ways.py
	$(BIN)/python benchmarks/cluster.py

soak: setup
	$(BIN)/python benchmarks/soak.py

setup: system $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# What pip cannot install: ngspice and its library, and Debian's venv module.  Nothing is touched where all of it is there.
system:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 demo"; exit 1; }
	@missing=""; \
	$(PYTHON) -c 'import ctypes.util, os, sys; sys.exit(not (os.environ.get("NGSPICE_LIBRARY_PATH") or ctypes.util.find_library("ngspice")))' \
	  || missing="libngspice0"; \
	command -v ngspice >/dev/null || missing="$$missing ngspice"; \
	test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -n "$$missing" ]; then \
	  if ! command -v apt-get >/dev/null; then \
	    echo "Missing: $$missing (Debian's names). This system has no apt: install ngspice with its shared library by your"; \
	    echo "package manager (dnf install ngspice libngspice; pacman -S ngspice; brew install ngspice libngspice), or set"; \
	    echo "NGSPICE_LIBRARY_PATH to libngspice's file, and run make again."; \
	    exit 1; \
	  fi; \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	  echo "Installing $$missing"; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi

clean:
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
