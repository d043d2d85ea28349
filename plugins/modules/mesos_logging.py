#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mesos_logging
short_description: Turn the logs of Mesos masters and agents up for a while
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Sets the verbosity of running masters and agents for a duration, without a restart. When it is over, each goes back
    by itself to the level with which it started, which usually is 0.
  - Every host is asked on its own. When some fail, the task fails and names them, and the others are done and reported
    in RV(hosts) all the same.
  - For a lasting choice of which messages are logged at all (V(INFO), V(WARNING), V(ERROR)) use the variables
    C(mesos_master_logging_level) and C(mesos_agent_logging_level) of the roles. Verbose messages are of level V(INFO),
    so they are seen only where that one is logged.
extends_documentation_fragment:
  - mesospark.platform.platform
  - mesospark.platform.transport
attributes:
  check_mode:
    description: Reads the level of every host and sets none.
    support: full
  diff_mode:
    description: Shows the level of every host that changes, and for how long.
    support: full
options:
  level:
    description: The verbosity. V(0) ends it before its time is over.
    type: int
    required: true
    choices: [0, 1, 2, 3]
  duration:
    description:
      - For how long, such as V(90s), V(10m) or V(2h), from one second to a year.
      - Needed unless O(level=0).
    type: str
  endpoints:
    description: URLs of masters and agents, such as V(https://agent1.example.org:5051).
    type: list
    elements: str
  masters:
    description:
      - V(all) means the masters in O(mesos_url) and the leader. Mesos does not tell of masters that do not lead, so
        name all of them in O(mesos_url).
      - V(leader) means the leading master only.
    type: str
    choices: [all, leader, none]
    default: none
  agents:
    description:
      - Agents by host name, id, or address and port, or V(all).
      - V(all) means the agents which the leading master counts as registered. One that it has given up as unreachable
        is not among them.
    type: list
    elements: str
  renew:
    description:
      - What to do with a host where O(level) is in force already.
      - Mesos does not tell until when a level is in force. With V(true) the duration starts anew, so that it is sure to
        last for O(duration), and that counts as a change. With V(false) the host is left as it is, and the level may
        end sooner than after O(duration).
    type: bool
    default: true
notes:
  - Where Mesos has access control lists, the user needs the permission C(set_log_level) for reading the level too.
  - A level set by somebody else is replaced together with its end, also when that end was later.
  - A process that was started with a higher verbosity refuses a level below that one.
seealso:
  - module: mesospark.platform.mesos_info
  - module: mesospark.platform.mesos_sandbox
"""

EXAMPLES = r"""
- name: Turn the logs of the whole cluster up for ten minutes
  mesospark.platform.mesos_logging:
    level: 2
    duration: 10m
    masters: all
    agents: all

- name: Look closely at one agent
  mesospark.platform.mesos_logging:
    level: 3
    duration: 1m
    agents: [agent2.example.org]

- name: Turn all agents down again
  mesospark.platform.mesos_logging:
    level: 0
    agents: all
"""

RETURN = r"""
hosts:
  description: What became of each host, also when the task failed.
  returned: always, unless an option is wrong or no master answers
  type: list
  elements: dict
  contains:
    name:
      description: Name of the host, or address and port of an element of O(endpoints).
      type: str
    role:
      description: V(master), V(agent) or V(endpoint).
      type: str
    url:
      description: Where it was asked. None for an agent that is not registered.
      type: str
    level_before:
      description: The level that was in force. None if it could not be read.
      type: int
    level:
      description: The level in force, read back. In check mode what it would be.
      type: int
    changed:
      description: Whether a level was set or its time was started anew.
      type: bool
    reverts_at:
      description: When (UTC) the level goes back by itself. None if this task did not set it, as Mesos does not tell.
      type: str
      sample: '2026-11-21T14:10:00Z'
    error:
      description: Why it failed, or none.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import connection_options
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.mesos_logging import LEVELS, set_levels


def main() -> None:
    options = {
        "level": {"type": "int", "required": True, "choices": list(LEVELS)},
        "duration": {"type": "str"},
        "endpoints": {"type": "list", "elements": "str"},
        "masters": {"type": "str", "choices": ["all", "leader", "none"], "default": "none"},
        "agents": {"type": "list", "elements": "str"},
        "renew": {"type": "bool", "default": True},
    }
    module = AnsibleModule(argument_spec={**connection_options(), **options}, supports_check_mode=True)
    try:
        result = set_levels(module.params, module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
