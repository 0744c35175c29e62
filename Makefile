# Weft: `make demo` runs five nodes, `make test` checks everything that needs no container.
PYTHON ?= python3
BIN := .venv/bin
SEEDS ?= 60

.PHONY: install demo demo-clean test lint unit service promises network browser simulate postgres bench audit sbom

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q weft services gateway
	touch $@

demo: install
	$(BIN)/weft demo

demo-clean:
	rm -rf demo-data

test: lint unit service promises simulate network postgres browser

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

unit: install
	$(BIN)/pytest -q -n 2 tests/unit tests/architecture

service: install
	$(BIN)/pytest -q -n 2 tests/service

promises: install
	$(BIN)/pytest -q tests/promises

simulate: install
	$(BIN)/pytest -q -n 2 tests/simulation
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

network: install
	$(BIN)/pytest -q -n 2 --dist loadfile tests/network

# The same tests on PostgreSQL, of the parts whose databases differ most.
postgres: install
	$(BIN)/python -m tests.network.postgres $(BIN)/pytest -q -n 2 --dist loadfile tests/service/catalog tests/service/records \
	  tests/promises/test_2_everywhere_once_in_order.py tests/promises/test_5_provable.py

browser: install
	$(BIN)/pytest -q tests/browser

bench: install
	$(BIN)/python -m benchmarks all --json

# Known holes in what is depended on (asks the network), and secrets that slipped in.
audit: install
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock
	$(BIN)/pytest -q tests/architecture/test_secrets.py

sbom: install
	mkdir -p build
	$(BIN)/cyclonedx-py environment .venv --pyproject pyproject.toml --of JSON -o build/sbom.json
