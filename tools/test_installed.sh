#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# test_installed.sh: the collection as its users have it: built, installed into an empty folder, used by full names from there.
# With an inventory as argument, its platform is converged and one example job is submitted as well.
set -eu
inventory=${1:-}
[ -z "$inventory" ] || inventory=$(realpath "$inventory")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ansible-galaxy collection build --output-path "$work" .
cp -R examples/pi "$work/job"
cd "$work"
export ANSIBLE_COLLECTIONS_PATH="$work/collections"
ansible-galaxy collection install --no-deps -p "$work/collections" mesospark-platform-*.tar.gz
collection=$work/collections/ansible_collections/mesospark/platform
for module in "$collection"/plugins/modules/*.py; do
  name=mesospark.platform.$(basename "$module" .py)
  ansible-doc --json "$name" | grep -q '"short_description"' || { echo "no documentation: $name" >&2; exit 1; }
  echo "documented: $name"
done
# Every playbook, role and task file is there, and all that the embedded distributions are made from.
ansible-playbook -i "$collection/inventories/production-example" mesospark.platform.site --list-tasks >/dev/null
PYTHONPATH="$collection/services/mesos-runtime" python3 -m mesos_runtime path
PYTHONPATH="$collection/services/scheduler-driver" python3 -m scheduler_driver path
PYTHONPATH="$collection/services/graylog" python3 -m graylog_server path
python3 "$collection/images/spark/build_context.py" --output "$work/context"
if [ -n "$inventory" ]; then
  ansible-playbook -i "$inventory" mesospark.platform.site
  ansible-playbook -i "$inventory" mesospark.platform.submit -e job="$work/job/job.yml"
fi
