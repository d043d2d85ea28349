#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_probe
short_description: Prove by handshake which certificates running programs serve
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Does a TLS handshake with each listener and tells what it shows there, its certificate, chain, names and days left.
  - A file may be new while the process that has read it is not; this asks the process.
  - Looks at certificate files as well, which have no listener.
  - A listener that wants a client certificate is looked at also when it refuses the one that is given, or when there is
    none.
  - Findings do not make the task fail; they are listed in RV(problems).
extends_documentation_fragment:
  - mesospark.platform.information
options:
  listeners:
    description: Listeners to look at.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the listener is called in the result.
        type: str
        required: true
      address:
        description: Name or address to connect to.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        required: true
      server_name:
        description: Name or IP address that the certificate must have. Without it, O(listeners[].address).
        type: str
      client_certificate:
        description:
          - V(required) says that the listener wants a certificate of its clients, so that it is a problem when it
            refuses the one in O(client_cert).
          - With V(none), or if there is no O(client_cert), a refusal is none.
        type: str
        choices: [none, required]
        default: none
      certificate:
        description: File (PEM) with the certificate that the process should serve, on the host where this module runs.
        type: path
  certificates:
    description: Certificate files (PEM) to look at.
    type: list
    elements: path
    default: []
  window:
    description: A certificate that ends within this time is a problem, with a unit.
    type: str
    default: 30d
  ca_path:
    description: File (PEM) with the authorities that listeners must be vouched for by. Without it, the system's.
    type: path
  revocation_list:
    description:
      - File (PEM) with the lists of what these authorities have revoked. A listener with such a certificate is not
        trusted.
      - Each authority that has signed a listener's certificate must have one in it.
    type: path
  client_cert:
    description: File (PEM) with the certificate that is shown to listeners.
    type: path
  client_key:
    description: File (PEM, not encrypted) with the key of O(client_cert).
    type: path
  timeout:
    description: Seconds after which a silent listener is given up.
    type: float
    default: 5.0
requirements:
  - cryptography
"""

EXAMPLES = r"""
- name: Prove that the Mesos master serves the certificate on its disk
  mesospark.platform.certificate_probe:
    listeners:
      - name: Mesos master
        address: 10.0.0.20
        port: 5050
        server_name: master1.example.org
        client_certificate: required
        certificate: /etc/mesospark/tls/host.pem
    ca_path: /etc/mesospark/tls/ca.pem
    client_cert: /etc/mesospark/tls/host.pem
    client_key: /etc/mesospark/tls/host.key
  register: probe
  failed_when: probe.problems | length > 0
"""

RETURN = r"""
problems:
  description: All that is wrong, one sentence each.
  returned: success
  type: list
  elements: str
  sample: ["Mesos master (10.0.0.20:5050): its certificate ends in 3.2 days, on 2026-11-24T10:00:00+00:00"]
listeners:
  description: What each listener shows. Without an answer it has C(name), C(address), C(port) and C(problems) only.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: As it was given.
      type: str
    address:
      description: As it was given.
      type: str
    port:
      description: As it was given.
      type: int
    tls_version:
      description: Version of the protocol that was agreed on.
      type: str
      sample: TLSv1.3
    subject:
      description: Whom the certificate is for.
      type: str
      sample: CN=master1.example.org
    issuer:
      description: Who signed it.
      type: str
      sample: CN=example.org platform CA
    names:
      description: DNS names and IP addresses in the certificate.
      type: list
      elements: str
    serial_number:
      description: Serial number, in hexadecimal.
      type: str
    fingerprint:
      description: SHA-256 of the certificate, in hexadecimal.
      type: str
    not_before:
      description: Begin of its validity.
      type: str
    not_after:
      description: End of its validity.
      type: str
      sample: "2027-12-23T10:00:00+00:00"
    days_left:
      description: Days until then, negative if it has ended.
      type: float
    chain:
      description: Subjects of the certificates that the listener sends, its own first.
      type: list
      elements: str
    trusted:
      description: Whether O(ca_path) vouches for it, under its name and today.
      type: bool
    same_as_file:
      description: Whether the process serves what is in O(listeners[].certificate).
      type: bool
    problems:
      description: What is wrong with it.
      type: list
      elements: str
certificates:
  description:
    - What each certificate file holds, as for listeners, with its C(path).
    - A file with several certificates has one entry for each.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    subject:
      description: Whom the certificate is for.
      type: str
    days_left:
      description: Days until it ends.
      type: float
    problems:
      description: What is wrong with it.
      type: list
      elements: str
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.mesospark.platform.plugins.module_utils.certificate import CRYPTOGRAPHY_MISSING
from ansible_collections.mesospark.platform.plugins.module_utils.certificate_probe import Probe, problems
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError, PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.handshake import Identity, Trust
from ansible_collections.mesospark.platform.plugins.module_utils.sizes import seconds


def probe(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The module's result.

    Raises:
        PlatformError: an option can not be right.
        OSError: a TLS file can not be used.
    """
    identity = None
    if params["client_cert"]:
        if not params["client_key"]:
            raise OptionError("client_key", None, "is missing", "give the key of client_cert")
        identity = Identity(params["client_cert"], params["client_key"])
    trust = Trust(params["ca_path"], params["revocation_list"])
    prober = Probe(seconds("window", params["window"]), trust, identity, params["timeout"])
    listeners = prober.listeners(params["listeners"])
    files = [entry for path in params["certificates"] for entry in prober.file(path)]
    return {"listeners": listeners, "certificates": files, "problems": problems(listeners, files)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "listeners": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                    "server_name": {"type": "str"},
                    "client_certificate": {"type": "str", "choices": ["none", "required"], "default": "none"},
                    "certificate": {"type": "path"},
                },
            },
            "certificates": {"type": "list", "elements": "path", "default": []},
            "window": {"type": "str", "default": "30d"},
            "ca_path": {"type": "path"},
            "revocation_list": {"type": "path"},
            "client_cert": {"type": "path"},
            "client_key": {"type": "path", "no_log": False},
            "timeout": {"type": "float", "default": 5.0},
        },
        supports_check_mode=True,
    )
    if CRYPTOGRAPHY_MISSING:
        module.fail_json(msg=missing_required_lib("cryptography"), exception=CRYPTOGRAPHY_MISSING)
    try:
        result = probe(module.params)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"ca_path, revocation_list, client_cert or client_key can not be used: {error}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
