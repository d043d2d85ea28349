# SPDX-License-Identifier: GPL-3.0-or-later
"""An app: its normal form and its versions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mesospark_marathon.model.reader import compact

Document = dict[str, Any]

_AFTER_VERSION = ("killSelection", "unreachableStrategy", "tty", "role")
_NOT_CONFIGURATION = ("instances",)


@dataclass(frozen=True)
class App:
    """One version of an app. Never changed; a change makes a new one."""

    document: Document
    """the normal form (`normal_form.normalise`), without versions"""
    version: str
    last_scaling_at: str
    last_config_change_at: str

    @property
    def id(self) -> str:
        """The absolute path."""
        return str(self.document["id"])

    @property
    def instances(self) -> int:
        """How many instances are wanted."""
        return int(self.document["instances"])

    @property
    def role(self) -> str:
        """The Mesos role its resources are offered to."""
        return str(self.document["role"])

    @property
    def labels(self) -> dict[str, str]:
        """Labels by name."""
        return dict(self.document["labels"])

    @property
    def dependencies(self) -> list[str]:
        """Ids of apps and groups that have to run before this one."""
        return list(self.document.get("dependencies", []))

    @property
    def constraints(self) -> list[list[str]]:
        """[field, operator, value?] each."""
        return list(self.document.get("constraints", []))

    @property
    def health_checks(self) -> list[Document]:
        """Checks in normal form."""
        return list(self.document.get("healthChecks", []))

    @property
    def network_mode(self) -> str:
        """host, container or container/bridge."""
        return str(self.document["networks"][0]["mode"])

    @property
    def container(self) -> Document | None:
        """The container in normal form."""
        return self.document.get("container")

    @property
    def docker(self) -> Document | None:
        """The image and its options, if there is one."""
        return (self.container or {}).get("docker")

    @property
    def port_mappings(self) -> list[Document]:
        """Ports of a container that has its own network."""
        return list((self.container or {}).get("portMappings", []))

    @property
    def port_definitions(self) -> list[Document]:
        """Ports of the host network."""
        return list(self.document.get("portDefinitions", []))

    @cached_property
    def service_ports(self) -> list[int]:
        """The ports by which load balancers know the app."""
        if self.network_mode == "host":
            return [definition["port"] for definition in self.port_definitions]
        return [mapping["servicePort"] for mapping in self.port_mappings]

    @cached_property
    def configuration(self) -> Document:
        """All but the number of instances: a difference here restarts the app."""
        return {key: value for key, value in self.document.items() if key not in _NOT_CONFIGURATION}

    @cached_property
    def text(self) -> str:
        """JSON without the closing brace, so that counts, deployments and tasks can be appended."""
        return compact(self.as_json())[:-1]

    def as_json(self, *, version_info: bool = True) -> Document:
        """The answered document, keys in Marathon's order."""
        result = {key: value for key, value in self.document.items() if key not in _AFTER_VERSION}
        result["version"] = self.version
        if version_info:
            result["versionInfo"] = {
                "lastScalingAt": self.last_scaling_at,
                "lastConfigChangeAt": self.last_config_change_at,
            }
        return result | {key: self.document[key] for key in _AFTER_VERSION if key in self.document}

    def with_service_ports(self, ports: Sequence[int]) -> "App":
        """The same app with these service ports."""
        if list(ports) == self.service_ports:
            return self
        document = dict(self.document)
        if self.network_mode == "host":
            definitions = zip(self.port_definitions, ports, strict=True)
            document["portDefinitions"] = [definition | {"port": port} for definition, port in definitions]
        else:
            mappings = zip(self.port_mappings, ports, strict=True)
            mapped = [mapping | {"servicePort": port} for mapping, port in mappings]
            document["container"] = document["container"] | {"portMappings": mapped}
        return replace(self, document=document)

    def with_instances(self, instances: int) -> "App":
        """The same app scaled."""
        return replace(self, document=self.document | {"instances": instances})

    def stored(self) -> Document:
        """What the store keeps; `restored` is the inverse."""
        return {
            "document": self.document,
            "version": self.version,
            "lastScalingAt": self.last_scaling_at,
            "lastConfigChangeAt": self.last_config_change_at,
        }


def restored(stored: Document) -> App:
    """An app from what `App.stored` gave."""
    return App(stored["document"], stored["version"], stored["lastScalingAt"], stored["lastConfigChangeAt"])


def new_app(document: Document, version: str) -> App:
    """The first version of an app."""
    return App(document, version, version, version)


def next_version(old: App | None, new: App, version: str) -> App:
    """The new app with its versions set by what differs from the old one; the old one when nothing differs."""
    if old is None:
        return replace(new, version=version, last_scaling_at=version, last_config_change_at=version)
    if old.configuration != new.configuration:
        return replace(new, version=version, last_scaling_at=version, last_config_change_at=version)
    if old.instances != new.instances:
        return replace(new, version=version, last_scaling_at=version, last_config_change_at=old.last_config_change_at)
    return old


def restarted(app: App, version: str) -> App:
    """The same app under a new configuration version, so that all of its instances are replaced."""
    return replace(app, version=version, last_config_change_at=version)
