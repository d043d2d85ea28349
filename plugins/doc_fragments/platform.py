# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that lead to Marathon and Mesos."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  marathon_url:
    description:
      - URL of Marathon, such as V(https://edge1.example.org:8443). Several are tried in turn.
      - Through the gateway it is V(https://gateway.example.org/marathon).
      - If it is not given, the environment variable E(MARATHON_URL) is used.
    type: list
    elements: str
  mesos_url:
    description:
      - URL of the Mesos master, such as V(https://master1.example.org:5050). Several are tried in turn; followers
        lead to the leader.
      - Through the gateway it is V(https://gateway.example.org/mesos). Agents are then asked there as well.
      - If it is not given, the environment variable E(MESOS_MASTER_URL) is used.
    type: list
    elements: str
  url_username:
    description:
      - Name of the user for basic authentication.
      - If it is not given, the environment variable E(MESOSPARK_USERNAME) is used.
    type: str
  url_password:
    description:
      - Password of O(url_username).
      - If it is not given, the environment variable E(MESOSPARK_PASSWORD) is used.
    type: str
  mesos_username:
    description:
      - Name of the user at Mesos masters and agents, if it is another one than O(url_username).
      - If it is not given, the environment variable E(MESOSPARK_MESOS_USERNAME) is used.
    type: str
  mesos_password:
    description:
      - Password at Mesos masters and agents, if it is another one than O(url_password).
      - If it is not given, the environment variable E(MESOSPARK_MESOS_PASSWORD) is used.
    type: str
notes:
  - Redirects to a new leader are followed. Credentials are sent to the configured servers, and to another one only
    when the CA in O(ca_path) vouches for it.
"""
