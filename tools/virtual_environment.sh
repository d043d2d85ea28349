#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# virtual_environment.sh: .venv with exactly the packages of requirements-dev.txt, and the checkout visible as a collection.
set -eu
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
mkdir -p .collections/ansible_collections/mesospark
ln -sfn ../../.. .collections/ansible_collections/mesospark/platform
# mitogen makes Ansible several times faster on many small tasks; the link's name does not depend on Python's version.
ln -sfn "$(.venv/bin/python -c 'import ansible_mitogen, pathlib; print(pathlib.Path(ansible_mitogen.__file__).parent)')/plugins/strategy" .venv/mitogen
touch .venv/.installed
