# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that say which messages a module gives, and where to."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  limit:
    description: Give the last so many messages only. RV(matched) tells how many there are. V(0) gives all.
    type: int
    default: 0
  fields:
    description:
      - Names of further fields to give, such as V(principal), V(framework_id), V(container_id), or what the job or a
        pipeline in Graylog adds.
    type: list
    elements: str
    default: []
  dest:
    description:
      - File to write the messages into, instead of giving them in the result. Needed for more than a task's result can
        hold, which is some 100,000 lines; too many without it is an error.
      - It is made for its owner only.
    type: path
  dest_format:
    description:
      - V(text) writes time, host, executor, stream and message.
      - V(json) writes a JSON document with all fields, a line each.
    type: str
    choices: [text, json]
    default: text
"""
