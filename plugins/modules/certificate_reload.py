#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_reload
short_description: Make services use the certificate files of their host
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Restarts or reloads the systemd units that run with other certificates than the files hold, and only those.
  - A unit is out of date when one of O(files) is newer than its last start or reload, or when one of its listeners
    serves another certificate. So nothing is lost when a playbook was interrupted before the restart.
  - Units are taken one after the other, in the order given. The next one waits until the one before serves the
    certificate and is healthy; if it does not in time, the task fails and the rest stays as it is.
  - Units that do not run are left alone.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
options:
  services:
    description: The units.
    type: list
    elements: dict
    required: true
    suboptions:
      unit:
        description: Name of the unit.
        type: str
        required: true
      action:
        description: What makes it read the files.
        type: str
        choices: [restart, reload]
        default: restart
      listeners:
        description: Where it serves the certificate.
        type: list
        elements: dict
        default: []
        suboptions:
          address:
            description: Name or address to connect to.
            type: str
            required: true
          port:
            description: TCP port.
            type: int
            required: true
      files:
        description: Further files that this unit uses.
        type: list
        elements: path
        default: []
      health:
        description: Shell command that succeeds when it does its work again.
        type: str
        default: ""
      timeout:
        description: Seconds until it must do so.
        type: float
        default: 300.0
  files:
    description: The files that units use. The first holds the certificate that listeners must serve.
    type: list
    elements: path
    required: true
requirements:
  - cryptography
"""

EXAMPLES = r"""
- name: Use the new certificate
  mesospark.platform.certificate_reload:
    files:
      - /etc/mesospark/tls/host.pem
      - /etc/mesospark/tls/ca.pem
    services:
      - unit: nginx
        action: reload
        listeners:
          - address: 10.0.0.10
            port: 5443
  throttle: 1
"""

RETURN = r"""
units:
  description: Units that were restarted or reloaded (in check mode, would be), each with the reason.
  returned: always
  type: dict
  sample: {"nginx": "/etc/mesospark/tls/host.pem is newer than its last start"}
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.certificate_reload import Reloader
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError


def reload_services(module: AnsibleModule, reloader: Reloader) -> dict[str, str]:
    """Units that were (or would be) restarted, with reasons; the task fails at the first that does not come back."""
    done: dict[str, str] = {}
    for service in module.params["services"]:
        reason = reloader.reason(service)
        if not reason:
            continue
        done[service["unit"]] = reason
        if not module.check_mode:
            try:
                reloader.renew(service)
            except PlatformError as error:
                module.fail_json(msg=error.message, changed=True, units=done)
    return done


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "services": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "unit": {"type": "str", "required": True},
                    "action": {"type": "str", "choices": ["restart", "reload"], "default": "restart"},
                    "listeners": {
                        "type": "list",
                        "elements": "dict",
                        "default": [],
                        "options": {
                            "address": {"type": "str", "required": True},
                            "port": {"type": "int", "required": True},
                        },
                    },
                    "files": {"type": "list", "elements": "path", "default": []},
                    "health": {"type": "str", "default": ""},
                    "timeout": {"type": "float", "default": 300.0},
                },
            },
            "files": {"type": "list", "elements": "path", "required": True},
        },
        supports_check_mode=True,
    )

    def run_command(command: list[str]) -> tuple[int, str, str]:
        result: t.Any = module.run_command(command)
        return result[0], result[1], result[2]

    try:
        units = reload_services(module, Reloader(run_command, module.params["files"]))
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"files: the certificate can not be read: {error}", units={})
    diff = {"before": "", "after": "".join(f"{unit}: {reason}\n" for unit, reason in units.items())}
    module.exit_json(changed=bool(units), units=units, diff=diff)


if __name__ == "__main__":
    main()
