# SPDX-License-Identifier: GPL-3.0-or-later
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## the developer's set-up: .venv with the pinned tools, the collection's path
	@tools/setup.sh

# All missing packages are named at once, before anything else.
.PHONY: needs-checks needs-all
needs-checks:
	@tools/prerequisites.sh setup checks
needs-all:
	@tools/prerequisites.sh setup checks containers

# The demo makes the set-up itself, while it builds the images; until then any Python of this machine runs it.
.PHONY: demo
demo: ## a whole edge on this machine: hosts, certificate authority, converge, live evidence
	@tools/prerequisites.sh setup containers
	@python=$$(tools/python.sh) && "$$python" -m tools.demo up

.PHONY: demo-down
demo-down: ## removes the demo's hosts, network and files
	@python=$$(tools/python.sh) && "$$python" -m tools.demo down

.PHONY: check
check: needs-checks setup ## the quick part of the tests: lint, types, unit, sanity; no containers
	@.venv/bin/python -m tools.testrun check

.PHONY: test
test: needs-all setup ## everything: what check does, nginx -t of all golden cases, every molecule scenario
	@.venv/bin/python -m tools.testrun test

.PHONY: test-all
test-all: needs-all setup ## every scenario on every system; writes docs/test-results.md
	@.venv/bin/python -m tools.testrun all

.PHONY: fuzz
fuzz: setup ## draws models for MINUTES=10, and lets the checker and every nginx judge them; SEED=… draws one round again
	@tests/hosts/build.sh edge:bullseye edge:bookworm edge:trixie edge:forky
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.fuzz --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: setup ## benchmarks as a table, and as JSON in .cache/bench.json
	@.venv/bin/python -m tools.bench

.PHONY: golden
golden: setup ## writes the golden cases anew, after a change that was meant
	@PYTHONPATH=.cache/collections .venv/bin/python -m tests.golden.accept $(CASES)

.PHONY: reference
reference: setup ## writes docs/model.md, docs/cookbook.md and docs/errors.md
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.reference
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.cookbook
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.errors
