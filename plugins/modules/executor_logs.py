#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: executor_logs
short_description: Read all lines of one run, and send Graylog those that it lacks
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Gives every line that the driver and the executors of one run wrote, each once and in true order.
  - Lines come from Graylog, if O(graylog_url) is given. What Graylog does not have (yet) is read from the sandboxes on
    the agents, if O(mesos_url) is given, as long as they are there. Either of them is enough.
  - With O(ship=true) what Graylog lacks is sent to it, with the same record ids that the log shipper gives. So nothing
    is doubled if the log shipper sends it later.
extends_documentation_fragment:
  - mesospark.platform.log_output
  - mesospark.platform.platform
  - mesospark.platform.transport
  - mesospark.platform.run_logs
attributes:
  check_mode:
    description: Reads, and neither sends lines nor writes a file.
    support: full
  diff_mode:
    description: Shows how many records of each file Graylog lacks, and size and digest of O(dest).
    support: full
options:
  name:
    description: Name of the job. The run that started last is meant.
    type: str
  run_id:
    description: Id of the run.
    type: str
  executors:
    description: Ids of the only executors that are meant, or V(driver). By default all are meant.
    type: list
    elements: str
    default: []
  pattern:
    description: Give only messages in which Python's regular expression is found somewhere.
    type: str
  ship:
    description:
      - Send Graylog what it lacks of executors that have ended. It needs O(graylog_url), O(mesos_url), O(ship_to),
        O(ca_path), O(client_cert) and O(client_key).
      - What the log shipper sends at this moment is sent twice then, and found once.
    type: bool
    default: false
  ship_to:
    description: Addresses of Graylog's Beats inputs, such as V(graylog.example.org:5044). The first one that answers is
      used.
    type: list
    elements: str
  wait:
    description: Whether to wait until Graylog finds what was sent.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, with its unit.
    type: str
    default: 1m
  wait_sleep:
    description: How often Graylog is asked.
    type: str
    default: 1s
seealso:
  - module: mesospark.platform.graylog_messages
  - module: mesospark.platform.mesos_sandbox
  - module: mesospark.platform.spark_driver_info
"""

EXAMPLES = r"""
- name: Read the log of a job's last run, wherever it is
  mesospark.platform.executor_logs:
    name: settlement
  register: log

- name: Show what the driver said at the end
  mesospark.platform.executor_logs:
    run_id: settlement-20261121t101500-3fa8
    executors: [driver]
    limit: 20

- name: Keep it
  mesospark.platform.executor_logs:
    name: settlement
    dest: settlement.log

- name: Give Graylog what it missed while it was away
  mesospark.platform.executor_logs:
    run_id: settlement-20261121t101500-3fa8
    ship: true
    ship_to: [graylog.example.org:5044]
    dest: settlement.log
"""

RETURN = r"""
run_id:
  description: Id of the run.
  returned: success, or if some lines could not be read
  type: str
messages:
  description: The messages, each once, in true order, with the fields which M(mesospark.platform.graylog_messages)
    gives. Empty if O(dest) is given.
  returned: success, or if some lines could not be read
  type: list
  elements: dict
count:
  description: How many messages are given or written.
  returned: success, or if some lines could not be read
  type: int
matched:
  description: How many there are. More than RV(count) only with O(limit).
  returned: success, or if some lines could not be read
  type: int
complete:
  description: Whether everything was compared with the sandboxes, so that no line is missing.
  returned: success, or if some lines could not be read
  type: bool
shipped:
  description: How many records were sent to Graylog, or in check mode would be.
  returned: success, or if some lines could not be read
  type: int
executors:
  description: Where the lines of the driver and of each executor were found.
  returned: success, or if some lines could not be read
  type: list
  elements: dict
  contains:
    executor:
      description: V(driver), or the executor's id.
      type: str
    executor_id:
      description: Id of the Mesos executor.
      type: str
    host:
      description: Name of its agent.
      type: str
    state:
      description: State of its task. Null if the Mesos master does not remember it.
      type: str
    container_id:
      description: Id of its container.
      type: str
    stdout:
      description: Bytes of its standard output (C(size)), and how many of its records Graylog does not have
        (C(lacking)). Null if its sandbox could not be read.
      type: dict
    stderr:
      description: The same of its standard error.
      type: dict
    shipped:
      description: How many records were sent. Null if none could be, as for an executor that has not ended.
      type: int
    error:
      description: Why its lines could not be read, or none.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import (
    connection_options,
    graylog_access_options,
    graylog_from,
    mesos_from,
    wait_options,
    waiter_from,
)
from ansible_collections.mesospark.platform.plugins.module_utils.beats import beats_from
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError, PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.executor_logs import read_logs
from ansible_collections.mesospark.platform.plugins.module_utils.log_file import FORMATS


def main() -> None:
    options = {
        "name": {"type": "str"},
        "run_id": {"type": "str"},
        "executors": {"type": "list", "elements": "str", "default": []},
        "pattern": {"type": "str"},
        "limit": {"type": "int", "default": 0},
        "fields": {"type": "list", "elements": "str", "default": []},
        "dest": {"type": "path"},
        "dest_format": {"type": "str", "choices": list(FORMATS), "default": "text"},
        "ship": {"type": "bool", "default": False},
        "ship_to": {"type": "list", "elements": "str"},
        **wait_options("1m", "1s"),
    }
    module = AnsibleModule(
        argument_spec={**connection_options(), **graylog_access_options(), **options},
        required_one_of=[("name", "run_id")],
        supports_check_mode=True,
    )
    params = module.params
    try:
        if not params["graylog_url"] and not params["mesos_url"]:
            raise OptionError("graylog_url, mesos_url", None, "are both missing", "give one of them, or both")
        graylog = graylog_from(params) if params["graylog_url"] else None
        mesos = mesos_from(params) if params["mesos_url"] else None
        if params["ship"] and not (graylog and mesos):
            raise OptionError("ship", True, "needs Graylog and Mesos", "give graylog_url and mesos_url")
        output = beats_from(params) if params["ship"] else None
        result = read_logs(mesos, graylog, output, waiter_from(params), params, module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
