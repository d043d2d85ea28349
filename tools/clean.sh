#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# clean.sh: the demo's hosts, networks, volumes and secrets, and what was built in this checkout. The package caches stay.
set -eu
python3 tools/test_hosts.py down inventories/demo
python3 tools/dev_cluster.py stop
rm -rf .demo .dev-cluster .cache .ansible .mypy_cache .ruff_cache .pytest_cache mesospark-platform-*.tar.gz
find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
