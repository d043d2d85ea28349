#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_pipeline
short_description: Manage a pipeline of Graylog and its rules
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes a pipeline with its rules and the streams it works on, brings them to the options, or removes them.
  - Options that are not given keep their values.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
attributes:
  check_mode:
    description:
      - Says what would be changed without changing anything. The sources of rules are not tried then. A stream or rule
        that is not there yet is taken for one that an earlier task makes, with a warning.
    support: full
  diff_mode:
    description: Shows the fields and rules that differ, before and after.
    support: full
options:
  title:
    description: The title, which is the pipeline's identity for this module.
    type: str
    required: true
  description:
    description: A sentence for people.
    type: str
  rules:
    description:
      - Rules to have, whether or not O(stages) use them. Other rules of Graylog are left alone.
      - With O(state=absent) those that no other pipeline uses are removed.
    type: list
    elements: dict
    suboptions:
      source:
        description: The rule in Graylog's language. The name after its first word is its identity.
        type: str
        required: true
      description:
        description: A sentence for people.
        type: str
  stages:
    description: All stages of the pipeline, in any order.
    type: list
    elements: dict
    suboptions:
      stage:
        description: The stage's number. Lower ones run first.
        type: int
        default: 0
      match:
        description: Which rules must have matched for the next stage to run. V(pass) needs Graylog 4.
        type: str
        choices: [all, either, pass]
        default: either
      rules:
        description: Names of rules.
        type: list
        elements: str
        required: true
  streams:
    description: Titles or ids of all streams whose messages the pipeline works on.
    type: list
    elements: str
  state:
    description: Whether there is the pipeline.
    type: str
    choices: [present, absent]
    default: present
notes:
  - On a Graylog as it was installed, pipelines run before messages are sorted into streams, so one that works on a
    stream of yours does nothing. See M(mesospark.platform.graylog_message_processors).
seealso:
  - module: mesospark.platform.graylog_message_processors
  - module: mesospark.platform.graylog_stream
"""

EXAMPLES = r"""
- name: Say in words which lines were cut
  mesospark.platform.graylog_pipeline:
    title: jobs
    rules:
      - source: |
          rule "mark what was cut"
          when has_field("cut")
          then set_field("note", "This line was longer than 1 MB.");
          end
    stages:
      - rules:
          - mark what was cut
    streams:
      - jobs of spark
"""

RETURN = r"""
pipeline:
  description: The pipeline as Graylog shows it after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
"""

from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_pipeline import apply_pipeline


def main() -> None:
    rule = {"source": {"type": "str", "required": True}, "description": {"type": "str"}}
    stage = {
        "stage": {"type": "int", "default": 0},
        "match": {"type": "str", "choices": ["all", "either", "pass"], "default": "either"},
        "rules": {"type": "list", "elements": "str", "required": True},
    }
    options = {
        "title": {"type": "str", "required": True},
        "description": {"type": "str"},
        "rules": {"type": "list", "elements": "dict", "options": rule},
        "stages": {"type": "list", "elements": "dict", "options": stage},
        "streams": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    run_module(options, apply_pipeline)


if __name__ == "__main__":
    main()
