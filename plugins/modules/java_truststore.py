#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: java_truststore
short_description: Write a trust store that Java programs read
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Writes CA certificates into a PKCS#12 file with the attribute that makes Java take them for trusted.
  - The file holds no secret, so it is neither encrypted nor protected by a password; a Java program may be given any
    password for it. Equal certificates give equal bytes.
  - Needs neither a Java runtime nor Python packages on the host.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.files
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  path:
    description: The file to write. Its folder must exist.
    type: path
    required: true
  certificates:
    description: Certificates in PEM, each by the alias it gets in the store.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Let Java programs trust the platform's certificate authority
  mesospark.platform.java_truststore:
    path: /etc/mesospark/tls/truststore.p12
    certificates:
      mesospark-ca: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
    mode: "0444"
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /etc/mesospark/tls/truststore.p12
"""

import hashlib
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.java_truststore import build_truststore


def read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def describe(store: bytes) -> str:
    return f"trust store, sha256 {hashlib.sha256(store).hexdigest()}\n" if store else ""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "certificates": {"type": "dict", "required": True},
        },
        add_file_common_args=True,
        supports_check_mode=True,
    )
    path = module.params["path"]
    try:
        wanted = build_truststore(module.params["certificates"])
    except ValueError as problem:
        module.fail_json(msg=f"certificates: {problem}")
    present = read(path)
    changed = present != wanted
    if changed and not module.check_mode:
        if not os.path.isdir(os.path.dirname(path)):
            module.fail_json(msg=f"path: the folder of {path} does not exist")
        descriptor, temporary = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(wanted)
        module.atomic_move(temporary, path)
    diff = {"before": describe(present), "after": describe(wanted), "before_header": path, "after_header": path}
    if os.path.exists(path):
        changed = module.set_fs_attributes_if_different(module.load_file_common_arguments(module.params), changed)
    module.exit_json(changed=changed, path=path, diff=diff)


if __name__ == "__main__":
    main()
