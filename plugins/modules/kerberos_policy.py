#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kerberos_policy
short_description: Manage a password policy of a Kerberos realm
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes, changes and removes policies of an MIT Kerberos realm. Runs on the host that holds the database.
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
    description: Name of the policy.
    type: str
    required: true
  state:
    description: Whether the policy is there.
    type: str
    choices: [present, absent]
    default: present
  maximum_life:
    description: How long a password is good for; V(0s) for ever.
    type: str
    default: 0s
  minimum_length:
    description: Fewest characters of a password.
    type: int
    default: 1
  minimum_classes:
    description: Fewest kinds of characters in it, out of lower case, upper case, digits, punctuation and others.
    type: int
    default: 1
  history:
    description: How many passwords are remembered that may not be taken again, the present one included.
    type: int
    default: 1
  maximum_failures:
    description: After how many wrong passwords a principal is locked; V(0) never locks it.
    type: int
    default: 0
  failure_interval:
    description: Time after which wrong passwords are forgotten; V(0s) never.
    type: str
    default: 0s
  lockout_duration:
    description: How long a principal stays locked; V(0s) until an administrator unlocks it.
    type: str
    default: 0s
seealso:
  - module: mesospark.platform.kerberos_principal
"""

EXAMPLES = r"""
- name: Ask people for good passwords, and slow down who guesses them
  mesospark.platform.kerberos_policy:
    name: people
    minimum_length: 12
    minimum_classes: 3
    maximum_failures: 10
    failure_interval: 10m
    lockout_duration: 10m
"""

RETURN = r"""
name:
  description: Name of the policy.
  returned: success
  type: str
  sample: people
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.difference import DifferenceTracker
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_administration import (
    Administration,
    Policy,
)
from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_options import (
    administration_from,
    administration_options,
)
from ansible_collections.mesospark.platform.plugins.module_utils.sizes import seconds


def policy_from(params: dict[str, Any]) -> Policy:
    durations = ("maximum_life", "failure_interval", "lockout_duration")
    numbers = ("minimum_length", "minimum_classes", "history", "maximum_failures")
    return Policy(
        **{name: int(seconds(name, params[name])) for name in durations}, **{name: params[name] for name in numbers}
    )


def apply_policy(
    administration: Administration, name: str, wanted: Policy | None, check_mode: bool
) -> DifferenceTracker:
    """``wanted`` None: there is to be none."""
    difference = DifferenceTracker()
    present = administration.policy(name)
    if wanted is None:
        if present is not None and difference.compare("policy", name, None) and not check_mode:
            administration.remove_policy(name)
        return difference
    before = asdict(present) if present else {}
    for field, value in asdict(wanted).items():
        difference.compare(field, before.get(field), value)
    if difference.changed and not check_mode:
        administration.write_policy(name, wanted, new=present is None)
    return difference


def main() -> None:
    duration = {"type": "str", "default": "0s"}
    module = AnsibleModule(
        argument_spec={
            **administration_options(),
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "maximum_life": duration,
            "minimum_length": {"type": "int", "default": 1},
            "minimum_classes": {"type": "int", "default": 1},
            "history": {"type": "int", "default": 1},
            "maximum_failures": {"type": "int", "default": 0},
            "failure_interval": duration,
            "lockout_duration": duration,
        },
        supports_check_mode=True,
    )
    try:
        wanted = policy_from(module.params) if module.params["state"] == "present" else None
        difference = apply_policy(administration_from(module), module.params["name"], wanted, module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(**difference.result(), name=module.params["name"])


if __name__ == "__main__":
    main()
