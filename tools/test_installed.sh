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
for module in "$work"/collections/ansible_collections/mesospark/platform/plugins/modules/*.py; do
  name=mesospark.platform.$(basename "$module" .py)
  ansible-doc --json "$name" | grep -q '"short_description"' || { echo "no documentation: $name" >&2; exit 1; }
  echo "documented: $name"
done
if [ -n "$inventory" ]; then
  ansible-playbook -i "$inventory" mesospark.platform.site
  ansible-playbook -i "$inventory" mesospark.platform.submit -e job="$work/job/job.yml"
fi
