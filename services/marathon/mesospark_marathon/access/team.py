# SPDX-License-Identifier: GPL-3.0-or-later
"""A team and the apps it may have. Each refusal is `<rule>: <sentence>`; a rule is named like its key in the file."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mesospark_marathon.access.escapes import OPERATORS_PARAMETERS, governs_the_agent, is_parameter_name
from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")

# Networks of isolated runs are called isolated.<team>.<number>.<run id>[.<service>...].
_ISOLATED = "isolated."


@dataclass(frozen=True)
class HostPath:
    """A path of the agents, with all below it, that may be mounted."""

    path: str
    """normal form: absolute, without `..` and double slashes"""
    writable: bool = False

    def __str__(self) -> str:
        return f"{self.path} ({'RW' if self.writable else 'RO'})"


@dataclass(frozen=True)
class Team:
    """What a team may use. What is not named is refused."""

    name: str
    app_ids: tuple[str, ...]
    """`/runs/` is all below, `/tool` that app alone"""
    labels: Mapping[str, str] = field(default_factory=dict)
    """what each of the team's apps carries: it tells whose an app is where teams share a prefix"""
    images: tuple[str, ...] = ()
    """whole names; a `*` at the end stands for any rest, as in networks, fetch, isolated_apps and docker_parameters"""
    users: tuple[str, ...] = ()
    host_paths: tuple[HostPath, ...] = ()
    roles: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    """`host`, `container/bridge`, or the name of a container network"""
    isolated_apps: tuple[str, ...] = ()
    """ids of apps that must have a network of their own (`isolated.…`)"""
    docker_parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fetch: tuple[str, ...] = ()

    def owns(self, app: App) -> bool:
        """Whether an app is the team's: by its id and its labels."""
        return self.may_be_named(app.id) and all(app.labels.get(key) == value for key, value in self.labels.items())

    def may_be_named(self, app_id: str) -> bool:
        """Whether an app of the team may have this id; one that `..` leads elsewhere is never the team's."""
        return app_id == paths.canonical(app_id) and any(
            app_id == entry or (entry.endswith("/") and app_id.startswith(entry)) for entry in self.app_ids
        )

    def refusal(self, app: App) -> str | None:
        """The first rule that an app breaks, None for an app that the team may run."""
        return next((sentence for rule in _RULES for sentence in rule(self, app)), None)


def _app_ids(team: Team, app: App) -> Iterator[str]:
    if not team.may_be_named(app.id):
        yield f"app_ids: the id {app.id} is not one of {_listed(team.app_ids)}"


def _labels(team: Team, app: App) -> Iterator[str]:
    for name, value in team.labels.items():
        if app.labels.get(name) != value:
            yield f"labels: the label {name} is {_said(app.labels.get(name))}, and must be '{value}'"


def _container(_team: Team, app: App) -> Iterator[str]:
    """Anything but a Docker container would run among the agent's own files."""
    container = app.container or {}
    if container.get("type") != "DOCKER" or app.docker is None:
        yield "container: an app must run in a container of type DOCKER with an image; anything else is for operators"
    elif app.docker.get("privileged"):
        yield "docker_parameters: privileged is for operators only"
    if app.document.get("executor") not in ("", "//cmd"):
        yield f"executor: {_said(app.document['executor'])} would run on the agent itself; leave it out"
    if app.document.get("secrets"):
        yield "secrets: references to secrets are for operators only"


def _images(team: Team, app: App) -> Iterator[str]:
    image = str((app.docker or {}).get("image", ""))
    if not (_IMAGE.fullmatch(image) and _matches(image, team.images)):
        yield f"images: {_said(image)} is not one of {_listed(team.images)}"


def _users(team: Team, app: App) -> Iterator[str]:
    """Two users: who owns the sandbox and fetches, and who the container's processes are."""
    if app.document.get("user") not in team.users:
        yield f"users: the user is {_said(app.document.get('user'))}, and must be one of {_listed(team.users)}"
    given = [entry["value"] for entry in _parameters(app) if entry["key"] == "user"]
    if not given:
        yield f"users: the docker parameter user is missing; give one of {_listed(team.users)}, the image's may be root"
    for value in given:
        if value not in team.users:
            yield f"users: the docker parameter user is {_said(value)}, and must be one of {_listed(team.users)}"


