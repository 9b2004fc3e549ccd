# The two commands: 'make run' and 'make test'. Both work alone on a machine with Python 3.11 and make.
PYTHON ?= python3.11
BIN := .venv/bin
# Snakemake keeps a cache in the home; where that cannot be written, as in a container, it lies here.
ACTIVATE := test -w "$${XDG_CACHE_HOME:-$$HOME}" || export XDG_CACHE_HOME="$$PWD/.cache"; . $(BIN)/activate &&

.PHONY: run test bench gpu trust lint docs audit

run: .venv/installed
	$(ACTIVATE) snakemake --cores all

test: .venv/installed
	$(ACTIVATE) pytest -n 2 --dist loadfile -m "not service and not bench"
	$(ACTIVATE) pytest -m service

bench: .venv/installed
	$(ACTIVATE) python benchmarks/run.py

# With CIFAR-10: make gpu CIFAR=PATH. Other flags: python benchmarks/gpu.py --help
gpu: .venv/installed
	$(ACTIVATE) python benchmarks/gpu.py --out results/gpu $(if $(CIFAR),--cifar "$(CIFAR)")

trust: .venv/installed
	$(ACTIVATE) python trust/run.py

lint: .venv/installed
	$(ACTIVATE) ruff check . && ruff format --check . && deptry src && snakefmt --check Snakefile workflow && snakemake --lint && hadolint Dockerfile

# The site, into site/; a link or an anchor that leads nowhere ends it (with --quiet MkDocs would count none).
docs: .venv/docs
	$(ACTIVATE) NO_MKDOCS_2_WARNING=1 mkdocs build --strict

.venv/docs: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	touch $@

# Known weaknesses of the locked versions, and the bill of materials; the tools lie in an environment of their own.
audit: .venv-audit/installed
	.venv-audit/bin/cyclonedx-py requirements constraints.txt --output-reproducible --output-file sbom.cdx.json
	.venv-audit/bin/python .ci/audit.py

.venv-audit/installed:
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1 cyclonedx-bom==7.5.0
	touch $@

# One environment for all, at the versions in constraints.txt; made again when they change. pip says nothing while it
# unpacks, which takes a minute or two: the loop says that it goes on.
.venv/installed: pyproject.toml constraints.txt
	@echo "Installing pinned versions into .venv: 2 to 5 minutes, 2.7 GB"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@(while sleep 15; do echo "still installing: $$(du -sh .venv | cut -f1)"; done) & waiting=$$!; trap "kill $$waiting" EXIT; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
