#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sanity.sh: ansible-test sanity on the collection as its users get it: built, installed into an empty folder, then tested there.
set -eu
python3 tools/sanity_pip.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$(pwd)
ansible-galaxy collection build --output-path "$work" "$root"
mkdir -p "$work/ansible_collections/mesospark/platform"
tar -xzf "$work"/mesospark-platform-*.tar.gz -C "$work/ansible_collections/mesospark/platform"
cd "$work/ansible_collections/mesospark/platform"
# ansible-test asks git which files are there.
git init -q .
git add -A
ansible-test sanity --python 3.11 --color no "$@"
