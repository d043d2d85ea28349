# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that nft loads: all networks of this agent in one transaction. What has no rule is refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from mesospark_run_networks.settings import Service, Settings

TABLE = "inet mesospark_runs"
LINK = "mesosrun-link"
"""the device of the tunnels between agents"""
_ANY_BRIDGE = '"mesosrun-*"'
# Behind Docker's own rules and before those of the platform's firewall: a packet must pass all of them.
_PRIORITY = "filter + 5"
_KNOWN = "ct state established,related accept"


@dataclass(frozen=True)
class RunNetwork:
    """A network of a run on this agent; `services` are those that it may use beside the platform's."""

    slot: int
    subnet: IPv4Network
    run_id: str
    services: tuple[str, ...] = ()

    @property
    def bridge(self) -> str:
        """Name of its device."""
        return f"mesosrun-{self.slot}"


def ruleset(settings: Settings, networks: Sequence[RunNetwork]) -> str:
    """A file that puts the table in the place of the one there is."""
    sets = _sets(settings)
    chains: list[str] = []
    for network in networks:
        chains += _run_chains(settings, network)
    lines = [
        f"table {TABLE}",
        f"delete table {TABLE}",
        f"table {TABLE} {{",
        *sets,
        *_chain("refuse", ["counter reject with icmpx admin-prohibited"]),
        *chains,
        *_dispatcher("leaving", "iifname", networks),
        *_dispatcher("entering", "oifname", networks),
        *_base_chains(settings),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _base_chains(settings: Settings) -> list[str]:
    tunnel = f"udp dport {settings.tunnel_port}"
    guarded = [f"{_to_service(settings, service)} jump refuse" for service in settings.services if service.jobs]
    users = f"meta skuid {{ {', '.join(map(str, settings.task_users))} }} " if settings.task_users else ""
    return [
        *_chain(
            "input",
            [
                f"type filter hook input priority {_PRIORITY}; policy accept;",
                f"{tunnel} ip saddr != @agents drop",
                f'iifname "{LINK}" {_KNOWN}',
                f'iifname "{LINK}" drop',
                f"iifname {_ANY_BRIDGE} jump leaving",
            ],
        ),
        *_chain(
            "forward",
            [
                f"type filter hook forward priority {_PRIORITY}; policy accept;",
                f'iifname != "{LINK}" iifname {_ANY_BRIDGE} jump leaving',
                f'oifname != "{LINK}" oifname {_ANY_BRIDGE} jump entering',
                f'iifname "{LINK}" drop',
                f'oifname "{LINK}" jump refuse',
                # Containers with other networks of their own.
                *guarded,
                f"{tunnel} drop",
            ],
        ),
        *_chain(
            "output",
            [
                f"type filter hook output priority {_PRIORITY}; policy accept;",
                # By address: a port that the agent shows is translated by Docker, and the device is still the old one.
                f"ip daddr {settings.plan.pool} {_KNOWN}",
                f"ip daddr {settings.plan.pool} jump refuse",
                f"oifname {_ANY_BRIDGE} drop",
                # What the kernel itself puts into the tunnel has no socket with a user.
                f"{tunnel} meta skuid >= 0 drop",
                # Tasks on the host's network, whose run can not be told.
                *([users + rule for rule in guarded] if users else []),
            ],
        ),
        *_chain(
            "postrouting",
            [
                "type nat hook postrouting priority srcnat; policy accept;",
                f"ip saddr {settings.plan.pool} oifname != {_ANY_BRIDGE} masquerade",
            ],
        ),
    ]


def _run_chains(settings: Settings, network: RunNetwork) -> list[str]:
    mask, value = settings.plan.run_match(network.slot)
    devices = f'{{ "{network.bridge}", "{LINK}" }}'
    allowed = [service for service in settings.services if service.name in network.services]
    leaving = [
        f'ip saddr != {network.subnet} drop comment "{network.run_id[:120]}"',
        "meta nfproto ipv6 drop",
        _KNOWN,
        f"oifname {devices} ip daddr & {mask} == {value} accept",
        *(f"{_to_service(settings, service)} accept" for service in (*settings.platform, *allowed)),
        "jump refuse",
    ]
    entering = [
        _KNOWN,
        f"iifname {devices} ip saddr & {mask} == {value} accept",
        "ct status dnat ip saddr @viewers accept",
        "jump refuse",
    ]
    return [*_chain(f"run_{network.slot}_leaving", leaving), *_chain(f"run_{network.slot}_entering", entering)]


def _dispatcher(name: str, key: str, networks: Sequence[RunNetwork]) -> list[str]:
    """To the chain of the device's run by one look; a device without a run is refused."""
    elements = ", ".join(f'"{network.bridge}" : goto run_{network.slot}_{name}' for network in networks)
    return _chain(name, [*([f"{key} vmap {{ {elements} }}"] if networks else []), "jump refuse"])


def _sets(settings: Settings) -> list[str]:
    agents = [agent.address for agent in (settings.agent, *settings.peers)]
    lines = [*_set("agents", "ipv4_addr", agents), *_set("viewers", "ipv4_addr", settings.viewers, interval=True)]
    for service in (*settings.platform, *settings.services):
        elements = [" . ".join(endpoint) for endpoint in service.endpoints]
        kind = "ipv4_addr . inet_proto . inet_service"
        lines += _set(_set_name(settings, service), kind, elements, interval=True, comment=service.name)
    return lines


def _set_name(settings: Settings, service: Service) -> str:
    """Names of services may hold what nft's names may not."""
    return f"service_{(*settings.platform, *settings.services).index(service)}"


def _to_service(settings: Settings, service: Service) -> str:
    return f"ip daddr . meta l4proto . th dport @{_set_name(settings, service)}"


def _set(name: str, kind: str, elements: Iterable[str], *, interval: bool = False, comment: str = "") -> list[str]:
    lines = [f"\tset {name} {{", f"\t\ttype {kind}"]
    if interval:
        lines.append("\t\tflags interval")
    if comment:
        lines.append(f'\t\tcomment "{comment}"')
    listed = ", ".join(elements)
    if listed:
        lines.append(f"\t\telements = {{ {listed} }}")
    return [*lines, "\t}"]


def _chain(name: str, rules: Iterable[str]) -> list[str]:
    return [f"\tchain {name} {{", *(f"\t\t{rule}" for rule in rules), "\t}"]
