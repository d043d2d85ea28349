#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lint.sh: every static check, the fastest first; all of them run, so that one look shows everything.
# Run from the repository's root with .venv/bin in PATH.
set -u
failed=0
check() { "$@" || failed=1; }

check ruff check --quiet .
check ruff format --quiet --check .
check yamllint --strict .
check shellcheck --severity=warning tools/*.sh images/debian/*.sh .ci/run
check shellcheck --severity=warning --shell=sh images/spark/stages/*.sh

# Each service is a project of its own: its packages are checked with the folder that holds them as the import path.
root=$(pwd)
for package in services/*/*/__init__.py services/*/*/*/__init__.py; do
  package=$(dirname "$package")
  folder=$(dirname "$package")
  case $package in */tests*) continue ;; esac
  [ ! -e "$folder/__init__.py" ] || continue
  cd "$folder" || exit 1
  check mypy --config-file "$root/pyproject.toml" --strict "$(basename "$package")"
  cd "$root" || exit 1
done
check mypy tools bench images/spark
check env MYPYPATH=.collections mypy -p ansible_collections.mesospark.platform.plugins

check ansible-lint -q
exit "$failed"
