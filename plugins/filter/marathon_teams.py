# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each job identity may submit to the embedded Marathon: what the module spark_driver posts for it, no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mesospark.platform.plugins.module_utils.spark import ISOLATED, PRINCIPALS_FOLDER, RUNS_GROUP

RESERVED = ("operators", "viewers")
FETCH = ["http://*", "https://*"]


def marathon_teams(
    principals: Sequence[Mapping[str, Any]],
    users: Sequence[Mapping[str, Any]] = (),
    images: Sequence[str] = (),
    roles: Sequence[str] = ("*",),
    isolated_jobs: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:
    """Return the teams of Marathon's rules file by name, one for each job identity.

    Args:
        principals: job identities, each with ``name`` and perhaps ``members``, more accounts that are in the team.
        users: people, each with ``name`` and ``groups``: those in the group of a job identity are in its team.
        images: images that may be run; a ``*`` at the end stands for any rest.
        roles: Mesos roles that apps may have.
        isolated_jobs: names of jobs that must be isolated; a ``*`` at the end stands for any rest.

    Raises:
        AnsibleFilterError: a ``*`` stands elsewhere, or a job identity has the name of a group with rights of its own.
    """
    for pattern in isolated_jobs:
        if "*" in pattern[:-1] or "?" in pattern or "[" in pattern:
            raise AnsibleFilterError(f"platform_isolated_jobs: {pattern} may hold a * at its end only, as staging-*")
    # A run's id is its job's name and a time.
    isolated = [f"{RUNS_GROUP}/{pattern if pattern.endswith('*') else pattern + '-*'}" for pattern in isolated_jobs]
    teams = {}
    for principal in principals:
        name = principal["name"]
        if name in RESERVED:
            raise AnsibleFilterError(f"spark_principals: {name} is the name of a group of people; take another")
        people = [user["name"] for user in users if name in user.get("groups", [])]
        teams[name] = {
            "members": list(dict.fromkeys([name, *principal.get("members", []), *people])),
            "app_ids": [f"{RUNS_GROUP}/"],
            "labels": {"principal": name},
            "images": list(images),
            "users": [name],
            "host_paths": [{"path": f"{PRINCIPALS_FOLDER}/{name}", "mode": "RO"}],
            "roles": list(roles),
            "networks": ["host", f"{ISOLATED}.{name}.*"],
            "isolated_apps": isolated,
            "docker_parameters": {},
            "fetch": FETCH,
        }
    return teams


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, dict[str, Any]]]]:
        return {"marathon_teams": marathon_teams}
