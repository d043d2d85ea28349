#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# test_molecule.sh: every scenario in turn; the first that fails ends the run, after its hosts are removed.
set -eu
for scenario in molecule/*/molecule.yml; do
  name=$(basename "$(dirname "$scenario")")
  ./tools/stage.sh "Molecule: $name" molecule test --scenario-name "$name"
done
