# The verbs of daily work. Everything is installed by the first verb that needs it; a second call skips it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

export LC_ALL := C.UTF-8
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)/.ansible/collections:$(CURDIR)/runner/src:$(CURDIR)/molecule
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.ansible/collections
export ANSIBLE_HOME := $(CURDIR)/.ansible

LAB ?= demo
PYTEST := python -m pytest --durations=5
STORES := tests/integration/storage
# What makes a lab, or servers of other users, needs root; whoever is not takes sudo, with this environment,
# of which it drops these two.
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo -n --preserve-env env "PATH=$(PATH)" "PYTHONPATH=$(PYTHONPATH)")

##@ The two commands
.PHONY: demo test
demo: setup ## Carry the storefront through the loss of a site (report in build/demo)
	$(AS_ROOT) python -m demo

test: setup importer azurite ## Check everything: lint, units, integration, drills
	.ci/stages servers stores units -- drills lint

##@ Set-up
.PHONY: setup machine environment importer collection azurite rootfs lock
setup: environment collection rootfs ## Install what this machine is missing

machine:
	@setup/machine

environment: machine
	@setup/environment .venv requirements-dev.txt

importer: environment
	@setup/environment .venv-importer requirements-importer.txt

collection:
	@setup/collection

azurite: machine
	@setup/azurite

rootfs: environment
	@molecule/lab rootfs >/dev/null

lock: ## Resolve requirements*.in anew and write the lock files
	setup/lock

##@ Checks
.PHONY: lint quick style types yaml shell ansible documentation sanity package units integration servers stores drills
lint: environment importer collection ## Run every checker
	.ci/stages style types yaml shell ansible documentation sanity package

quick: environment collection ## Run the checkers that take seconds (also before each commit)
	.ci/stages style yaml types

style: ## Python: ruff, with its format
	ruff check .
	ruff format --check .

types: ## Python: mypy, strict
	mypy $(addprefix -p ,ansible_collections.gogidix.disaster_recovery.plugins gogidix_recovery_runner recovery_lab storefront demo tests)

yaml: ## YAML: yamllint
	yamllint --strict .

shell: ## Shell scripts: shellcheck
	shellcheck $$(git grep -lE --untracked '^#!(/usr/bin/env bash|/bin/bash|/bin/sh)' -- setup .ci molecule ':!*.py' ':!*.j2')

ansible: ## Playbooks and roles: ansible-lint, profile production
	ansible-lint --offline

documentation: ## Module documentation and changelog: antsibull
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all .
	antsibull-changelog lint

sanity: ## ansible-test sanity, all of it
	.ci/sanity

package: ## Build the collection and import it as Galaxy would
	.ci/package

units: environment collection ## Tests that need nothing but Python
	$(PYTEST) tests/unit tests/test_repository.py tests/test_plans.py

integration: setup azurite ## Tests against real servers on loopback, and of the lab itself
	.ci/stages servers stores

servers: setup ## The part of them that needs no object store
	$(AS_ROOT) $(PYTEST) tests/integration -m 'not lab' --ignore=$(STORES)

stores: setup azurite ## The part of them about places for backups
	$(AS_ROOT) $(PYTEST) $(STORES)

drills: setup ## Tests that break labs of their own on purpose
	$(AS_ROOT) $(PYTEST) tests -m lab

##@ The lab
.PHONY: lab-up lab-down lab-shell destroy
lab-up: setup ## Create and start the lab (LAB=demo)
	molecule/lab --name $(LAB) up

lab-down: ## Stop the lab, keep its disks
	molecule/lab --name $(LAB) down

lab-shell: ## A shell at the lab's controller
	molecule/lab --name $(LAB) exec bash

destroy: ## Remove the lab with all its disks
	molecule/lab --name $(LAB) destroy

##@ Products
.PHONY: serve bench docs build
serve: setup ## The runner service on port 8891, at the lab's controller
	molecule/lab --name $(LAB) exec --listen 127.0.0.1:8891 python -m gogidix_recovery_runner serve

bench: setup ## Measure (build/bench/results.json)
	$(AS_ROOT) python -m tests.benchmarks

docs: environment collection ## The reference pages of modules, roles and plans (build/docs)
	.ci/reference

build: environment ## The collection's archive (build/package)
	.ci/package --build-only

##@ Other
.PHONY: help clean
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

clean: ## Remove what was built; keep the lab, its root filesystem and the environments
	rm -rf build/docs build/package build/sanity build/stages build/bench .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.venv -prune -o -path ./.venv-importer -prune -o -path ./build -prune -o -type d -name __pycache__ -exec rm -rf {} +
