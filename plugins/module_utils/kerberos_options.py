# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the documentation fragment ``kerberos_administration``, and the administration they lead to."""

from __future__ import annotations

import typing as t

from .errors import OptionError
from .kerberos import default_realm, runner_of
from .kerberos_administration import Administration


def administration_options() -> dict[str, t.Any]:
    return {
        "realm": {"type": "str"},
        "admin_principal": {"type": "str"},
        "admin_keytab": {"type": "path", "no_log": False},
        "admin_server": {"type": "str"},
    }


def administration_from(module: t.Any) -> Administration:
    """Raises OptionError when the realm or the way to log in is not known."""
    params = module.params
    realm = params["realm"] or default_realm()
    if not realm:
        raise OptionError("realm", None, "is not given and /etc/krb5.conf has no default_realm", "give the option")
    command = ["kadmin.local"]
    if params["admin_principal"] or params["admin_keytab"]:
        if not (params["admin_principal"] and params["admin_keytab"]):
            raise OptionError("admin_principal", params["admin_principal"], "needs admin_keytab", "give both or none")
        command = ["kadmin", "-p", params["admin_principal"], "-k", "-t", params["admin_keytab"]]
        command += ["-s", params["admin_server"]] if params["admin_server"] else []
    return Administration(runner_of(module), command, realm)
