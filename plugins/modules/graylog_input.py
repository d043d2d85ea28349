#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_input
short_description: Manage an input of Graylog
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes an input, brings it to the options, starts it anew, or removes it, and waits until it runs.
  - Fields of the configuration that are not given keep their values, or have Graylog's defaults in a new input.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
  - mesospark.platform.graylog_wait
attributes:
  check_mode:
    description: Says what would be changed without changing anything.
    support: full
  diff_mode:
    description: Shows the fields that differ, before and after. Of a secret only that it differs.
    support: full
options:
  title:
    description: The title, which is the input's identity for this module.
    type: str
    required: true
  type:
    description:
      - The type by its class, such as V(org.graylog.plugins.beats.Beats2Input), or by its name in Graylog's pages, such
        as V(Beats) or V(GELF HTTP).
      - Required for a new input.
    type: str
  configuration:
    description:
      - Fields of the type's configuration as Graylog's REST API names them, such as C(bind_address) and C(port).
      - A field which the type does not have is an error.
    type: dict
  secret_configuration:
    description:
      - Fields of the configuration that are secrets, such as C(tls_key_password).
      - Newer versions of Graylog do not give some of them back. Such a field is set in a new input or together with
        another change, and does not count as a difference by itself.
    type: dict
  static_fields:
    description:
      - All fields which Graylog adds to every message of the input. Others are removed.
      - Graylog starts the input anew for each that is added, changed or removed, and the task waits for it in between.
    type: dict
  node:
    description: Id of the node which runs the input. Every node does if it is not given.
    type: str
  state:
    description:
      - V(present) means that the input is there and runs. One that was stopped or failed is started.
      - V(restarted) starts it anew also if there is nothing to change, as after a renewal of its certificate.
      - V(absent) removes it.
    type: str
    choices: [present, restarted, absent]
    default: present
notes:
  - Files which the configuration names are files of the hosts which run Graylog.
  - Graylog accepts a certificate file that is not there and makes one up. Have the file in place first.
seealso:
  - module: mesospark.platform.graylog_stream
"""

EXAMPLES = r"""
- name: Take events from log shippers that have a certificate of the platform
  mesospark.platform.graylog_input:
    title: beats
    type: org.graylog.plugins.beats.Beats2Input
    configuration:
      bind_address: 10.213.7.10
      port: 5044
      no_beats_prefix: true
      tls_enable: true
      tls_cert_file: /etc/graylog/tls/host.pem
      tls_key_file: /etc/graylog/tls/host.key
      tls_client_auth: required
      tls_client_auth_cert_file: /etc/graylog/tls/authorities

- name: Read a new certificate
  mesospark.platform.graylog_input:
    title: beats
    state: restarted
"""

RETURN = r"""
input:
  description:
    - The input as Graylog shows it after the change (in check mode before it), null if there is none.
    - Secrets in its C(attributes) are replaced by a word.
  returned: success
  type: dict
states:
  description: The input's state by id of node, empty if it was not waited for.
  returned: success
  type: dict
  sample:
    81206573-5e23-420d-8739-4831505a815b: RUNNING
"""

from ansible_collections.mesospark.platform.plugins.module_utils.arguments import graylog_wait_options, waiter_from
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_input import apply_input
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module


def main() -> None:
    options = {
        **graylog_wait_options(),
        "title": {"type": "str", "required": True},
        "type": {"type": "str"},
        "configuration": {"type": "dict"},
        "secret_configuration": {"type": "dict", "no_log": True},
        "static_fields": {"type": "dict"},
        "node": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "restarted", "absent"], "default": "present"},
    }
    run_module(
        options,
        lambda graylog, params, check_mode: apply_input(graylog, waiter_from(params), params, check_mode),
    )


if __name__ == "__main__":
    main()
