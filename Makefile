# The two commands: 'make run' and 'make test'. Both work alone on a machine with Python 3.11 and make.
PYTHON ?= python3.11
BIN := .venv/bin
# Snakemake keeps a cache in the home; where that cannot be written, as in a container, it lies here.
ACTIVATE := test -w "$${XDG_CACHE_HOME:-$$HOME}" || export XDG_CACHE_HOME="$$PWD/.cache"; . $(BIN)/activate &&

.PHONY: run test bench trust lint

run: .venv/installed
	$(ACTIVATE) snakemake --cores all

test: .venv/installed
	$(ACTIVATE) pytest -n 2 --dist loadfile

bench: .venv/installed
	$(ACTIVATE) python benchmarks/run.py

trust: .venv/installed
	$(ACTIVATE) python trust/run.py

lint: .venv/installed
	$(ACTIVATE) ruff check . && ruff format --check . && deptry src && snakefmt --check Snakefile workflow && snakemake --lint

# One environment for all, at the versions in constraints.txt; made again when they change.
.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
