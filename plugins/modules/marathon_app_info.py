#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: marathon_app_info
short_description: Read apps of Marathon
version_added: 0.1.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Reads apps with their tasks, and says why instances that do not run are waiting.
extends_documentation_fragment:
  - mesospark.platform.information
  - mesospark.platform.platform
  - mesospark.platform.transport
options:
  id:
    description: Id of the only app to read.
    type: str
  label_selector:
    description: Which apps to read, in Marathon's label selector language, as V(team==search). By default all are read.
    type: str
seealso:
  - module: mesospark.platform.marathon_app
"""

EXAMPLES = r"""
- name: Read all apps of a team
  mesospark.platform.marathon_app_info:
    label_selector: team==search
  register: search

- name: Say why an app does not start
  mesospark.platform.marathon_app_info:
    id: /shop/frontend
  register: frontend
  failed_when: frontend.apps[0].waiting_reasons | length > 0
"""

RETURN = r"""
apps:
  description:
    - The apps as Marathon shows them, with their tasks, and with C(waiting_reasons), a list of sentences why an
      instance is not launched.
    - Empty if there is none.
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import connection_options, marathon_from
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.marathon import waiting_reasons


def main() -> None:
    module = AnsibleModule(
        argument_spec={**connection_options(), "id": {"type": "str"}, "label_selector": {"type": "str"}},
        mutually_exclusive=[("id", "label_selector")],
        supports_check_mode=True,
    )
    try:
        marathon = marathon_from(module.params)
        if module.params["id"]:
            app = marathon.app(module.params["id"])
            apps = [app] if app else []
        else:
            apps = marathon.apps(module.params["label_selector"] or "")
        queued = {item["app"]["id"]: item for item in marathon.queue() if "app" in item}
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    module.exit_json(
        changed=False, apps=[{**app, "waiting_reasons": waiting_reasons(queued.get(app["id"]))} for app in apps]
    )


if __name__ == "__main__":
    main()
