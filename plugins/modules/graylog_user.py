#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_user
short_description: Manage a user of Graylog
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes a user, brings it to the options, or removes it.
  - Options that are not given keep their values.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
  - mesospark.platform.graylog_wait
attributes:
  check_mode:
    description:
      - Says what would be changed without changing anything. A role that is not there yet is taken for one that an
        earlier task makes, with a warning.
    support: full
  diff_mode:
    description: Shows the fields that differ, before and after, and that the password differs but never a password.
    support: full
options:
  username:
    description: Name of the user, which is its identity.
    type: str
    required: true
  password:
    description: Password of the user. Required for a new one.
    type: str
  update_password:
    description:
      - V(always) sets O(password) if it is not the one in force, which is tried by asking Graylog as that user.
      - V(on_create) sets it for a new user only.
    type: str
    choices: [always, on_create]
    default: always
  full_name:
    description:
      - Name in Graylog's pages. A new user has O(username) if none is given.
      - Since Graylog 4 it is a first and a last name, divided at the first space. If there is none, the last is V(-).
    type: str
  email:
    description: Address. A new user has O(username) at V(localhost.localdomain) if none is given.
    type: str
  roles:
    description: All roles of the user, V([Reader]) for a new one. Others are taken away.
    type: list
    elements: str
  timezone:
    description: Time zone of Graylog's pages, such as V(Europe/Berlin).
    type: str
  session_timeout:
    description: After how long without use a session in the browser ends, such as V(8h).
    type: str
  state:
    description: Whether there is the user.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Graylog remembers for some seconds what a user was allowed. With O(wait=true) and O(password) the task ends when the
    user can read the streams of the roles.
  - Graylog's first administrator stands in its configuration file and can not be changed here.
  - With O(update_password=always) a user whom Graylog locked out or keeps elsewhere (LDAP) seems to have another
    password.
seealso:
  - module: mesospark.platform.graylog_role
"""

EXAMPLES = r"""
- name: Give a team an account that reads its own jobs only
  mesospark.platform.graylog_user:
    username: spark
    password: "{{ lookup('ansible.builtin.file', platform_secrets_dir ~ '/graylog_spark_password') }}"
    full_name: Team spark
    roles:
      - Reader
      - spark-jobs
"""

RETURN = r"""
user:
  description: The user after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
  contains:
    username:
      description: Name of the user.
      type: str
    full_name:
      description: Name in Graylog's pages.
      type: str
    email:
      description: Address.
      type: str
    roles:
      description: Names of the roles.
      type: list
      elements: str
    timezone:
      description: Time zone of Graylog's pages, or nothing.
      type: str
    session_timeout:
      description: After how many seconds without use a session ends.
      type: float
    external:
      description: Whether the account is kept elsewhere (LDAP).
      type: bool
"""

from ansible_collections.mesospark.platform.plugins.module_utils.arguments import graylog_wait_options, waiter_from
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_user import apply_user


def main() -> None:
    options = {
        **graylog_wait_options(),
        "username": {"type": "str", "required": True},
        "password": {"type": "str", "no_log": True},
        "update_password": {"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False},
        "full_name": {"type": "str"},
        "email": {"type": "str"},
        "roles": {"type": "list", "elements": "str"},
        "timezone": {"type": "str"},
        "session_timeout": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    run_module(
        options,
        lambda graylog, params, check_mode: apply_user(graylog, waiter_from(params), params, check_mode),
    )


if __name__ == "__main__":
    main()
