#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: marathon_app
short_description: Manage an app of Marathon
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Brings an app to a definition, restarts it, or removes it, and waits for the deployment.
  - Only the fields which the definition gives are compared and changed. What Marathon fills in, such as service
    ports, is no difference.
extends_documentation_fragment:
  - mesospark.platform.platform
  - mesospark.platform.transport
  - mesospark.platform.wait
attributes:
  check_mode:
    description: Can run in check mode, and says what would be changed without changing anything.
    support: full
  diff_mode:
    description: Shows the fields of the definition that differ, before and after.
    support: full
options:
  id:
    description: Id of the app, a path such as V(/shop/frontend).
    type: str
    required: true
  state:
    description:
      - V(present) creates the app or updates it.
      - V(restarted) does the same, and restarts it if there was nothing to update.
      - V(absent) removes it.
    type: str
    choices: [present, restarted, absent]
    default: present
  definition:
    description:
      - The fields of the app's definition as Marathon's REST API names them, without C(id).
      - Maps and lists in it, such as C(env), replace the app's old ones whole. Fields that are not given keep their
        values.
      - Required to create an app.
    type: dict
  force:
    description: Whether to replace a deployment of the app that is still going, instead of failing because of its lock.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long to wait for the deployment, with its unit, as V(5m). If it is not over then, the task fails with the
        reasons known, and the deployment goes on.
    type: str
    default: 5m
seealso:
  - module: mesospark.platform.marathon_app_info
"""

EXAMPLES = r"""
- name: Serve with two instances
  mesospark.platform.marathon_app:
    id: /shop/frontend
    definition:
      container:
        docker:
          image: registry.example.org:5443/shop/frontend:7
      cpus: 0.5
      mem: 256
      instances: 2
      healthChecks:
        - protocol: MESOS_HTTP
          path: /health

- name: Restart it
  mesospark.platform.marathon_app:
    id: /shop/frontend
    state: restarted

- name: Remove it
  mesospark.platform.marathon_app:
    id: /shop/frontend
    state: absent
"""

RETURN = r"""
id:
  description: Id of the app.
  returned: success
  type: str
app:
  description: The app as Marathon shows it after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
deployment_id:
  description: Id of the deployment that was started, null if there was none to start.
  returned: success
  type: str
reasons:
  description: Why the deployment was not over in time.
  returned: after a timeout
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import (
    connection_options,
    marathon_from,
    wait_options,
    waiter_from,
)
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.marathon_deploy import apply_app


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **connection_options(),
            **wait_options("5m"),
            "id": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "restarted", "absent"], "default": "present"},
            "definition": {"type": "dict"},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = apply_app(marathon_from(module.params), waiter_from(module.params), module.params, module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
