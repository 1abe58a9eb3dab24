# Every target can be run on its own from a fresh clone, and does again only what has changed.
# `make help` lists those that have a sentence.
.POSIX:

PYTHON = python3
ENGINE = opa
BUILDER = buildah
BASES = named
# How many processes share the fast tests, and how many all of them, of which many wait more than
# they compute; the tests of one file stay in one.
JOBS = 2
JOBS_ALL = 4
# Which adapters `make test-integrations` runs: all that have a harness.
ADAPTERS = $(sort $(patsubst tests/integrations/%/harness.py,%,$(wildcard tests/integrations/*/harness.py)))
# Those whose tests take longest, which start first. A gateway is a process of many threads: it has no
# second one beside it.
LONG = mcp litellm claude_agent_sdk
# What the tests of one need besides.
MORE_mcp = ,issuer
MORE_litellm = ,litellm-proxy
# A SHA-256 to hold the release of OPA to, on a platform for which none is pinned.
OPA_SHA256 =

# OPA and Go are run often, and each time for seconds: they need not give memory back before the end.
export GOGC = 400
# Each process of the tests would compile them again, for a quarter of a minute.
unexport PYTHONDONTWRITEBYTECODE

VENV = .venv
PY = $(VENV)/bin/python
BIN = .tools/bin
OPA = $(BIN)/opa
# What depends on how OPA itself behaves: it is run with the oldest one too. On text that is no
# UTF-8, the oldest gives no answer where a later one says no; the host is held to the later.
WITH_OPA = tests/integration/test_bundles.py tests/integration/test_opa_api_closed.py \
	tests/integration/test_decision_log.py tests/integration/test_live_feed.py \
	tests/integration/test_opa_server.py tests/integration/test_engines_agree.py \
	tests/integration/test_builtins.py tests/integration/test_shape.py \
	tests/integration/test_opa_versions.py
STRICTER = $(BUILTINS)::test_arguments_it_takes_and_any_others[strings.any_suffix_match]
BUILTINS = tests/integration/test_builtins.py

.PHONY: help setup opa opa-oldest regal schemas shape catalogue capabilities docs docs-deployment docs-lint docs-flow docs-registry docs-integrations interop public generated \
	generated-check assets demo test test-all py-test-all test-servers test-servers-nightly integrations test-integrations rego-test py-test lint lint-rego lint-python mutants \
	mutants-python bench-integrations nightly lowest test-oldest-opa bench cost bench-mcp closure performance revocation evaluate wheel image clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/stamp opa ## Make the virtual environment and install the pinned OPA

$(VENV)/stamp: pyproject.toml constraints/latest.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or later is needed, e.g. make PYTHON=python3.12")'
	$(PYTHON) tools/environment.py $(VENV) --constraint constraints/latest.txt \
		'.[cli,otlp,redis,spire,issuer,test,vectors,lint]'
	touch $@

opa: ## Install the pinned OPA
	@$(PYTHON) tools/install.py opa --to $(BIN) --sha256 '$(OPA_SHA256)'

opa-oldest: ## Install the oldest OPA that is supported, beside the pinned one
	@$(PYTHON) tools/install.py opa-oldest --to $(BIN)

regal: ## Install the pinned Regal, the linter of Rego
	@$(PYTHON) tools/install.py regal --to $(BIN)

schemas: setup ## Write schemas/ from the SDK's models
	$(PY) -m tools.generate schemas

shape: setup ## Write rego/inbounds/lib/shape/ from the SDK's models
	$(PY) -m tools.generate shape

catalogue: setup ## Write the list of rules that the policy walks from their annotations
	$(PY) -m tools.generate catalogue

capabilities: setup ## Write the list of built-ins that both engines have
	$(PY) -m tools.generate capabilities

docs: setup ## Write docs/rules/ from the annotations and the cases
	$(PY) -m tools.generate docs

docs-deployment: setup ## Write the tables of docs/deployment.md from the fields of a deployment
	$(PY) -m tools.generate docs-deployment

docs-integrations: setup ## Write the matrix of docs/integrations/README.md from the results of the adapters' tests
	$(PY) -m tools.generate docs-integrations

docs-lint: setup ## Write the table of docs/lint.md from the checks of `inbounds lint`
	$(PY) -m tools.generate docs-lint

docs-flow: setup assets ## Write the outcomes of docs/flow.md from the policy
	$(PY) -m tests.flow_table

docs-registry: setup ## Write the tables of docs/registry.md from the questions about effects
	$(PY) -m tools.generate docs-registry

interop: setup ## Write docs/interop.md from what was found of chains that others wrote
	$(PY) -m tools.generate interop

public: setup ## Write docs/public/, what users may rely on
	$(PY) -m tools.generate public

generated: setup ## Write everything that is generated and committed
	$(PY) -m tools.generate

generated-check: setup ## Fail if anything generated is stale
	$(PY) -m tools.generate --check

assets: setup ## Make what the package ships: policy, schemas, signed bundles
	$(PY) -m tools.assets

demo: setup assets ## Show an assistant at work, and what stops it (ENGINE=opa or embedded)
	$(PY) -m demo --engine $(ENGINE)

test: rego-test py-test ## Run the fast tests: those of the policy, and those that stay in one process

test-all: rego-test py-test-all test-servers test-integrations ## Run every test but those of `make nightly`

rego-test: setup
	$(PY) -m tools.rego_tests

py-test: setup assets
	$(PY) -m pytest -m 'not nightly and not system' --numprocesses $(JOBS) --dist loadfile

# Files with system tests come first (tests/tiers.py), so that no long one is left to the end.
py-test-all: setup assets
	$(PY) -m pytest -m 'not nightly' --ignore tests/servers --numprocesses $(JOBS_ALL) --dist loadfile \
		--no-loadscope-reorder --durations 20

test-servers: setup assets ## Install servers of others, and run the tests against them (REQUIRE_SERVERS=openbao,postgres,oidc: skip none)
	$(PY) -m tools.servers
	$(PY) -m pytest -m 'not nightly' --numprocesses $(JOBS) --dist loadfile tests/servers

test-servers-nightly: setup assets ## Install Keycloak by Maven, build SPIRE in minutes, and run the tests against them
	$(PY) -m tools.servers keycloak spire
	REQUIRE_SERVERS=keycloak,spire $(PY) -m pytest -m nightly tests/servers

# For each framework an environment of its own, kept as long as its versions are.
build/integrations/%/stamp: pyproject.toml constraints/integrations/%.txt
	$(PYTHON) tools/environment.py build/integrations/$* --constraint constraints/integrations/$*.txt \
		'.[$(subst _,-,$*),cli,test$(MORE_$*)]'
	touch $@

integrations: $(ADAPTERS:%=build/integrations/%/stamp) ## Make the environments of the adapters

test-integrations: assets ## Run every adapter against its framework, in an environment of its own (one: ADAPTERS=langchain)
	@$(MAKE) --no-print-directory --jobs $(JOBS) ADAPTERS='$(ADAPTERS)' integrations
	@$(MAKE) --no-print-directory --jobs $(JOBS) --output-sync=target ADAPTERS='$(ADAPTERS)' \
		$(patsubst %,test-integration-%,$(filter $(ADAPTERS),$(LONG)) $(filter-out $(LONG),$(ADAPTERS)))

# Two adapters run at a time, as their tests wait more than they compute.
test-integration-%:
	@echo "$*:"
	@if [ $* = litellm ]; then jobs=1; else jobs=$(JOBS); fi; \
	INTEGRATION=$* build/integrations/$*/bin/python -m pytest -q -m 'not nightly' \
		--numprocesses $$jobs --dist worksteal tests/integrations

bench-integrations: assets integrations ## Measure what each adapter adds to a call of its framework
	@set -e; for name in $(filter-out agent_hooks,$(ADAPTERS)); do build/integrations/$$name/bin/python -m bench.integrations $$name; done

lint: lint-rego lint-python generated-check ## Check style, types and generated files

lint-rego: setup regal
	$(OPA) fmt --list --fail rego
	$(OPA) check --strict --schema schemas rego
	$(OPA) check --strict --schema schemas --capabilities bundles/capabilities.json --ignore '*_test.rego' rego
	$(BIN)/regal lint rego

lint-python: setup
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m tools.words

mutants: setup ## Change the policy one small step at a time, and see that a test notices each
	$(PY) -m tools.mutants

mutants-python: setup assets ## Put faults into the core, one by one, and see that a test notices each
	$(PY) -m tools.mutants_python

nightly: rego-test py-test-all mutants lowest test-servers-nightly ## Run what takes long, and the tests on the lowest versions of all libraries
	$(PY) -m pytest -m nightly --ignore tests/servers

lowest: setup assets
	$(PYTHON) tools/environment.py build/lowest --constraint constraints/lowest.txt \
		'.[cli,otlp,redis,issuer,test,vectors]'
	build/lowest/bin/python -m pytest -m 'not nightly'

test-oldest-opa: setup assets opa-oldest ## Run what depends on OPA with the oldest one supported
	$(BIN)/opa-oldest test --timeout 900s rego cases:tests/cases
	INBOUNDS_OPA_BINARY="$$PWD/$(BIN)/opa-oldest" $(PY) -m pytest -m 'not nightly' $(WITH_OPA) \
		--deselect '$(STRICTER)' --numprocesses $(JOBS_ALL) --dist loadfile

bench: setup assets ## Measure what a decision costs
	$(PY) -m bench

cost: setup assets ## Count what a decision costs, and compare it with bench/cost.json (needs Go)
	$(PY) -m bench.cost

bench-mcp: assets ## Measure what the proxy of MCP servers adds to a call, and hold it for a minute
	$(PYTHON) tools/environment.py build/bench-mcp --constraint constraints/integrations/mcp.txt \
		'.[mcp,cli,issuer,test]'
	build/bench-mcp/bin/python -m bench.mcp_proxy

closure: setup assets ## Measure what programs load of the SDK, and write it into docs/architecture.md
	$(PY) -m tests.closure

performance: setup ## Write docs/performance.md and its chart from what `make bench` has kept
	$(PYTHON) tools/environment.py $(VENV) --constraint constraints/latest.txt '.[bench]'
	$(PY) -m bench.page

revocation: setup assets ## Measure how soon what was ended is refused, and write that into docs/revocation.md
	$(PY) -m bench.revocation

evaluate: setup assets ## Put the tasks of AgentDojo and of the blind suites, and attacks on them, to the policy (CASES=folder: packed ones too)
	$(PYTHON) tools/environment.py build/evaluate '.[cli,bench]' 'agentdojo==0.1.35'
	build/evaluate/bin/python -m evaluation $${CASES:+--cases "$$CASES"}
	build/evaluate/bin/python -m evaluation.blind --keep
	build/evaluate/bin/python -m evaluation.page

wheel: setup assets ## Build the wheel into dist/
	$(PY) -m build --wheel --no-isolation --outdir dist

image: setup assets ## Build the container images (BUILDER=buildah or docker, BASES=named or local)
	$(PY) -m tools.image --builder $(BUILDER) --bases $(BASES)

clean: ## Remove what was made, but for OPA, Regal and the checkout's release key
	rm -rf $(VENV) dist build/lowest build/image sdk/inbounds/_assets .coverage .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache
