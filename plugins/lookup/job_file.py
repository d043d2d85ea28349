# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: job_file
short_description: Read a job file
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Reads a file that describes a Spark job and gives the options of M(mesospark.platform.spark_driver) for it.
  - Every key is checked. An error names the line and the key.
  - Paths in the file are relative to the folder of the file.
options:
  _terms:
    description: Paths of job files.
    type: list
    elements: path
    required: true
seealso:
  - module: mesospark.platform.spark_driver
"""

EXAMPLES = r"""
- name: Show what a job file says
  ansible.builtin.debug:
    msg: "{{ lookup('mesospark.platform.job_file', 'job.yml') }}"
"""

RETURN = r"""
_raw:
  description: The options of each job, as a dictionary.
  type: list
  elements: dict
"""

import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.mesospark.platform.plugins.plugin_utils.job_file import JobFileError, read_job_file


class LookupModule(LookupBase):
    """Paths are relative to the folder where Ansible was started, as those of other -e files."""

    def run(self, terms: list[t.Any], variables: t.Any = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [read_job_file(os.path.expanduser(term)) for term in terms]
        except JobFileError as error:
            raise AnsibleLookupError(str(error)) from error
