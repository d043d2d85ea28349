#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_role
short_description: Manage a role of Graylog
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes a role, brings its permissions to the options, or removes it.
  - O(streams), O(editable_streams), O(views) and O(permissions) together are all permissions of the role. If any of
    them is given, every other permission is taken away.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
attributes:
  check_mode:
    description:
      - Says what would be changed without changing anything. A stream or dashboard that is not there yet is taken for
        one that an earlier task makes, with a warning.
    support: full
  diff_mode:
    description: Shows the permissions, before and after.
    support: full
options:
  name:
    description: Name of the role. Upper and lower case are the same to Graylog.
    type: str
    required: true
  description:
    description: A sentence for people.
    type: str
  streams:
    description: Titles or ids of the streams whose messages the role may read.
    type: list
    elements: str
  editable_streams:
    description: Titles or ids of the streams which the role may read, change, pause and start.
    type: list
    elements: str
  views:
    description: Titles or ids of the dashboards and saved searches which the role may open.
    type: list
    elements: str
  permissions:
    description: Further permissions in Graylog's own words, such as V(searches:relative).
    type: list
    elements: str
  state:
    description: Whether there is the role. Users lose a role that is removed.
    type: str
    choices: [present, absent]
    default: present
notes:
  - A user needs the role V(Reader) besides. It lets them into Graylog's pages, and shows no message by itself.
  - Graylog knows a changed permission some seconds later.
seealso:
  - module: mesospark.platform.graylog_stream
  - module: mesospark.platform.graylog_user
"""

EXAMPLES = r"""
- name: Let a team read the logs of its own jobs only
  mesospark.platform.graylog_role:
    name: spark-jobs
    description: Reads the logs of the jobs of spark
    streams:
      - jobs of spark
"""

RETURN = r"""
role:
  description: The role as Graylog shows it after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
"""

from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_role import apply_role


def main() -> None:
    names = {"type": "list", "elements": "str"}
    options = {
        "name": {"type": "str", "required": True},
        "description": {"type": "str"},
        "streams": names,
        "editable_streams": names,
        "views": names,
        "permissions": names,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    run_module(options, apply_role)


if __name__ == "__main__":
    main()
