#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mesos_info
short_description: Read the state of a Mesos cluster
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Reads version, leading master, agents, frameworks and resources of a Mesos cluster.
extends_documentation_fragment:
  - mesospark.platform.information
  - mesospark.platform.platform
  - mesospark.platform.transport
options:
  flags:
    description: Whether to read the flags of the leading master too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read the cluster's state
  mesospark.platform.mesos_info:
  register: mesos

- name: Expect two agents
  ansible.builtin.assert:
    that: mesos.agents | selectattr('active') | length == 2
"""

RETURN = r"""
version:
  description: Version of Mesos.
  returned: always
  type: str
  sample: 1.11.0
leader:
  description: The leading master, with C(hostname), C(address) and C(id).
  returned: always
  type: dict
agents:
  description: The registered agents.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Id of the agent.
      type: str
    hostname:
      description: Name under which it registered.
      type: str
    address:
      description: Its address and port.
      type: str
    active:
      description: Whether the master counts on it.
      type: bool
    version:
      description: Its version of Mesos.
      type: str
    attributes:
      description: Its attributes.
      type: dict
    resources:
      description: What it has.
      type: dict
    used:
      description: What is used of it.
      type: dict
frameworks:
  description: The registered frameworks.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Id of the framework.
      type: str
    name:
      description: Its name. A run's framework has the run's id as its name.
      type: str
    principal:
      description: Its principal.
      type: str
    active:
      description: Whether it is connected.
      type: bool
    roles:
      description: Its roles.
      type: list
      elements: str
    tasks:
      description: Number of its tasks which are not over.
      type: int
    used:
      description: The resources it uses.
      type: dict
resources:
  description: Processors (C(cpus)) and memory in MiB (C(mem)) of all active agents, C(total) and C(used).
  returned: always
  type: dict
flags:
  description: Flags of the leading master.
  returned: if O(flags=true)
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import connection_options, mesos_from
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.mesos import cluster_state


def main() -> None:
    module = AnsibleModule(
        argument_spec={**connection_options(), "flags": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    try:
        mesos = mesos_from(module.params)
        state = cluster_state(mesos)
        if module.params["flags"]:
            state["flags"] = mesos.flags()
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(changed=False, **state)


if __name__ == "__main__":
    main()
