# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_role does: a role is a set of permissions, some of which name a stream or a view."""

from __future__ import annotations

import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog, quoted
from .graylog_entity import References, compare_fields, given


def apply_role(graylog: Graylog, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the role to the state of the options; the module's result, and ``warnings``."""
    name = params["name"]
    references = References(graylog, check_mode)
    current = graylog.find(f"/roles/{quoted(name)}")
    seen = _shown_role(current) if current else None
    if current and current["read_only"]:
        raise OptionError("name", name, "is a role of Graylog itself", "choose another name")
    differences = DifferenceTracker()
    if params["state"] == "absent":
        differences.compare("role", seen, None)
        if current and not check_mode:
            graylog.remove(f"/roles/{quoted(name)}")
        return {"role": current if check_mode else None, "warnings": [], **differences.result()}
    wanted = _wanted_role(params, references)
    if seen is None:
        wanted = {"description": "", "permissions": [], **wanted}
    compare_fields(differences, "role", seen, wanted)
    if differences.changed and not check_mode:
        document = {"name": name, "read_only": False, **(seen or {}), **wanted}
        if current is None:
            current = graylog.create("/roles", document)
        else:
            current = graylog.update(f"/roles/{quoted(name)}", document)
    return {"role": current, "warnings": references.warnings, **differences.result()}


def _wanted_role(params: dict[str, t.Any], references: References) -> Document:
    wanted = given(params, "description")
    names = ("streams", "editable_streams", "views", "permissions")
    if any(params[name] is not None for name in names):
        permissions = set(params["permissions"] or ())
        for option, actions in (("streams", ("read",)), ("editable_streams", ("read", "edit", "changestate"))):
            for title in params[option] or ():
                stream_id = references.stream_id(option, title)
                permissions |= {f"streams:{action}:{stream_id}" for action in actions}
        permissions |= {f"view:read:{references.view_id('views', title)}" for title in params["views"] or ()}
        wanted["permissions"] = sorted(permissions)
    return wanted


def _shown_role(role: Document) -> Document:
    return {"description": role.get("description") or "", "permissions": sorted(role["permissions"])}
