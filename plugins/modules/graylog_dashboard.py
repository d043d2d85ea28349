#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_dashboard
short_description: Manage a dashboard of Graylog
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes a dashboard, brings it to the options, or removes it.
  - The options are the whole dashboard. What people changed in it is undone; let them work on a copy.
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
    description: Shows the widgets that differ, before and after, as Graylog's documents.
    support: full
options:
  title:
    description: The title, which is the dashboard's identity for this module.
    type: str
    required: true
  summary:
    description: A few words for the list.
    type: str
  description:
    description: Sentences for people.
    type: str
  widgets:
    description: All widgets, on one page. Others are removed.
    type: list
    elements: dict
    suboptions:
      title:
        description: What stands above the widget.
        type: str
        required: true
      type:
        description:
          - How it is drawn. V(messages) lists messages, V(number) shows a single value, the others show computed
            values.
        type: str
        choices: [table, number, line, area, bar, pie, messages]
        default: table
      query:
        description: Which messages, in Graylog's query language. An empty one means all that the user may read.
        type: str
        default: ""
      streams:
        description:
          - Titles or ids of the streams that are searched. Without them it is all that the user may read, so that teams
            can share a dashboard.
        type: list
        elements: str
        default: []
      range:
        description: How far back it looks, such as V(1h), or V(all).
        type: str
        default: 1h
      group_by:
        description: Fields whose values make rows, or points of the horizontal axis.
        type: list
        elements: dict
        default: []
        suboptions:
          field:
            description: Name of the field. V(timestamp) makes spans of time.
            type: str
            required: true
          limit:
            description: How many values at most, those with the most messages.
            type: int
            default: 15
      split_by:
        description: Fields whose values make columns, or lines and bars of their own.
        type: list
        elements: dict
        default: []
        suboptions:
          field:
            description: Name of the field. V(timestamp) makes spans of time.
            type: str
            required: true
          limit:
            description: How many values at most, those with the most messages.
            type: int
            default: 15
      values:
        description: What is computed.
        type: list
        elements: dict
        default: [{function: count()}]
        suboptions:
          function:
            description:
              - V(count(\)), or one of V(card), V(avg), V(max), V(min), V(sum), V(stddev), V(variance) with a field,
                such as V(avg(size\)), or a percentile such as V(percentile(size,95\)).
            type: str
            required: true
          title:
            description: Its name in the widget, else the function's.
            type: str
      sort_by:
        description:
          - For computed values, a function of O(widgets[].values) or a field of O(widgets[].group_by). For
            V(messages) a field, V(timestamp) if none is given.
        type: str
      descending:
        description: Whether the largest or newest comes first.
        type: bool
        default: true
      fields:
        description: Columns of a list of messages, besides the message itself.
        type: list
        elements: str
        default: [timestamp, source]
      position:
        description: Where it stands. The page has 12 columns, rows are as many as needed.
        type: dict
        required: true
        suboptions:
          column:
            description: The first column, from 1 on.
            type: int
            default: 1
          row:
            description: The first row, from 1 on.
            type: int
            required: true
          width:
            description: How many columns.
            type: int
            default: 12
          height:
            description: How many rows.
            type: int
            default: 4
  state:
    description: Whether there is the dashboard.
    type: str
    choices: [present, absent]
    default: present
notes:
  - A user sees a dashboard when a role has it among its views, and in it what the user's streams hold.
seealso:
  - module: mesospark.platform.graylog_role
  - module: mesospark.platform.graylog_saved_search
"""

EXAMPLES = r"""
- name: Show how much each job writes
  mesospark.platform.graylog_dashboard:
    title: Jobs
    summary: What the jobs write
    widgets:
      - title: Messages per job
        type: bar
        query: _exists_:run
        range: 8h
        group_by:
          - field: timestamp
        split_by:
          - field: job
        position:
          row: 1
      - title: Errors
        type: messages
        query: _exists_:run AND level:<=3
        range: 8h
        fields: [timestamp, job, executor_id]
        position:
          row: 5
          height: 6
"""

RETURN = r"""
view:
  description: The dashboard as Graylog shows it after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
url:
  description: The address at which people open it, null if there is none.
  returned: success
  type: str
"""

from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_view import apply_dashboard
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_widgets import widget_options


def main() -> None:
    widgets = {"type": "list", "elements": "dict", "options": widget_options(own_scope=True)}
    options = {
        "title": {"type": "str", "required": True},
        "summary": {"type": "str"},
        "description": {"type": "str"},
        "widgets": widgets,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    run_module(options, apply_dashboard)


if __name__ == "__main__":
    main()
