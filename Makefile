# `make demo` shows the tool at work; `make check test` is what CI runs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOL := $(VENV)/.tool
STAMP := $(VENV)/.installed
MOCK := $(VENV)/mock-server/node_modules/.bin/steady
SDKS := .venv-sdk1/.installed .venv-sdk2/.installed .venv-sdk3/.installed $(VENV)/npm-sdk/.installed
SERVERS := .venv-llama/.installed .venv-litellm/.installed

# Hundreds of tests start the tool: without compiled modules each start takes a third longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo check package test dist fuzz test-slow upstreams sdks completions docs format site bench soak clean

demo: $(TOOL)  ## run the main job offline: once as JSON, once as text
	@mkdir -p .demo
	OPENAI_LOCAL_STORE=.demo/demo.db $(BIN)/openai --local beta:threads create-and-run \
		--assistant-id asst_demo --message "Hello from the embedded engine"
	OPENAI_LOCAL_STORE=.demo/demo.db $(BIN)/openai --local beta:threads create-and-run \
		--assistant-id asst_demo --message "Hello from the embedded engine" --format text

check: $(STAMP) package  ## format, lint, types, directions of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

package: $(STAMP)  ## what was installed fits together; wheel and source archive are as an index wants them
	$(BIN)/pip check
	rm -rf build/checked
	$(BIN)/hatchling build -d build/checked
	$(BIN)/twine check --strict build/checked/*

test: $(STAMP)  ## the default suite, in parallel
	$(BIN)/pytest

dist: $(STAMP)  ## dist/: wheel, source archive, and openai.pyz, the tool with all it needs in one file
	rm -rf dist
	$(BIN)/hatchling build
	$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz
	$(BIN)/shiv --quiet --compile-pyc --console-script openai --python '/usr/bin/env python3' \
		--output-file dist/openai.pyz --disable-pip-version-check "$$(echo dist/*.whl)[br,explore,keyring,metrics,postgres,serve,socks,trust,zstd]"

fuzz: $(STAMP)  ## ten minutes of senseless command lines, input, answers and streams
	FUZZ_SECONDS=600 $(BIN)/pytest -n 7 -m slow tests/fuzz

test-slow: $(STAMP) $(MOCK) $(SDKS)  ## the long loops (kill, fuzz, load); a mock server (needs npm); the official SDK
	$(BIN)/pytest -n 6 -m slow

upstreams: $(STAMP) $(SERVERS) .venv-sdk3/.installed  ## runs on real model servers (installs them first: minutes, a compiler)
	$(BIN)/pytest -m upstreams -n 0 tests/upstreams

sdks: $(SDKS)  ## environments of the official SDK, which brings a command `openai` of its own

completions: $(STAMP)  ## completions/, the scripts of four shells, from the declarations
	$(BIN)/python -m openai_cli.completion completions

docs: $(STAMP)  ## docs/man, docs/reference, the pictures and the rows of --help, from the declarations
	$(BIN)/python -m openai_cli.manual docs

site: .venv-site/.installed  ## site/, the documentation with a search; a link that leads nowhere is an error
	.venv-site/bin/zensical build --strict --config-file mkdocs.yml

format: $(STAMP)  ## rewrite the code as `check` wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## what calls cost, as ratios in one run; writes a table into docs/performance.md
	$(BIN)/python -m benchmarks.calls --write
	$(BIN)/python -m benchmarks.completion
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.long_threads
	$(BIN)/python -m benchmarks.keep_alive
	$(BIN)/python -m benchmarks.bulk
	$(BIN)/python -m benchmarks.large_bodies

soak: $(STAMP)  ## two minutes of `local serve` under a mixed load with kills, then integrity
	$(BIN)/python -m benchmarks.soak

clean:
	rm -rf $(VENV) .venv-* .demo build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The tool alone, which takes a fraction of the time that the tools of development take.
$(TOOL): pyproject.toml
	$(PYTHON) -m venv $(VENV) || { echo "Python's venv is incomplete; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(STAMP): $(TOOL)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The mock server that OpenAI's own tools are tested with.
$(MOCK): $(STAMP)
	npm install --silent --no-audit --no-fund --no-save --prefix $(VENV)/mock-server @stdy/cli@0.22.2
	@touch $@

$(VENV)/npm-sdk/.installed: $(STAMP)
	npm install --silent --no-audit --no-fund --no-save --prefix $(VENV)/npm-sdk openai@7.57.0
	@touch $@

.venv-sdk%/.installed: tests/sdk/sdk%.txt
	$(PYTHON) -m venv .venv-sdk$*
	.venv-sdk$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv-site/.installed:
	$(PYTHON) -m venv .venv-site
	.venv-site/bin/pip install --quiet --disable-pip-version-check 'zensical>=0.0.73'
	@touch $@

.venv-llama/.installed .venv-litellm/.installed: .venv-%/.installed: tests/upstreams/%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
