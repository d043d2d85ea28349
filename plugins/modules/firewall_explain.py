#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_explain
short_description: May one host speak to another, and by which rule
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Answers from the inventory and the platform's table of services, with the rules that role C(firewall) loads.
  - It asks no host.
  - Runs on the controller, whatever the host of the task.
options:
  source:
    description: Who wants to speak. A host of the inventory, or an IPv4 address.
    type: str
    required: true
  destination:
    description: Host of the inventory that is spoken to.
    type: str
    required: true
  port:
    description: The port, as the source sees it.
    type: int
    required: true
  protocol:
    description: Protocol of the port.
    type: str
    choices: [tcp, udp]
    default: tcp
  from_container:
    description: The source is a container with a network of its own on the host O(source).
    type: bool
    default: false
extends_documentation_fragment:
  - mesospark.platform.information
"""

EXAMPLES = r"""
- name: May executors reach a driver
  mesospark.platform.firewall_explain:
    source: agent1
    destination: agent2
    port: 31005
  register: answer
  failed_when: not answer.allowed
"""

RETURN = r"""
allowed:
  description: Whether it may.
  returned: success
  type: bool
service:
  description: Service that has the port, empty if none has.
  returned: success
  type: str
  sample: Mesos tasks
client:
  description: The client of that service by which the source is let in, empty if it is not.
  returned: success
  type: str
  sample: mesos_agents
reason:
  description: The answer as a sentence.
  returned: success
  type: str
  sample: Mesos tasks of agent2 lets in mesos_agents
"""
