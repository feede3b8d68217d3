# What people and CI run. `make demo` and `make test` need nothing but Python >= 3.11 and make.
VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
PORT ?= 5000
export FLASK_RUN_PORT = $(PORT)
# Some tests wait for a browser or a server: two at a time are done sooner on any machine.
WORKERS ?= --numprocesses 2 --dist worksteal

.PHONY: help demo run test test-all test-postgresql check format bench clean
help:
	@echo "make demo      install, prepare the demo study and serve it on http://127.0.0.1:$(PORT)"
	@echo "make test      install what the tests need and run the fast suite"
	@echo "make test-all  every test, the slow ones too (what CI runs)"
	@echo "make test-postgresql  the tests of the web application on PostgreSQL in the place of SQLite"
	@echo "make check     formatting, lint and strict types"
	@echo "make format    format the code"
	@echo "make bench     the benchmarks, beside their peers"
	@echo "make clean     remove the virtual environment (instance/ stays)"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Blindmix needs Python 3.11 or newer; this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Blindmix into $(VENV) (once; some minutes)"
	$(INSTALL) .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Blindmix and its test tools into $(VENV) (once; some minutes)"
	$(INSTALL) '.[dev]'
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/flask demo
	$(BIN)/flask run

run: $(VENV)/.installed
	$(BIN)/flask run

test: $(VENV)/.installed-dev
	@tests/install_programs.sh
	$(BIN)/python -m pytest $(WORKERS) -m "not slow"

test-all: $(VENV)/.installed-dev
	@tests/install_programs.sh all
	$(BIN)/python -m pytest $(WORKERS)
	@$(MAKE) test-postgresql

test-postgresql: $(VENV)/.installed-dev
	@tests/install_programs.sh all
	BLINDMIX_TEST_DATABASE=postgresql $(BIN)/python -m pytest $(WORKERS) tests/listening

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV)
