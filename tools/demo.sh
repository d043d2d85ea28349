#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh: hosts, platform, jobs. A second run finds everything there and only runs the jobs again.
set -euo pipefail
inventory=inventories/demo
began=$(date +%s)
# Ansible's own output goes to a terminal-like log with a line a task; its recap shows what changed.
stage() { ./tools/stage.sh "$@"; }

stage "1/4 Five container hosts" python3 tools/test_hosts.py up "$inventory"
stage "2/4 Platform (playbooks/site.yml)" ansible-playbook -i "$inventory" playbooks/site.yml
stage "3/4 Spark jobs (playbooks/demo_jobs.yml)" ansible-playbook -i "$inventory" playbooks/demo_jobs.yml
stage "4/4 Where to go next" cat docs/after-the-demo.txt
took=$(($(date +%s) - began))
printf '\nThe demo took %d min %02d s.\n' $((took / 60)) $((took % 60))
