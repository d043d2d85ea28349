# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that say how servers and caller prove who they are."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ca_path:
    description:
      - File with the certificates (PEM) of the authorities that vouch for the servers.
      - If it is not given, the environment variable E(MESOSPARK_CA_PATH) is used, else the system's authorities.
    type: path
  client_cert:
    description:
      - File with the client certificate (PEM).
      - If it is not given, the environment variable E(MESOSPARK_CLIENT_CERT) is used.
    type: path
  client_key:
    description:
      - File with the key (PEM, not encrypted) of O(client_cert).
      - If it is not given, the environment variable E(MESOSPARK_CLIENT_KEY) is used.
    type: path
  validate_certs:
    description: Whether the servers' certificates are verified. Turn it off in tests only.
    type: bool
    default: true
  timeout:
    description: Seconds of silence after which a single request is given up.
    type: float
    default: 10.0
  auth:
    description:
      - How the caller proves who it is. V(basic) sends user name and password, V(kerberos) a Kerberos ticket (SPNEGO),
        for which the URL must have the server's full host name. A client certificate is presented with either.
      - An account that is given for one server alone is used there in any case.
      - If it is not given, the environment variable E(MESOSPARK_AUTH) is used.
      - V(kerberos) needs the Python package C(gssapi) where the module runs.
    type: str
    choices: [basic, kerberos]
    default: basic
  kerberos_principal:
    description:
      - Whose ticket or key is used, when there are several. Without it the first one.
      - If it is not given, the environment variable E(MESOSPARK_KERBEROS_PRINCIPAL) is used.
    type: str
  kerberos_keytab:
    description:
      - Keytab to get a ticket with. Without one a ticket that is there already is used, from C(kinit).
      - If it is not given, the environment variable E(MESOSPARK_KERBEROS_KEYTAB) is used.
    type: path
  kerberos_credential_cache:
    description:
      - Ticket cache, such as V(FILE:/run/user/1000/krb5cc). Without it the user's.
      - If it is not given, the environment variable E(MESOSPARK_KERBEROS_CREDENTIAL_CACHE) is used.
    type: str
notes:
  - Environment proxies are not used.
"""
