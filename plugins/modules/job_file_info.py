#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_file_info
short_description: Read a job file
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Reads a YAML file that describes a Spark job, and gives the options of M(mesospark.platform.spark_driver) for it.
  - Every key and every value is checked, and that local files are there. An error names the line and the key.
requirements:
  - PyYAML
extends_documentation_fragment:
  - mesospark.platform.information
options:
  path:
    description: Path of the job file.
    type: path
    required: true
seealso:
  - module: mesospark.platform.spark_driver
"""

EXAMPLES = r"""
- name: Read a job file
  mesospark.platform.job_file_info:
    path: job.yml
  register: description
  delegate_to: localhost
"""

RETURN = r"""
job:
  description: Options of M(mesospark.platform.spark_driver). Paths are absolute; in the file they are relative to its
    folder.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.mesospark.platform.plugins.module_utils.job_file import HAS_YAML, JobFileError, read_job_file


def main() -> None:
    module = AnsibleModule(argument_spec={"path": {"type": "path", "required": True}}, supports_check_mode=True)
    if not HAS_YAML:
        module.fail_json(msg=missing_required_lib("PyYAML"))
    try:
        job = read_job_file(module.params["path"])
    except JobFileError as error:
        module.fail_json(msg=error.message)
    module.exit_json(changed=False, job=job)


if __name__ == "__main__":
    main()
