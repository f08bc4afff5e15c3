# Everything a person or CI runs. `make demo` and `make test` each work straight after a clone.
.DEFAULT_GOAL := help
.PHONY: help setup browser demo test slow check format bench fuzz agree mutants vectors lock infra clean

VENV    := .venv
BIN     := $(VENV)/bin
PYTHON  ?= $(or $(shell command -v python3.11),python3)
ARGS    ?=
# With this set, every start compiles every import afresh: five seconds instead of one.
unexport PYTHONDONTWRITEBYTECODE

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/ready  ## the environment, from locked dependencies

NATIVE  := $(wildcard ledger/merkle/_kernel.c ledger/merkle/native/*)

$(VENV)/ready: requirements.lock infra/bootstrap.lock pyproject.toml setup.py $(NATIVE)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r infra/bootstrap.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

browser:  ## the Chromium that some tests drive, from Debian's packages; without it they are skipped
	command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

demo: setup  ## a ledger in demo/, from mine to coil, served on port 8080 (ARGS=--no-serve stops before)
	$(BIN)/coilmark demo $(ARGS)

# One process more than cores here: some tests wait for servers. Whole files: what a file needs is made once.
TESTS   := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: setup  ## the tests of every part, in two to four minutes; of properties a few examples
	$(TESTS) -m "not slow" --hypothesis-profile=few $(ARGS)

slow: setup  ## all other tests, and all examples of properties: ten to twenty minutes
	$(TESTS) -m "slow or hypothesis" $(ARGS)

check: setup  ## style, types, import contracts, docs and help texts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/house

format: setup  ## what a machine can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fuzz: setup  ## a million mutated requests, and twenty thousand hostile Arrow streams, four thousand files
	COILMARK_FUZZ=1000000 $(BIN)/python -m pytest -q --timeout=0 tests/api/test_fuzz.py tests/merkle/test_hostile_arrow.py \
	  tests/audit/test_audit_exports.py $(ARGS)

agree: setup  ## both verifiers, Python and JavaScript, on 10 000 generated, forged and damaged bundles
	$(BIN)/python -m tests.browser.agree $(ARGS)

mutants: setup  ## seeded bugs: each is put into a copy of the tree, and the test named beside it goes red
	$(BIN)/python -m tests.mutants.run $(ARGS)

vectors: setup  ## schemas/vectors and the worked example, made again
	$(BIN)/python -m tests.vectors.make

COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet

lock: setup  ## all locks from pyproject.toml, hashes and no host names
	$(COMPILE) --extra dev -o requirements.lock
	$(COMPILE) --extra image -c requirements.lock -o infra/runtime.lock
	$(COMPILE) --extra infra -c requirements.lock -o infra/linters.lock

infra: setup  ## the linters of what cannot be run here: Containerfile, Kubernetes manifests
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r infra/linters.lock
	$(BIN)/hadolint infra/Containerfile
	$(BIN)/kubernetes-validate --strict infra/kubernetes/*.yaml

clean:  ## leave nothing that a clone would not have
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
