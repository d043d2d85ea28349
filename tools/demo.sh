#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh: hosts, platform, jobs. A second run finds everything there and only runs the jobs again.
set -euo pipefail
inventory=inventories/demo

./tools/stage.sh "1/4 Five container hosts" python3 tools/test_hosts.py up "$inventory"
./tools/stage.sh "2/4 Platform (playbooks/site.yml)" ansible-playbook -i "$inventory" playbooks/site.yml
./tools/stage.sh "3/4 Spark jobs (playbooks/demo_jobs.yml)" ansible-playbook -i "$inventory" playbooks/demo_jobs.yml
./tools/stage.sh "4/4 Where to go next" cat docs/after-the-demo.txt
