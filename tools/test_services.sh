#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# test_services.sh: the tests of each service and image, then those of the modules against a real cluster.
set -eu
for tests in services/*/tests images/*/tests tests/modules; do
  [ -d "$tests" ] || continue
  ./tools/stage.sh "Tests: $tests" pytest "$tests"
done
