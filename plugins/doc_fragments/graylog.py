# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that lead to Graylog."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  graylog_url:
    description:
      - URL of Graylog, such as V(https://graylog.example.org:9000), without C(/api). Several are tried in turn.
      - If it is not given, the environment variable E(GRAYLOG_URL) is used.
    type: list
    elements: str
  url_username:
    description:
      - Name of the user at Graylog.
      - With an access token, the token is the name, and the word V(token) the password.
      - If it is not given, the environment variable E(GRAYLOG_USERNAME) is used.
    type: str
  url_password:
    description:
      - Password of O(url_username).
      - If it is not given, the environment variable E(GRAYLOG_PASSWORD) is used.
    type: str
  ca_path:
    description:
      - File with the certificates (PEM) of the authorities that vouch for the server.
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
    description: Whether the server's certificate is verified. Turn it off in tests only.
    type: bool
    default: true
  timeout:
    description: Seconds of silence after which a single request is given up.
    type: float
    default: 10.0
notes:
  - Environment proxies are not used.
  - Which calls were tried on which version of Graylog is told in C(docs/graylog-versions.md).
"""
