#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_stream
short_description: Manage a stream of Graylog and its rules
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes a stream, brings it and its rules to the options, pauses it, or removes it.
  - A stream takes the messages which its rules describe, when they arrive. A role can then be allowed to read it.
  - Options that are not given keep their values.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
attributes:
  check_mode:
    description:
      - Says what would be changed without changing anything. An index set that is not there yet is taken for one that
        an earlier task makes, with a warning.
    support: full
  diff_mode:
    description: Shows the fields that differ, before and after, all rules together.
    support: full
options:
  title:
    description: The title, which is the stream's identity for this module.
    type: str
    required: true
  description:
    description: A sentence for people.
    type: str
  index_set:
    description: Prefix, title or id of the index set that keeps the messages. A new stream has the default one.
    type: str
  matching:
    description: Whether a message must match all rules or any of them, V(all) for a new stream.
    type: str
    choices: [all, any]
  remove_matches_from_default_stream:
    description:
      - Whether messages of this stream are kept out of the stream of all messages, V(true) for a new stream.
      - With V(false) they are kept twice when the index sets of the two differ.
    type: bool
  rules:
    description: All rules of the stream, in any order. Others are removed.
    type: list
    elements: dict
    suboptions:
      field:
        description: Name of the message's field, not needed for V(always_match) and V(match_input).
        type: str
      type:
        description: How the field is compared with O(rules[].value).
        type: str
        choices: [exact, regex, greater, smaller, presence, contains, always_match, match_input]
        default: exact
      value:
        description:
          - The value, not needed for V(presence) and V(always_match). For V(match_input) the id of an input.
          - Comparing with V(greater) and V(smaller) excludes the value itself.
        type: str
      inverted:
        description: Whether the rule is that the field does not compare so.
        type: bool
        default: false
      description:
        description: A sentence for people.
        type: str
  state:
    description: V(present) makes the stream take messages, V(paused) makes it take none, V(absent) removes it.
    type: str
    choices: [present, paused, absent]
    default: present
notes:
  - A change of rules or of the index set holds for messages that arrive from then on.
seealso:
  - module: mesospark.platform.graylog_index_set
  - module: mesospark.platform.graylog_role
"""

EXAMPLES = r"""
- name: One stream for the jobs of a team
  mesospark.platform.graylog_stream:
    title: jobs of spark
    index_set: jobs
    rules:
      - field: principal
        value: spark

- name: Errors of the platform itself
  mesospark.platform.graylog_stream:
    title: platform errors
    index_set: platform
    rules:
      - field: service
        type: presence
      - field: level
        type: smaller
        value: "4"
"""

RETURN = r"""
stream:
  description: The stream as Graylog shows it after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
"""

from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_stream import RULE_TYPES, apply_stream


def main() -> None:
    rule = {
        "field": {"type": "str"},
        "type": {"type": "str", "choices": list(RULE_TYPES), "default": "exact"},
        "value": {"type": "str"},
        "inverted": {"type": "bool", "default": False},
        "description": {"type": "str"},
    }
    options = {
        "title": {"type": "str", "required": True},
        "description": {"type": "str"},
        "index_set": {"type": "str"},
        "matching": {"type": "str", "choices": ["all", "any"]},
        "remove_matches_from_default_stream": {"type": "bool"},
        "rules": {"type": "list", "elements": "dict", "options": rule},
        "state": {"type": "str", "choices": ["present", "paused", "absent"], "default": "present"},
    }
    run_module(options, apply_stream)


if __name__ == "__main__":
    main()
