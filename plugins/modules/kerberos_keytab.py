#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kerberos_keytab
short_description: Keep a keytab that the Kerberos server has the same keys as
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - A keytab is called unchanged only when it was proved. The host gets a ticket with it, and the version of its newest
    key is the one that the Kerberos server uses.
  - Otherwise the keys in O(content) are written into it. Older keys stay until no ticket of theirs can be valid, and
    keys of other principals stay.
  - When no Kerberos server can be asked, the module fails and changes nothing.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.files
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    description: Will return details on what has changed, when in diff mode. Keys are never shown.
  platform:
    platforms: posix
options:
  path:
    description: The keytab. Its folder must exist. A new file gets mode V(0400) unless O(mode) is given.
    type: path
    required: true
  principal:
    description: Whose keys, without or with the realm.
    type: str
    required: true
  realm:
    description: Realm of a O(principal) without one. Without it, the C(default_realm) of C(/etc/krb5.conf).
    type: str
  content:
    description:
      - Keytab in base64 with the keys that the server has, as M(mesospark.platform.kerberos_principal) exports it.
      - Without it a keytab that can not be proved is an error.
    type: str
  state:
    description:
      - V(present) has the keytab written if it is not the right one.
      - V(proved) fails if it is not the right one, or if everybody on the host can read it.
      - V(examined) only tells that.
    type: str
    choices: [present, proved, examined]
    default: present
  old_key_lifetime:
    description: How long old keys are kept after the newest was added. At least the longest renewable life of tickets.
    type: str
    default: 8d
requirements:
  - kinit and kvno (Debian's krb5-user)
seealso:
  - module: mesospark.platform.kerberos_principal
"""

EXAMPLES = r"""
- name: Look whether the keytab of the host is good
  mesospark.platform.kerberos_keytab:
    path: /etc/krb5.keytab
    principal: host/agent1.example.org
    state: examined
  register: keytab

- name: Export the keys there are
  mesospark.platform.kerberos_principal:
    name: host/agent1.example.org
    export: true
  delegate_to: infra1
  when: not keytab.proved
  register: principal
  no_log: true

- name: Write them into the keytab
  mesospark.platform.kerberos_keytab:
    path: /etc/krb5.keytab
    principal: host/agent1.example.org
    content: "{{ principal.keytab }}"
    owner: root
    mode: "0400"
  when: not keytab.proved
"""

RETURN = r"""
path:
  description: The keytab.
  returned: success
  type: str
  sample: /etc/krb5.keytab
principal:
  description: Whose keys, with the realm.
  returned: success
  type: str
  sample: host/agent1.example.org@EXAMPLE.ORG
proved:
  description: Whether a ticket was got with the keytab, and the key versions are equal.
  returned: success
  type: bool
  sample: true
problem:
  description: What was wrong with the keytab before, in one sentence with what to do. Empty if nothing was.
  returned: success
  type: str
  sample: ""
key_versions:
  description: Versions of the principal's keys in the keytab, the newest first.
  returned: success
  type: list
  elements: int
  sample: [2, 1]
"""

import base64
import binascii
import os
import tempfile
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.difference import DifferenceTracker
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError, PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos import default_realm, full_name, runner_of
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_keytab import (
    Verdict,
    exposure,
    prove,
    read_entries,
)
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_keytab_file import (
    KeytabEntry,
    NoKeytab,
    build_keytab,
    parse_keytab,
    versions,
    with_new_keys,
    without_old_keys,
)
from ansible_collections.mesospark.platform.plugins.module_utils.sizes import seconds


def entries_of_content(content: str, principal: str) -> list[KeytabEntry]:
    try:
        entries = parse_keytab(base64.b64decode(content, validate=True))
    except (binascii.Error, NoKeytab) as error:
        raise OptionError(
            "content", None, f"is no keytab in base64 ({error})", "export it with kerberos_principal"
        ) from None
    if not versions(entries, principal):
        raise OptionError("content", None, f"has no key for {principal}", "export the keys of that principal")
    return entries


def judged(module: AnsibleModule, path: str, principal: str) -> tuple[list[KeytabEntry], Verdict]:
    entries, verdict = read_entries(path)
    if verdict.proved:
        with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
            verdict = prove(runner_of(module), path, principal, entries, os.path.join(folder, "cache"))
    return entries, verdict


def write(module: AnsibleModule, path: str, entries: list[KeytabEntry]) -> None:
    """Prove nothing, but never leave half a file, nor one that others can read."""
    if not os.path.isdir(os.path.dirname(path)):
        raise OptionError("path", path, "is in a folder that does not exist", "make the folder first")
    if not os.path.exists(path):  # a new file would be open to all for a moment
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400))
    descriptor, temporary = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(build_keytab(entries))
    module.atomic_move(temporary, path)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    path = params["path"]
    realm = params["realm"] or default_realm() or ""
    principal = full_name(params["principal"], realm)
    kept_since = time.time() - seconds("old_key_lifetime", params["old_key_lifetime"])
    present, verdict = judged(module, path, principal)
    wrong = verdict if params["state"] == "present" or not verdict.proved else exposure(path)
    problem = "" if wrong.proved else wrong.sentence(path)
    difference = DifferenceTracker()
    entries = present
    if params["state"] == "proved" and problem:
        raise PlatformError(problem, problem=wrong.problem, fix=wrong.fix)
    if params["state"] == "present":
        if not verdict.proved:
            if not params["content"] and not module.check_mode:
                raise PlatformError(problem, problem=verdict.problem, fix=verdict.fix)
            if params["content"]:
                entries = with_new_keys(present, entries_of_content(params["content"], principal), principal)
            difference.compare("keytab", verdict.problem, "proved")
        entries = without_old_keys(entries, principal, kept_since)
        difference.compare("key_versions", versions(present, principal), versions(entries, principal))
        if difference.changed and not module.check_mode:
            write(module, path, entries)
            entries, verdict = judged(module, path, principal)
            if not verdict.proved:
                raise PlatformError(f"The keytab was written, and still: {verdict.sentence(path)}")
    result = {
        **difference.result(),
        "path": path,
        "principal": principal,
        "proved": verdict.proved,
        "problem": problem,
        "key_versions": versions(entries, principal),
    }
    if params["state"] == "present" and os.path.exists(path):
        attributes = module.load_file_common_arguments(params)
        result["changed"] = module.set_fs_attributes_if_different(attributes, result["changed"])
    return result


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "principal": {"type": "str", "required": True},
            "realm": {"type": "str"},
            "content": {"type": "str", "no_log": True},
            "state": {"type": "str", "choices": ["present", "proved", "examined"], "default": "present"},
            "old_key_lifetime": {"type": "str", "default": "8d", "no_log": False},
        },
        add_file_common_args=True,
        supports_check_mode=True,
    )
    try:
        result = run_module(module)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    except PermissionError as error:
        module.fail_json(msg=f"{error.filename}: this user may not read it; run the task as root (become).")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
