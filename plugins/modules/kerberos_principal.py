#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kerberos_principal
short_description: Manage a principal of a Kerberos realm
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes, changes and removes principals of an MIT Kerberos realm, renews their keys in time, and exports them.
  - Runs on the host that holds the database. Passwords go to kadmin by standard input, never by its arguments.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - mesospark.platform.kerberos_administration
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  name:
    description: Name of the principal, without or with its realm.
    type: str
    required: true
  state:
    description: Whether the principal is there.
    type: str
    choices: [present, absent]
    default: present
  password:
    description: Password, for people. Without one the principal gets random keys, for keytabs.
    type: str
  update_password:
    description:
      - When O(password) is set. V(on_create) leaves people the password that they chose themselves.
      - V(always) tries the password first, and sets it if it is not the right one.
    type: str
    choices: [always, on_create]
    default: on_create
  policy:
    description: Name of the policy of its passwords; an empty text is none. Without this option it is left alone.
    type: str
  attributes:
    description:
      - Attributes as kadmin calls them, each true or false. Others are left alone.
      - Known are V(allow_forwardable), V(allow_renewable), V(allow_proxiable), V(allow_tix), V(requires_preauth),
        V(needchange), V(allow_svr), V(ok_as_delegate), V(lockdown_keys).
    type: dict
  maximum_ticket_life:
    description: Longest life of a ticket, such as V(10h).
    type: str
  maximum_renewable_life:
    description: Time for which a ticket can be renewed, such as V(7d).
    type: str
  key_lifetime:
    description:
      - Random keys that are older are renewed, such as V(90d). V(0s) renews them now.
      - The old keys are kept. Have the keytab on its host written right after (M(mesospark.platform.kerberos_keytab)).
    type: str
  old_key_lifetime:
    description: How long old keys are kept after the newest was made. At least the longest renewable life of tickets.
    type: str
    default: 8d
  export:
    description: Whether RV(keytab) is returned. Use it with C(no_log) only.
    type: bool
    default: false
seealso:
  - module: mesospark.platform.kerberos_keytab
  - module: mesospark.platform.kerberos_policy
"""

EXAMPLES = r"""
- name: Make the principal of a host, with new keys every 90 days
  mesospark.platform.kerberos_principal:
    name: host/agent1.example.org
    key_lifetime: 90d

- name: Make the principal of a person
  mesospark.platform.kerberos_principal:
    name: alice
    password: "{{ alice_kerberos_password }}"
    policy: people
    attributes:
      requires_preauth: true
"""

RETURN = r"""
name:
  description: Name with the realm.
  returned: success
  type: str
  sample: host/agent1.example.org@EXAMPLE.ORG
key_version:
  description: Version of the newest key; none if the principal is not there.
  returned: success
  type: int
  sample: 2
key_versions:
  description: Versions of all keys, the newest first.
  returned: success
  type: list
  elements: int
  sample: [2, 1]
encryption_types:
  description: Encryption types of the newest key.
  returned: success
  type: list
  elements: str
  sample: [aes256-cts-hmac-sha384-192]
keytab:
  description: A keytab with all keys of the principal, in base64.
  returned: when O(export=true) and the principal is there
  type: str
  sample: BQIAAABX...
"""

import base64
import os
import tempfile
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError, PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos import (
    LoginRefused,
    full_name,
    login_with_password,
    runner_of,
)
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_administration import (
    ATTRIBUTES,
    Administration,
)
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_options import (
    administration_from,
    administration_options,
)
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_principal import (
    Wanted,
    apply_principal,
    remove_principal,
)
from ansible_collections.mesospark.platform.plugins.module_utils.sizes import seconds


def wanted_from(params: dict[str, Any], name: str) -> Wanted:
    attributes: dict[str, bool] = params["attributes"] or {}
    for attribute, value in attributes.items():
        if attribute not in ATTRIBUTES:
            raise OptionError("attributes", attribute, "is not known", f"use one of {', '.join(ATTRIBUTES)}")
        if not isinstance(value, bool):
            raise OptionError(f"attributes.{attribute}", value, "is neither true nor false", "write true or false")

    def duration(option: str) -> float | None:
        return None if params[option] is None else seconds(option, params[option])

    lives = {option: duration(option) for option in ("maximum_ticket_life", "maximum_renewable_life")}
    return Wanted(
        name=name,
        password=params["password"],
        always_set_password=params["update_password"] == "always",
        policy=params["policy"],
        attributes=attributes,
        key_lifetime=duration("key_lifetime"),
        old_key_lifetime=duration("old_key_lifetime"),
        **{option: None if value is None else int(value) for option, value in lives.items()},
    )


def password_is_right(module: AnsibleModule, name: str) -> bool:
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
        try:
            login_with_password(runner_of(module), module.params["password"], name, os.path.join(folder, "cache"))
        except LoginRefused:
            return False
        return True


def exported(module: AnsibleModule, administration: Administration, name: str) -> str:
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
        path = os.path.join(folder, "keytab")
        administration.export(name, path)
        with open(path, "rb") as stream:
            return base64.b64encode(stream.read()).decode()


def run_module(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    administration = administration_from(module)
    name = full_name(params["name"], administration.realm)
    if params["state"] == "absent":
        difference = remove_principal(administration, name, module.check_mode)
    else:
        difference = apply_principal(
            administration,
            wanted_from(params, name),
            lambda: password_is_right(module, name),
            time.time(),
            module.check_mode,
        )
    present = administration.principal(name)
    result = {
        **difference.result(),
        "name": name,
        "key_version": present.key_version if present else None,
        "key_versions": present.key_versions if present else [],
        "encryption_types": [
            key.encryption_type for key in (present.keys if present else ()) if key.version == present.key_version
        ]
        if present
        else [],
    }
    if params["export"] and present:
        result["keytab"] = exported(module, administration, name)
    return result


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **administration_options(),
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "password": {"type": "str", "no_log": True},
            "update_password": {
                "type": "str",
                "choices": ["always", "on_create"],
                "default": "on_create",
                "no_log": False,
            },
            "policy": {"type": "str"},
            "attributes": {"type": "dict"},
            "maximum_ticket_life": {"type": "str"},
            "maximum_renewable_life": {"type": "str"},
            "key_lifetime": {"type": "str", "no_log": False},
            "old_key_lifetime": {"type": "str", "default": "8d", "no_log": False},
            "export": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("password", "key_lifetime")],
        supports_check_mode=True,
    )
    try:
        result = run_module(module)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
