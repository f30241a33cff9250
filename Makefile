# SPDX-License-Identifier: GPL-3.0-or-later
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## create the development environment: .venv with the pinned tools, and the path of the collection
	@tools/setup.sh

# First reports all missing packages in one message.
.PHONY: needs-checks needs-all needs-bench
needs-checks:
	@tools/prerequisites.sh setup checks
needs-all:
	@tools/prerequisites.sh setup checks containers
needs-bench:
	@tools/prerequisites.sh setup containers
	@tools/setup.sh bench

# The demo creates the environment itself while it builds the images, so it starts with any Python of this machine.
.PHONY: demo
demo: ## create a complete edge on this machine, with hosts and a certificate authority, and test it with live traffic
	@tools/prerequisites.sh setup containers
	@python=$$(tools/python.sh) && "$$python" -m tools.demo up

.PHONY: demo-down
demo-down: ## remove the hosts, the network and the files of the demo
	@python=$$(tools/python.sh) && "$$python" -m tools.demo down

.PHONY: check
check: needs-checks setup ## run the quick tests without containers: lint, types, unit tests, sanity tests
	@.venv/bin/python -m tools.testrun check

.PHONY: test
test: needs-all setup ## run everything: the quick tests, nginx -t with all golden cases, every Molecule scenario
	@.venv/bin/python -m tools.testrun test

.PHONY: test-all
test-all: needs-all setup ## run every scenario on every system, and write docs/reference/test-results.md
	@.venv/bin/python -m tools.testrun all

.PHONY: fuzz
fuzz: setup ## generate random models for MINUTES=10, and test them with the checker and every nginx; SEED=… repeats a round
	@tests/hosts/build.sh edge:bullseye edge:bookworm edge:trixie edge:forky
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.fuzz --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

.PHONY: bench bench-quick
bench: needs-bench ## run the benchmarks; prints a table, and writes docs/reference/speed.md; needs a quiet machine
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.bench --page
bench-quick: needs-bench ## run the benchmarks in the quick form; prints a table, and writes .cache/bench
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.bench --quick

.PHONY: golden
golden: setup ## update the golden cases after an intended change
	@PYTHONPATH=.cache/collections .venv/bin/python -m tests.golden.accept $(CASES)

.PHONY: docs
docs: setup ## build the site of the documentation in .cache/docs/html
	@.venv/bin/nox --session docs

.PHONY: reference
reference: setup ## generate docs/reference/model.md, docs/reference/headers.md, docs/how-to/cookbook.md, docs/how-to/applications and docs/reference/errors.md
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.reference
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.cookbook
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.applications
	@PYTHONPATH=.cache/collections .venv/bin/python -m tools.errors
