# SPDX-License-Identifier: GPL-3.0-or-later
# `make demo` and `make test` do everything on a fresh Debian machine (root or sudo; nothing but git, make and python3 there).

SHELL := /bin/bash
STAGE := ./tools/stage.sh
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_STRATEGY ?= mitogen_linear
export ANSIBLE_STRATEGY_PLUGINS := $(CURDIR)/.venv/mitogen
INVENTORY ?= inventories/demo

.DEFAULT_GOAL := help
.PHONY: help prepare demo test test-fast test-soak lint verify clean dev-cluster dev-cluster-stop

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

prepare:  ## Install what this machine lacks: packages and a container engine
	@$(STAGE) "Prepare this machine" ./tools/prepare_machine.sh

.venv/.installed: requirements-dev.txt
	@$(STAGE) "Python environment" ./tools/virtual_environment.sh

demo: prepare .venv/.installed  ## Build a cluster on this machine with Ansible and run Spark jobs on it
	@$(STAGE) "Demo" ./tools/demo.sh

test: prepare lint  ## Every test, the fastest first
	@$(STAGE) "Unit tests" pytest tests/unit
	@$(STAGE) "ansible-test sanity" ./tools/sanity.sh
	@$(STAGE) "Installed collection" ./tools/test_installed.sh
	@$(STAGE) "Services' tests" ./tools/test_services.sh
	@$(STAGE) "Molecule scenarios" ./tools/test_molecule.sh

test-fast: lint  ## Everything that needs no container, in under two minutes
	@$(STAGE) "Unit tests" pytest -m "not system and not soak and not hosts" tests/unit services images

test-soak: demo  ## Long fault and load runs, outside continuous integration; some of them on the demo
	@$(STAGE) "Soak" pytest -m soak --timeout 7200 --ansible-inventory $(INVENTORY) services tests

lint: .venv/.installed  ## Static checks only
	@$(STAGE) "Lint" ./tools/lint.sh

verify: .venv/.installed  ## Check a running platform: make verify INVENTORY=inventories/demo
	@$(STAGE) "Verify $(INVENTORY)" pytest -m "hosts and not faults and not soak" --ansible-inventory $(INVENTORY) tests/testinfra
	@$(STAGE) "Who gets in on $(INVENTORY)" ansible-playbook --inventory $(INVENTORY) playbooks/verify.yml

dev-cluster: .venv/.installed  ## Mesos master, two agents and Marathon on loopback, for module authors
	@python3 tools/dev_cluster.py start

dev-cluster-stop:  ## Stop it; nothing is left
	@python3 tools/dev_cluster.py stop

clean:  ## Remove the demo's hosts and everything built here
	@./tools/clean.sh
