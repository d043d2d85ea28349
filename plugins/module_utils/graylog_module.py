# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module does that speaks to Graylog alone: options, connection, the result or what is wrong."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .arguments import graylog_from, graylog_options
from .errors import PlatformError
from .graylog import Graylog

Apply = t.Callable[[Graylog, t.Dict[str, t.Any], bool], t.Dict[str, t.Any]]
"""From connection, options and check mode to the task's result; what stands in ``warnings`` is told as such."""


def run_module(options: dict[str, t.Any], apply: Apply) -> None:
    """Run the module whose own options these are, and end."""
    module = AnsibleModule(argument_spec={**graylog_options(), **options}, supports_check_mode=True)
    try:
        result = apply(graylog_from(module.params), module.params, module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=error.message, **error.record)
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)
