#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mesos_sandbox
short_description: List and fetch files from the sandboxes of a run
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Lists the files in the sandboxes of a run's driver and executors, or of any framework's, and fetches them to the
    host on which the module runs.
  - The agents are asked for them. They remove old sandboxes, and the master forgets old frameworks.
  - When some files or sandboxes fail, the task fails and names them, and the others are listed and fetched all the
    same.
extends_documentation_fragment:
  - mesospark.platform.platform
  - mesospark.platform.transport
attributes:
  check_mode:
    description: Lists files and compares them with what is in O(dest). Writes nothing.
    support: full
  diff_mode:
    description: Shows size and time, not the content, of each file that is fetched.
    support: full
options:
  run_id:
    description: Id of the run whose driver and executors are meant.
    type: str
  framework:
    description: Id or name of a framework whose executors are meant. Of several with one name the newest is taken.
    type: str
  executors:
    description:
      - Ids of the only executors that are meant, or V(driver) for the driver of O(run_id). A Spark executor's id is the
        number which Spark gives it.
      - By default all are meant.
    type: list
    elements: str
  patterns:
    description:
      - Shell patterns for the paths, relative to the sandbox, of the files that are meant. In them V(*) stands for
        any text, V(/) included.
    type: list
    elements: str
    default: ['*']
  recurse:
    description: Whether to look into folders too.
    type: bool
    default: false
  dest:
    description:
      - Folder into which files are fetched, made if it is missing. Without it they are listed only.
      - A file goes to C(driver) or to a folder named by the executor's id, and there to its path within the sandbox.
        Files and folders are made for their owner only.
      - A file which has the size and time of that in the sandbox is taken for the same and not fetched again.
    type: path
  max_size:
    description: A file larger than this is not fetched, which is an error.
    type: str
    default: 1g
notes:
  - A file that grows is fetched as long as it was when it was listed.
seealso:
  - module: mesospark.platform.spark_driver_info
  - module: mesospark.platform.mesos_logging
"""

EXAMPLES = r"""
- name: List what a run wrote
  mesospark.platform.mesos_sandbox:
    run_id: pi-20261121t120000-0a1b
    recurse: true
  register: sandboxes

- name: Fetch the logs of its driver and all executors
  mesospark.platform.mesos_sandbox:
    run_id: pi-20261121t120000-0a1b
    patterns: [stdout, stderr]
    dest: logs/pi

- name: Fetch heap dumps of one executor
  mesospark.platform.mesos_sandbox:
    run_id: pi-20261121t120000-0a1b
    executors: ['3']
    patterns: ['*.hprof']
    max_size: 8g
    dest: dumps
"""

RETURN = r"""
sandboxes:
  description: The sandboxes, the driver's first, also when the task failed.
  returned: always, unless an option is wrong or no master answers
  type: list
  elements: dict
  contains:
    role:
      description: V(driver) or V(executor).
      type: str
    executor_id:
      description: Id of the Mesos executor.
      type: str
    task_id:
      description: Id of its task.
      type: str
    framework_id:
      description: Id of its framework.
      type: str
    state:
      description: State of its task.
      type: str
      sample: TASK_FINISHED
    agent_id:
      description: Id of the agent.
      type: str
    host:
      description: Name of the agent's host, if it is registered.
      type: str
    dest:
      description: Folder into which its files are fetched.
      returned: if O(dest) is given and the agent answers
      type: str
    error:
      description: Why the sandbox could not be read, or none.
      type: str
    files:
      description: Its files, by path.
      type: list
      elements: dict
      contains:
        path:
          description: Path relative to the sandbox.
          type: str
        size:
          description: Size in bytes.
          type: int
        mtime:
          description: When it was last written, in seconds since the epoch.
          type: int
        mode:
          description: Kind and permissions.
          type: str
          sample: -rw-r--r--
        dest:
          description: Where it is fetched to.
          returned: if O(dest) is given
          type: str
        changed:
          description: Whether it was fetched, or would be in check mode.
          returned: if O(dest) is given
          type: bool
        error:
          description: Why it could not be fetched, or none.
          returned: if O(dest) is given
          type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import connection_options, mesos_from
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.mesos_sandbox import read_sandboxes


def main() -> None:
    options = {
        "run_id": {"type": "str"},
        "framework": {"type": "str"},
        "executors": {"type": "list", "elements": "str"},
        "patterns": {"type": "list", "elements": "str", "default": ["*"]},
        "recurse": {"type": "bool", "default": False},
        "dest": {"type": "path"},
        "max_size": {"type": "str", "default": "1g"},
    }
    module = AnsibleModule(
        argument_spec={**connection_options(), **options},
        mutually_exclusive=[("run_id", "framework")],
        required_one_of=[("run_id", "framework")],
        supports_check_mode=True,
    )
    try:
        result = read_sandboxes(mesos_from(module.params), module.params, module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
