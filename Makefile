# SPDX-License-Identifier: GPL-3.0-or-later
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## the developer's set-up: .venv with the pinned tools, the collection's path
	@tools/setup.sh

# The demo makes the set-up itself, while it builds the images; until then any Python of this machine runs it.
.PHONY: demo
demo: ## a whole edge on this machine: hosts, certificate authority, converge, live evidence
	@python=$$(tools/python.sh) && "$$python" -m tools.demo up

.PHONY: demo-down
demo-down: ## removes the demo's hosts, network and files
	@python=$$(tools/python.sh) && "$$python" -m tools.demo down
