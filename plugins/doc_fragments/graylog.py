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
notes:
  - Which calls were tried on which version of Graylog is told in C(docs/graylog-versions.md).
"""
