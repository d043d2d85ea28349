#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lint.sh: every static check, the fastest first. Run from the repository's root with .venv/bin in PATH.
set -eu

ruff check .
ruff format --check .
yamllint --strict .

# Each service is a project of its own: it is checked with its own root as the import path.
for package in services/*/*/__init__.py; do
  directory=$(dirname "$package")
  case $directory in */tests) continue ;; esac
  (cd "$(dirname "$directory")" && mypy --config-file ../../pyproject.toml --strict "$(basename "$directory")")
done
mypy tools bench images
MYPYPATH=.collections mypy -p ansible_collections.mesospark.platform.plugins

ansible-lint
