# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that lead to Graylog in modules that speak to Mesos too."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  graylog_url:
    description:
      - URL of Graylog, such as V(https://graylog.example.org:9000), without C(/api), if there is one.
      - If it is not given, the environment variable E(GRAYLOG_URL) is used.
    type: list
    elements: str
  graylog_username:
    description:
      - Name of the user at Graylog. It finds what its Graylog roles let it read.
      - If it is not given, the environment variable E(GRAYLOG_USERNAME) is used.
    type: str
  graylog_password:
    description:
      - Password of O(graylog_username).
      - If it is not given, the environment variable E(GRAYLOG_PASSWORD) is used.
    type: str
"""
