#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: spark_driver_info
short_description: Find runs of Spark jobs
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Finds runs of jobs, with their states, exit codes, results, executors and logs.
  - Runs that are going are found by their Marathon apps, those that are over as long as the Mesos master remembers
    them. So it finds what an interrupted playbook has left behind.
extends_documentation_fragment:
  - mesospark.platform.information
  - mesospark.platform.platform
  - mesospark.platform.transport
  - mesospark.platform.run_logs
options:
  name:
    description: Name of the job. Without it, runs of all jobs are found.
    type: str
  run_id:
    description: Id of the only run to find.
    type: str
  state:
    description: Whether to find V(going) runs, V(ended) ones, or V(all).
    type: str
    choices: [all, going, ended]
    default: all
  limit:
    description: How many runs are returned at most, the newest first.
    type: int
    default: 20
  log_lines:
    description: How many of the last lines of the driver's standard output and error are returned.
    type: int
    default: 0
seealso:
  - module: mesospark.platform.spark_driver
  - module: mesospark.platform.graylog_messages
  - module: mesospark.platform.executor_logs
"""

EXAMPLES = r"""
- name: Find what is going
  mesospark.platform.spark_driver_info:
    state: going
  register: going

- name: Read the end of the log of a job's last run
  mesospark.platform.spark_driver_info:
    name: word-count
    limit: 1
    log_lines: 100
  register: last
"""

RETURN = r"""
runs:
  description: The runs that were found, the newest first.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the job.
      type: str
    principal:
      description: Identity of the run.
      type: str
    going:
      description: Whether the run is not over.
      type: bool
    run_id:
      description: Id of the run.
      type: str
    app_id:
      description: Id of the driver's Marathon app.
      type: str
    framework_id:
      description: Id of the run's Mesos framework.
      type: str
    driver_task_id:
      description: Mesos task id of the driver.
      type: str
    driver_host:
      description: Name of the agent where the driver runs or ran.
      type: str
    state:
      description: One of waiting, staging, running, unreachable, finished, failed, killed, lost.
      type: str
    exit_code:
      description: The driver's exit code, null as long as there is none.
      type: int
    message:
      description: What Mesos says about the driver's last state.
      type: str
    result:
      description: What the job left as its result.
      type: raw
    executors:
      description: The executors which the run has or had, each with C(task_id), C(host), C(state) and C(message).
      type: list
      elements: dict
    duration:
      description: Seconds from the driver's start to its end.
      type: float
    driver_log:
      description: The last lines (C(stdout), C(stderr)) of the driver.
      type: dict
    log_url:
      description: Address of the run's lines in Graylog, for a browser. Null if O(graylog_url) is not given.
      type: str
    error_lines:
      description: The last errors of driver and executors, each with C(executor), C(host), C(stream), C(timestamp) and
        C(message). Only for runs that failed, and with O(log_lines) above 0.
      type: list
      elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import (
    connection_options,
    graylog_access_options,
    graylog_from,
    marathon_from,
    mesos_from,
)
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.spark_runs import find_runs


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **connection_options(),
            **graylog_access_options(),
            "name": {"type": "str"},
            "run_id": {"type": "str"},
            "state": {"type": "str", "choices": ["all", "going", "ended"], "default": "all"},
            "limit": {"type": "int", "default": 20},
            "log_lines": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    try:
        graylog = graylog_from(module.params) if module.params["graylog_url"] else None
        runs = find_runs(marathon_from(module.params), mesos_from(module.params), graylog, module.params)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(changed=False, runs=runs)


if __name__ == "__main__":
    main()
