#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_message_processors
short_description: Set the order in which Graylog works on messages
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Sets the order of Graylog's message processors, and which of them do nothing.
  - A pipeline on a stream works only when V(Pipeline Processor) comes after the processor that sorts messages into
    streams. That one is part of V(Message Filter Chain), and since Graylog 5 is V(Stream Rule Processor).
  - Options that are not given keep their values.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
attributes:
  check_mode:
    description: Says what would be changed without changing anything.
    support: full
  diff_mode:
    description: Shows the order and the disabled processors, before and after.
    support: full
options:
  order:
    description:
      - Processors that shall follow each other in this order, by their names in Graylog's pages or by their classes.
      - They change places with each other only. Processors which are not named stay where they are.
    type: list
    elements: str
  disabled:
    description: All processors that do nothing.
    type: list
    elements: str
seealso:
  - module: mesospark.platform.graylog_pipeline
"""

EXAMPLES = r"""
- name: Let pipelines work on streams
  mesospark.platform.graylog_message_processors:
    order:
      - Message Filter Chain
      - Pipeline Processor
"""

RETURN = r"""
order:
  description: Names of all processors in their order after the change (in check mode before it).
  returned: success
  type: list
  elements: str
disabled:
  description: Names of those that do nothing.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.mesospark.platform.plugins.module_utils.graylog_message_processors import (
    apply_message_processors,
)
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module


def main() -> None:
    names = {"type": "list", "elements": "str"}
    run_module({"order": names, "disabled": names}, apply_message_processors)


if __name__ == "__main__":
    main()
