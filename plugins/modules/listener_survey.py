#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: listener_survey
short_description: Tell which ports of other hosts let this host in, and how far
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Connects to each target from the host where it runs, and tells whether it is open, which versions of TLS it speaks,
    whether it answers plain text, and whether it takes clients without a certificate, or with each of the given ones.
  - No account is ever given, so an HTTP answer other than a refusal means that anybody is let in.
  - Judges nothing; C(playbooks/verify.yml) does.
extends_documentation_fragment:
  - mesospark.platform.information
options:
  targets:
    description: Ports to go to.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Name of the host in the result.
        type: str
        required: true
      address:
        description: Its IPv4 address.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        required: true
      tls:
        description: Whether it should speak TLS. Without it, the port is only connected to.
        type: bool
        default: false
      http:
        description: Path that is asked for by HTTP. Without it, nothing is asked.
        type: str
        default: ""
  identities:
    description: Certificates to try, beside none.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What it is called in the result.
        type: str
        required: true
      client_cert:
        description: File (PEM) with the certificate.
        type: path
        required: true
      client_key:
        description: File (PEM, not encrypted) with its key.
        type: path
        required: true
  timeout:
    description: Seconds after which a silent port is given up.
    type: float
    default: 3.0
"""

EXAMPLES = r"""
- name: Go to the Mesos master, without a certificate and with that of a team
  mesospark.platform.listener_survey:
    targets:
      - host: master1
        address: 10.0.0.20
        port: 5050
        tls: true
        http: /
    identities:
      - name: spark
        client_cert: /etc/mesospark/principals/spark/client.pem
        client_key: /etc/mesospark/principals/spark/client.key
  register: survey
"""

RETURN = r"""
targets:
  description: What each target did, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: As it was given.
      type: str
    port:
      description: As it was given.
      type: int
    source:
      description: Address that this host went there from.
      type: str
    state:
      description:
        - V(open); V(closed) when nobody listens; V(silent) when nothing was heard; V(refused) when a firewall said no.
      type: str
      sample: open
    reason:
      description: Why it is not open, in a few words.
      type: str
    versions:
      description: Versions of TLS that it speaks. Only of open ports that should speak TLS, as all below.
      type: list
      elements: str
      sample: ["1.2", "1.3"]
    plain_status:
      description: HTTP status that it answers plain text with, 0 if it does not.
      type: int
    answers:
      description:
        - For each identity, and for none under the empty name, C(refusal) (why the handshake failed, empty if it did
          not) and C(status) (of the HTTP answer, 0 without one).
      type: dict
      sample: {"": {"refusal": "certificate required", "status": 0}, "spark": {"refusal": "", "status": 401}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.handshake import Identity
from ansible_collections.mesospark.platform.plugins.module_utils.listener_survey import survey


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "targets": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "host": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                    "tls": {"type": "bool", "default": False},
                    "http": {"type": "str", "default": ""},
                },
            },
            "identities": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "client_cert": {"type": "path", "required": True},
                    "client_key": {"type": "path", "required": True, "no_log": False},
                },
            },
            "timeout": {"type": "float", "default": 3.0},
        },
        supports_check_mode=True,
    )
    identities = {
        identity["name"]: Identity(identity["client_cert"], identity["client_key"])
        for identity in module.params["identities"]
    }
    try:
        found = survey(module.params["targets"], identities, module.params["timeout"])
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"identities: a client_cert with its client_key can not be used, {error}")
    module.exit_json(changed=False, targets=found)


if __name__ == "__main__":
    main()
