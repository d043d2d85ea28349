#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_event_definition
short_description: Manage an event definition of Graylog
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes a search that Graylog repeats, brings it to the options, or removes it. What it finds is an event, or an alert
    that somebody is notified of.
  - Options that are not given keep their values.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
attributes:
  check_mode:
    description:
      - Says what would be changed without changing anything. A stream that is not there yet is taken for one that an
        earlier task makes, with a warning.
    support: full
  diff_mode:
    description: Shows the fields that differ, before and after.
    support: full
options:
  title:
    description: The title, which is the definition's identity for this module.
    type: str
    required: true
  description:
    description: A sentence for people.
    type: str
  priority:
    description: How much it matters, V(normal) for a new definition.
    type: str
    choices: [low, normal, high]
  alert:
    description: Whether the events stand among Graylog's alerts, V(true) for a new definition.
    type: bool
  query:
    description: The search, such as V(service:mesos-agent AND level:3). Required for a new definition.
    type: str
  streams:
    description: Titles or ids of the streams that are searched. A new definition searches all.
    type: list
    elements: str
  group_by:
    description: Fields whose every combination of values is looked at by itself. Needs O(condition).
    type: list
    elements: str
  condition:
    description: What must hold of all that is found for an event. Without it, every message found is an event.
    type: dict
    suboptions:
      function:
        description: What is computed. V(card) is the number of different values.
        type: str
        choices: [count, card, avg, max, min, sum, stddev, variance]
        default: count
      field:
        description: Of which field, not needed for V(count).
        type: str
      operator:
        description: How it is compared.
        type: str
        choices: ['<', '<=', '>', '>=', '==']
        required: true
      value:
        description: With which number.
        type: float
        required: true
  search_within:
    description: How far back each search looks, such as V(5m), which a new definition has.
    type: str
  execute_every:
    description: How often it is repeated, such as V(1m), which a new definition has.
    type: str
  notifications:
    description: Titles or ids of Graylog's notifications that are sent.
    type: list
    elements: str
  state:
    description: Whether there is the definition.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: mesospark.platform.graylog_stream
"""

EXAMPLES = r"""
- name: Raise an alert when a service of the platform logs many errors
  mesospark.platform.graylog_event_definition:
    title: many platform errors
    priority: high
    query: "*"
    streams:
      - platform errors
    group_by:
      - service
    condition:
      operator: ">"
      value: 20
    search_within: 5m
    execute_every: 1m
"""

RETURN = r"""
event_definition:
  description: The definition as Graylog shows it after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
"""

from ansible_collections.mesospark.platform.plugins.module_utils.graylog_event_definition import (
    FUNCTIONS,
    OPERATORS,
    PRIORITIES,
    apply_event_definition,
)
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module


def main() -> None:
    condition = {
        "function": {"type": "str", "choices": list(FUNCTIONS), "default": "count"},
        "field": {"type": "str"},
        "operator": {"type": "str", "choices": list(OPERATORS), "required": True},
        "value": {"type": "float", "required": True},
    }
    options = {
        "title": {"type": "str", "required": True},
        "description": {"type": "str"},
        "priority": {"type": "str", "choices": list(PRIORITIES)},
        "alert": {"type": "bool"},
        "query": {"type": "str"},
        "streams": {"type": "list", "elements": "str"},
        "group_by": {"type": "list", "elements": "str"},
        "condition": {"type": "dict", "options": condition},
        "search_within": {"type": "str"},
        "execute_every": {"type": "str"},
        "notifications": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    run_module(options, apply_event_definition)


if __name__ == "__main__":
    main()
