#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: spark_driver
short_description: Run a Spark job on Mesos
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Runs a Spark job once. Its driver is a Marathon app in client mode, its executors are containers that Mesos starts.
  - When the run is over its app is gone, and the task returns the exit code, the result and the end of the driver's
    log. The task fails if the driver ended with another exit code than 0.
  - A task identical to one whose run is still going joins that run instead of starting a second one. So a playbook
    that was interrupted can be started again.
  - With O(wait=false) the app of the run stays after its end, until the job is run again or O(state=absent).
  - Only the first launch of a driver is judged. A driver that ended is not run again.
extends_documentation_fragment:
  - mesospark.platform.platform
  - mesospark.platform.transport
  - mesospark.platform.run_logs
  - mesospark.platform.wait
attributes:
  check_mode:
    description: Can run in check mode, and says what would be run without changing anything.
    support: full
  diff_mode:
    description: Shows the Marathon app which would be created or removed.
    support: full
options:
  state:
    description:
      - V(present) runs the job, or joins its run if an identical one is going.
      - V(absent) ends the job's runs by removing their apps, and nothing else.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the job, up to 40 lower-case letters, digits and inner dashes.
    type: str
    required: true
  run_id:
    description: With O(state=absent), the only run to end. Without it all runs of the job are ended.
    type: str
  image:
    description:
      - Image of driver and executors, with its registry, as V(registry.example.org:5443/mesospark/spark:3.5.8).
      - Required if O(state=present).
    type: str
  application:
    description:
      - The Python file or jar to run. Required if O(state=present).
      - A path is a file on the machine where the module runs. It is put into an image derived from O(image), in the
        folder C(/opt/job).
      - C(local:///path) is a file in the image. A URL (http, https, ftp, hdfs) is fetched by the agent into the
        driver's sandbox.
    type: str
  main_class:
    description: Class to run, for jars which do not name it themselves.
    type: str
  arguments:
    description: Arguments of the application.
    type: list
    elements: str
    default: []
  py_files:
    description: Python modules and archives which the application imports, given like O(application).
    type: list
    elements: str
    default: []
  jars:
    description: Jars of driver and executors, given like O(application).
    type: list
    elements: str
    default: []
  files:
    description:
      - Files and folders on the machine where the module runs. Driver and executors find them in C(/opt/job), under
        their own names.
      - Meant for what belongs to the program. All local files together may have 512 MB.
    type: list
    elements: path
    default: []
  driver_cpus:
    description: Processors of the driver.
    type: float
    default: 1.0
  driver_memory:
    description: Heap of the driver, as V(512m) or V(2g).
    type: str
    default: 1g
  driver_memory_overhead:
    description: Memory of the driver's container beside its heap. By default a tenth of O(driver_memory), and V(384m)
      at least.
    type: str
  executor_cores:
    description: Processors of each executor.
    type: int
    default: 1
  executor_memory:
    description: Heap of each executor, as V(512m) or V(2g).
    type: str
    default: 1g
  executor_memory_overhead:
    description: Memory of each executor's container beside its heap. By default a tenth of O(executor_memory), and
      V(384m) at least.
    type: str
  executor_instances:
    description: Number of executors, V(2) if O(max_cores) is not given either.
    type: int
  max_cores:
    description: Processors of all executors together, instead of O(executor_instances).
    type: int
  conf:
    description:
      - Further settings of Spark, by name. What has an option of its own or belongs to the platform is refused, and
        so are secrets.
    type: dict
    default: {}
  env:
    description:
      - Environment of driver and executors. C(LIBPROCESS_*), C(MESOS_*), C(MARATHON_*), C(LD_*), C(PATH) and the
        platform's own names are refused, and so are names that look like secrets, because everybody who may list apps
        can read them.
    type: dict
    default: {}
  principal:
    description: The identity of the run. Its folder on each agent holds the job's credentials, and its user owns the
      processes.
    type: str
    default: spark
  network:
    description:
      - Network of driver and executors.
      - With V(host) they listen on addresses of their agents.
      - With V(isolated) the run has a network of its own, which reaches its driver and executors, the masters, DNS, the
        registry and O(services), and nothing else. Agents enforce it, and remove it with the run.
    type: str
    choices: [host, isolated]
    default: host
  services:
    description:
      - Services of the inventory (C(platform_run_services)) that an isolated run wants to reach, by name.
      - Agents decide by the job's name whether it may.
    type: list
    elements: str
    default: []
  constraints:
    description: Where the driver may run, as Marathon's constraints, for example C([[rack, CLUSTER, r1]]).
    type: list
    elements: list
    default: []
  executor_constraints:
    description: Where executors may run, by agent attribute, with one value or a list of allowed ones.
    type: dict
    default: {}
  labels:
    description: Labels of the driver's app, beside the platform's own C(job), C(run_id), C(principal) and
      C(definition).
    type: dict
    default: {}
  wait_timeout:
    description: How long to wait for the end of the run, with its unit, as V(30m).
    type: str
    default: 1h
  timeout_action:
    description:
      - What happens after O(wait_timeout) to a run whose driver is running. V(remove) ends it, V(leave) lets it go on.
      - A driver that has not started by then is always removed.
    type: str
    choices: [remove, leave]
    default: remove
  log_lines:
    description: How many of the last lines of the driver's standard output and error are returned.
    type: int
    default: 40
  registry_url:
    description:
      - URL of the registry of O(image), for jobs with local files, if this machine does not reach it by the image's
        name. Through the gateway it is V(https://gateway.example.org), and O(auth=kerberos) holds there as well.
      - If it is not given, the environment variable E(MESOSPARK_REGISTRY_URL) is used.
    type: str
  registry_username:
    description:
      - User that may push to the registry of O(image), for jobs with local files.
      - If it is not given, the environment variable E(MESOSPARK_REGISTRY_USERNAME) is used.
    type: str
  registry_password:
    description:
      - Password of O(registry_username).
      - If it is not given, the environment variable E(MESOSPARK_REGISTRY_PASSWORD) is used.
    type: str
seealso:
  - module: mesospark.platform.spark_driver_info
  - module: mesospark.platform.graylog_messages
  - module: mesospark.platform.executor_logs
"""

EXAMPLES = r"""
- name: Count words
  mesospark.platform.spark_driver:
    name: word-count
    image: registry.example.org:5443/mesospark/spark:3.5.8
    application: word_count.py
    files: [book.txt]
    arguments: [/opt/job/book.txt]
    executor_instances: 4
    executor_memory: 2g
    wait_timeout: 30m
  register: run

- name: Show its result
  ansible.builtin.debug:
    var: run.result

- name: Run a class of a jar that is fetched by the agent
  mesospark.platform.spark_driver:
    name: settlement
    image: registry.example.org:5443/mesospark/spark:3.5.8
    application: https://files.example.org/settlement-1.4.jar
    main_class: org.example.Settlement
    arguments: ["--day", "2026-11-20"]
    driver_memory: 2g
    conf:
      spark.sql.shuffle.partitions: 64

- name: Try a job with data of its own, from where it reaches nothing else
  mesospark.platform.spark_driver:
    name: staging-settlement
    image: registry.example.org:5443/mesospark/spark:3.5.8
    application: settlement.py
    network: isolated
    services: [hdfs-staging]

- name: End all runs of a job
  mesospark.platform.spark_driver:
    name: settlement
    state: absent
"""

RETURN = r"""
run_id:
  description: The run's id, unique for ever. It is also the name of its Mesos framework.
  returned: if O(state=present)
  type: str
  sample: word-count-20261121t101500-3fa8
app_id:
  description: Id of the driver's Marathon app.
  returned: if O(state=present)
  type: str
  sample: /runs/word-count-20261121t101500-3fa8
network:
  description: Name of the run's network, V(host) for the networks of its agents.
  returned: if O(state=present), but not in check mode
  type: str
  sample: isolated.spark.0.word-count-20261121t101500-3fa8
framework_id:
  description: Id of the run's Mesos framework, which is Spark's application id. Null if the driver did not register.
  returned: if O(state=present)
  type: str
driver_task_id:
  description: Mesos task id of the driver, null if it was not launched.
  returned: if O(state=present)
  type: str
driver_host:
  description: Name of the agent where the driver ran.
  returned: if O(state=present)
  type: str
state:
  description: One of waiting, staging, running, unreachable, finished, failed, killed, lost.
  returned: if O(state=present)
  type: str
exit_code:
  description: The driver's exit code, null as long as there is none.
  returned: if O(state=present)
  type: int
message:
  description: What Mesos says about the driver's last state.
  returned: if O(state=present)
  type: str
result:
  description: What the job wrote into the file named by its environment variable E(SPARK_RESULT_FILE), decoded if it
    is JSON.
  returned: if O(state=present)
  type: raw
executors:
  description: The executors which the run has or had.
  returned: if O(state=present)
  type: list
  elements: dict
  contains:
    task_id:
      description: Mesos task id.
      type: str
    host:
      description: Name of the agent.
      type: str
    state:
      description: Mesos task state.
      type: str
    message:
      description: What Mesos says about it.
      type: str
duration:
  description: Seconds from the driver's start to its end.
  returned: if O(state=present)
  type: float
driver_log:
  description: The last lines (C(stdout), C(stderr)) of the driver.
  returned: if O(state=present)
  type: dict
log_url:
  description: Address of the run's lines in Graylog, for a browser. Null if O(graylog_url) is not given.
  returned: if O(state=present), but not in check mode
  type: str
error_lines:
  description:
    - The last errors, with their stack traces, of the driver and of each executor, in the order in which they happened.
    - They come from Graylog, if O(graylog_url) is given, and from the sandboxes that the agents still have.
    - Of a driver that called nothing an error they are the last lines which it wrote itself.
  returned: if the run failed
  type: list
  elements: dict
  contains:
    executor:
      description: V(driver), or the executor's id.
      type: str
    host:
      description: Name of its agent.
      type: str
    stream:
      description: V(stdout) or V(stderr).
      type: str
    timestamp:
      description: When (UTC) it was written, or null if it does not tell.
      type: str
    message:
      description: The text, without most of Java's stack frames. Of a long one the beginning and the end.
      type: str
joined:
  description: Whether an identical run was already going.
  returned: if O(state=present)
  type: bool
reasons:
  description: Why the run was not over in time.
  returned: after a timeout
  type: list
  elements: str
removed:
  description: After a timeout whether the run was removed, and with O(state=absent) the ids of the runs that were.
  returned: after a timeout or if O(state=absent)
  type: raw
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import (
    connection_options,
    graylog_access_options,
    graylog_from,
    marathon_from,
    mesos_from,
    registry_options,
    wait_options,
    waiter_from,
)
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.spark_options import JOB_OPTIONS
from ansible_collections.mesospark.platform.plugins.module_utils.spark_submission import end_runs, submit


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **connection_options(),
            **graylog_access_options(),
            **wait_options("1h"),
            **registry_options(),
            **JOB_OPTIONS,
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "run_id": {"type": "str"},
            "timeout_action": {"type": "str", "choices": ["remove", "leave"], "default": "remove"},
            "log_lines": {"type": "int", "default": 40},
        },
        mutually_exclusive=[("executor_instances", "max_cores")],
        supports_check_mode=True,
    )
    try:
        marathon, waiter = marathon_from(module.params), waiter_from(module.params)
        if module.params["state"] == "absent":
            result = end_runs(marathon, waiter, module.params, module.check_mode)
        else:
            mesos = mesos_from(module.params)
            graylog = graylog_from(module.params) if module.params["graylog_url"] else None
            result = submit(marathon, mesos, graylog, waiter, module.params, module.check_mode, module.warn)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
