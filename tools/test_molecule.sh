#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# test_molecule.sh: every scenario in turn; the first that fails ends the run, after its hosts are removed.
# What its checks found stands at the very end.
set -eu
for scenario in molecule/*/molecule.yml; do
  name=$(basename "$(dirname "$scenario")")
  checks=.demo/checks-$name.log
  rm -f "$checks"
  ./tools/stage.sh "Molecule: $name" molecule test --scenario-name "$name" || {
    [ ! -f "$checks" ] || tail -n 60 "$checks"
    exit 1
  }
done
