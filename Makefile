# `make demo` and `make test` do all the set-up themselves, on a fresh Debian machine and where everything is there already.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
OUT    ?= out
TRIALS ?= 100000

# Without compiling everything to bytecode: a tenth of it is ever imported, and that is compiled once at the end, without the
# warnings that old packages give there.  One line a package while it runs.
PIP     = $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --prefer-binary --no-compile
FILTER := sed -u -n -e 's/^ *Downloading \([^ ]*\.\(whl\|tar\.gz\) .*\)/  downloading \1/p' \
          -e 's/^ *Using cached \([^ ]*\.\(whl\|tar\.gz\) .*\)/  cached \1/p' -e 's/^Installing collected packages.*/  unpacking/p'

.PHONY: demo test suite lint docs wheel bench qualify pdk tools soak ends fresh setup develop system clean

demo: setup
	@$(BIN)/spicekit doctor
	@echo "The main job: $(TRIALS) Monte-Carlo trials of in-memory read, AND and OR in SOT-MRAM, into $(OUT)/sot-logic"
	$(BIN)/spicekit mc sot-logic --trials $(TRIALS) --seed 1 --out $(OUT)/sot-logic
	@echo "Margins against fan-in: five campaigns of 4000 trials, into $(OUT)/fan-in"
	$(BIN)/python examples/fan_in.py --out $(OUT)/fan-in

# The types are checked beside the suite, on whose first files a core would wait otherwise.
test: develop
	@$(MAKE) --no-print-directory -j2 lint suite

# Files side by side, one more than there are cores: half of the suite waits for other processes.  The longest files first (see
# tests/conftest.py; pytest-xdist's own order is by the number of tests).  Bytecode is kept whatever the environment says: the suite
# starts Python some thousand times.
suite: develop
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n $$(($$(nproc) < 4 ? $$(nproc) + 1 : 4)) \
	  --dist loadfile --no-loadscope-reorder

lint: develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A link that leads nowhere is an error, and so is anything that a reader's browser would fetch from elsewhere.
docs: $(VENV)/.documenting
	@$(BIN)/python tools/pages.py out/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir out/site
	@! grep -rE --include='*.html' --include='*.css' 'src="?https?:|<link [^>]*href="?https?:[^>]*(stylesheet|preconnect)|url\(.?https?:' out/site
	@echo "The site: out/site/index.html (its search needs a server: $(PYTHON) -m http.server --directory out/site)"

wheel: setup
	$(BIN)/python -m pip wheel --disable-pip-version-check --quiet --no-deps --wheel-dir dist .
	@ls dist/*.whl

bench: develop
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/main_job.py
	$(BIN)/python benchmarks/ways.py
	$(BIN)/python benchmarks/ways.py --asked
	$(BIN)/python benchmarks/batch_engine.py
	$(BIN)/python benchmarks/cluster.py

# Every shipped bench over corners, temperature and supply: the table of docs/qualification.md.  Some hours on two cores; resumes.
qualify: setup
	$(BIN)/python tools/qualify.py --out $(OUT)/qualify

# The open PDKs that are installed below PDK_ROOT: their libraries are read, checked and trimmed, and a bench runs on each.
pdk: setup
	$(BIN)/python tools/open_pdks.py --out $(OUT)/pdk

# Our exported files in the tools that they are for: their sources below TOOLS_ROOT are built, each reads a file, and what it takes of it is
# compared.  TOOLS_PYTHON are interpreters that have the Python packages among them; without it these are installed into an environment.
tools: setup
	$(BIN)/python tools/real_tools.py --out $(OUT)/tools $(if $(TOOLS_ROOT),--root "$(TOOLS_ROOT)") \
	  $(foreach p,$(TOOLS_PYTHON),--python "$(p)")

soak: develop
	$(BIN)/python benchmarks/soak.py

# Every parameter of every bench at the ends of its range and between; some hours.
ends: develop
	$(BIN)/python benchmarks/ends.py

# What a new user does, on bare Debian systems in temporary folders: see the head of the script for its variables.
fresh:
	$(PYTHON) tools/fresh.py

setup: system $(VENV)/.installed

develop: setup $(VENV)/.developed

$(VENV)/.installed: pyproject.toml
	@$(BIN)/python -c 'import pip' 2>/dev/null || { echo "Making $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing the run-time packages into $(VENV)"
	@$(PIP) --editable . | $(FILTER)
	@echo "  compiling"
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -W ignore -c 'import montecarlo.plots, montecarlo.running.worker, spicekit_imc, spicekit.cli, montecarlo.cli; \
	  import montecarlo.jobs.campaign, montecarlo.jobs.sweep, scipy.stats, PySpice.Spice.NgSpice.Shared'
	@touch $@

$(VENV)/.developed: $(VENV)/.installed
	@echo "Installing what tests and checks need into $(VENV)"
	@$(PIP) --editable '.[dev]' | $(FILTER)
	@$(BIN)/python tools/compare.py
	@touch $@

$(VENV)/.documenting: system $(VENV)/.installed
	@echo "Installing what the documentation needs into $(VENV)"
	@$(PIP) --editable '.[docs]' | $(FILTER)
	@touch $@

# What pip cannot install: Python, ngspice and its library, and Debian's venv module.  Nothing is touched where all of it is there.
system:
	@missing=""; \
	if command -v $(PYTHON) >/dev/null; then \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 demo"; exit 1; }; \
	  test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="python3-venv"; \
	elif [ $(PYTHON) = python3 ]; then \
	  missing="python3 python3-venv"; \
	else \
	  echo "There is no $(PYTHON)"; exit 1; \
	fi; \
	test -n "$${NGSPICE_LIBRARY_PATH:-}" || $(PYTHON) -c \
	  'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("ngspice"))' 2>/dev/null || missing="$$missing libngspice0"; \
	command -v ngspice >/dev/null || missing="$$missing ngspice"; \
	if [ -n "$$missing" ]; then \
	  if ! command -v apt-get >/dev/null; then \
	    echo "Missing: $$missing (Debian's names). This system has no apt: install ngspice with its shared library by your"; \
	    echo "package manager (dnf install ngspice libngspice; pacman -S ngspice; brew install ngspice libngspice), or set"; \
	    echo "NGSPICE_LIBRARY_PATH to libngspice's file, and run make again."; \
	    exit 1; \
	  fi; \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	  echo "Installing $$missing by apt-get"; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

clean:
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
