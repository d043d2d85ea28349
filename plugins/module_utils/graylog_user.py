# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_user does. Whether a password is right is found by asking as that user."""

from __future__ import annotations

import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog, quoted
from .graylog_entity import References, compare_fields, given
from .sizes import seconds
from .waiter import Waiter

# From this version on users are changed by their id, and have a first and a last name.
_USERS_BY_ID = (4,)
_READ_STREAM = "streams:read:"
# Fields which Graylog resets when an update leaves them out.
_ALWAYS_SENT = ("timezone",)


def apply_user(graylog: Graylog, waiter: Waiter, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the user to the state of the options; the module's result, and ``warnings``."""
    username = params["username"]
    references = References(graylog, check_mode)
    current = graylog.user(username)
    seen = _shown_user(current) if current else None
    differences = DifferenceTracker()
    if params["state"] == "absent":
        differences.compare("user", seen, None)
        if current and not check_mode:
            graylog.remove(f"/users/{quoted(username)}")
        return {"user": seen if check_mode else None, "warnings": [], **differences.result()}
    wanted = _wanted_user(graylog, params, references)
    if seen is None:
        wanted = _new_user(params, wanted)
    compare_fields(differences, "user", seen, wanted)
    other_password = current is not None and _has_other_password(graylog, params)
    if other_password:
        differences.compare("password", "(another one)", "(the given one)")
    if differences.changed and not check_mode:
        document = _user_document(wanted, seen or {}, graylog.version)
        if current is None:
            new = {"username": username, "password": params["password"], "permissions": []}
            graylog.create("/users", {**new, **document})
        else:
            path = f"/users/{quoted(current['id'] if graylog.version >= _USERS_BY_ID else username)}"
            if set(differences.names) - {"password"}:
                graylog.update(path, document)
            if other_password:
                graylog.update(path + "/password", {"password": params["password"]})
        if params["wait"] and params["password"]:
            _await_permissions(graylog, waiter, username, params["password"])
        seen = _written_user(graylog, username, wanted)
    return {"user": seen, "warnings": references.warnings, **differences.result()}


def full_name_parts(full_name: str) -> tuple[str, str]:
    """First and last name, neither of them empty: what Graylog has since version 4."""
    first, _space, last = full_name.strip().partition(" ")
    return first, last.strip() or "-"


def _new_user(params: dict[str, t.Any], wanted: Document) -> Document:
    if not params["password"]:
        raise OptionError("password", None, f"is missing, and there is no user {params['username']}", "give it")
    username = params["username"]
    return {"full_name": username, "email": f"{username}@localhost.localdomain", "roles": ["Reader"], **wanted}


def _wanted_user(graylog: Graylog, params: dict[str, t.Any], references: References) -> Document:
    """The fields which options give, in the shape of ``_shown_user``. Raises OptionError for an unknown role."""
    wanted = given(params, "email", "timezone")
    if params["full_name"] is not None:
        name = params["full_name"].strip()
        wanted["full_name"] = " ".join(full_name_parts(name)) if graylog.version >= _USERS_BY_ID else name
    if params["session_timeout"] is not None:
        wanted["session_timeout"] = seconds("session_timeout", params["session_timeout"])
    if params["roles"] is not None:
        known = {role["name"].lower(): role["name"] for role in graylog.roles()}
        for name in params["roles"]:
            if name.lower() not in known:
                references.missing("roles", name, "role")
        wanted["roles"] = sorted({known.get(name.lower(), name) for name in params["roles"]})
    return wanted


def _shown_user(user: Document) -> Document:
    """Graylog's document in the words of the options, durations in seconds."""
    return {
        "username": user["username"],
        "full_name": user.get("full_name") or "",
        "email": user.get("email") or "",
        "roles": sorted(user.get("roles") or ()),
        "timezone": user.get("timezone") or "",
        "session_timeout": (user.get("session_timeout_ms") or 0) / 1000,
        "external": user.get("external", False),
    }


def _user_document(wanted: Document, seen: Document, version: tuple[int, ...]) -> Document:
    """What Graylog takes."""
    document: Document = {name: wanted[name] for name in ("email", "full_name", "roles", "timezone") if name in wanted}
    if "session_timeout" in wanted:
        document["session_timeout_ms"] = round(wanted["session_timeout"] * 1000)
    if "full_name" in document and version >= _USERS_BY_ID:
        document["first_name"], document["last_name"] = full_name_parts(document.pop("full_name"))
    kept = {name: seen[name] for name in _ALWAYS_SENT if seen.get(name)}
    return {**kept, **document}


def _has_other_password(graylog: Graylog, params: dict[str, t.Any]) -> bool:
    if not params["password"] or params["update_password"] == "on_create":
        return False
    return not _is_let_in(
        graylog.as_user(params["username"], params["password"]), f"/users/{quoted(params['username'])}"
    )


def _is_let_in(user: Graylog, path: str, refused: tuple[int, ...] = (401,)) -> bool:
    answer = user.client.request("GET", "/api" + path, accept_status=(401, 403, 404))
    return answer.status not in refused


def _await_permissions(graylog: Graylog, waiter: Waiter, username: str, password: str) -> None:
    """Until the user is known everywhere and can read the streams of their roles: Graylog remembers for some seconds
    what a user was allowed before.
    """
    user = graylog.as_user(username, password)
    document = graylog.user(username) or {}
    paths = [f"/users/{quoted(username)}"]
    for role in graylog.roles():
        if role["name"] in (document.get("roles") or ()):
            streams = [name.removeprefix(_READ_STREAM) for name in role["permissions"] if name.startswith(_READ_STREAM)]
            paths += [f"/streams/{quoted(stream)}" for stream in streams if stream != "*"]

    def let_in() -> t.Optional[bool]:
        return True if all(_is_let_in(user, path, (401, 403)) for path in paths) else None

    waiter.until(let_in, f"the permissions of {username}", lambda: ["Graylog still refuses what the roles allow"])


def _written_user(graylog: Graylog, username: str, wanted: Document) -> Document:
    """The user as it is now. Raises OptionError for a time zone which Graylog passed over in silence."""
    shown = _shown_user(graylog.read(f"/users/{quoted(username)}"))
    if wanted.get("timezone") and shown["timezone"] != wanted["timezone"]:
        raise OptionError("timezone", wanted["timezone"], "is unknown to Graylog", "write one such as Europe/Berlin")
    return shown