def _host_paths(team: Team, app: App) -> Iterator[str]:
    for volume in (app.container or {}).get("volumes", []):
        given = volume.get("hostPath")
        if not isinstance(given, str):
            yield "host_paths: a volume without hostPath is for operators only"
            continue
        path = normal_path(given)
        # A colon would end the path for Docker, and a relative one leads through links of the sandbox.
        if path is None or ":" in given or ":" in volume["containerPath"]:
            yield f"host_paths: {_said(given)} must be an absolute path, and neither side may hold a colon"
            continue
        fitting = [entry for entry in team.host_paths if path == entry.path or path.startswith(_folder(entry.path))]
        if not any(entry.writable or volume["mode"] == "RO" for entry in fitting):
            asked = path if path == given else f"{given}, which is {path},"
            yield f"host_paths: {asked} ({volume['mode']}) is not one of {_listed(map(str, team.host_paths))}"


def _roles(team: Team, app: App) -> Iterator[str]:
    if app.role not in team.roles:
        yield f"roles: the role {_said(app.role)} is not one of {_listed(team.roles)}"


def _networks(team: Team, app: App) -> Iterator[str]:
    for network in app.document["networks"]:
        name = network.get("name", "") if network["mode"] == "container" else network["mode"]
        if not _matches(name, team.networks):
            yield f"networks: {_said(name)} is not one of {_listed(team.networks)}"
        if name.startswith(_ISOLATED) and _run_of(name) != posixpath.basename(app.id):
            # Agents take the name's word for whose network it is.
            yield f"networks: {_said(name)} is not the network of {app.id}: its fourth part must be the end of that id"


def _isolated_apps(team: Team, app: App) -> Iterator[str]:
    isolated = [network.get("name", "").startswith(_ISOLATED) for network in app.document["networks"]]
    if _matches(app.id, team.isolated_apps) and isolated != [True]:
        yield f"isolated_apps: {app.id} is one of {_listed(team.isolated_apps)}, which must say network: isolated"


def _docker_parameters(team: Team, app: App) -> Iterator[str]:
    for entry in _parameters(app):
        key, value = entry["key"], entry["value"]
        if key == "user":
            continue
        if key in OPERATORS_PARAMETERS or not is_parameter_name(key):
            yield f"docker_parameters: {_said(key)} is for operators only"
        elif key not in team.docker_parameters:
            yield f"docker_parameters: {_said(key)} is not one of {_listed(['user', *team.docker_parameters])}"
        elif not _matches(value, team.docker_parameters[key]):
            allowed = _listed(team.docker_parameters[key])
            yield f"docker_parameters: {key} is {_said(value)}, and must be one of {allowed}"


def _fetch(team: Team, app: App) -> Iterator[str]:
    """The fetcher of the agent copies files of the agent as readily as those of a web server."""
    for artifact in app.document.get("fetch", []):
        uri, target = artifact["uri"], artifact.get("destPath", "")
        if not _matches(uri, team.fetch):
            yield f"fetch: {_said(uri)} is not one of {_listed(team.fetch)}"
        if target.startswith("/") or ".." in target.split("/") or set(target) & set("'\"\\"):
            yield f"fetch: destPath {_said(target)} must lie in the sandbox, without quotes and backslashes"


def _environment(_team: Team, app: App) -> Iterator[str]:
    for name in app.document.get("env", {}):
        if governs_the_agent(name):
            yield f"environment: {_said(name)} would govern the agent's own programs; set it inside the container"


def _health_checks(_team: Team, app: App) -> Iterator[str]:
    """The agent puts the command between quotes into a shell of its own, outside the container."""
    if any(check["protocol"] == "COMMAND" for check in app.health_checks):
        yield "health_checks: COMMAND runs in a shell of the agent; use HTTP, HTTPS, TCP or their MESOS_ kinds"


_RULES: tuple[Callable[[Team, App], Iterator[str]], ...] = (
    *(_app_ids, _labels, _container, _images, _users, _host_paths, _roles, _networks, _isolated_apps),
    *(_docker_parameters, _fetch, _environment, _health_checks),
)


def normal_path(path: str) -> str | None:
    """An absolute path without `.`, `..`, doubled and trailing slashes; None for any other. Links can not be seen."""
    if not path.startswith("/") or "\0" in path:
        return None
    return "/" + posixpath.normpath(path).lstrip("/")


def _run_of(network: str) -> str:
    return ".".join(network.split(".")[3:4])


def _folder(path: str) -> str:
    return path if path.endswith("/") else path + "/"


def _parameters(app: App) -> list[dict[str, Any]]:
    return list((app.docker or {}).get("parameters", []))


def _matches(text: str, patterns: tuple[str, ...]) -> bool:
    return any(text.startswith(entry[:-1]) if entry.endswith("*") else text == entry for entry in patterns)


def _said(value: object) -> str:
    """A value on one line, whatever it holds."""
    return "missing" if value is None else repr(value)


def _listed(values: Any) -> str:
    return ", ".join(values) or "what this team may use: nothing"
