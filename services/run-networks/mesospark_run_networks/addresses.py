# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of containers: ``pool | agent | slot | container``, so that an address says whose it is.

All containers of a run have the same slot, on whatever agent they are; all of an agent are in one part of the pool.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

_CONTAINER_BITS = 5  # 29 containers of one run on one agent
_ALL = (1 << 32) - 1


@dataclass(frozen=True)
class AddressPlan:
    """`agents`: how many agents the pool is shared by, a power of two."""

    pool: IPv4Network
    agents: int

    @property
    def agent_bits(self) -> int:
        """Bits that hold an agent's number."""
        return self.agents.bit_length() - 1

    @property
    def slots(self) -> int:
        """How many runs there can be at a time."""
        return 1 << (32 - self.pool.prefixlen - self.agent_bits - _CONTAINER_BITS)

    def part_of_agent(self, number: int) -> IPv4Network:
        """Addresses of all containers on an agent."""
        length = self.pool.prefixlen + self.agent_bits
        return IPv4Network((int(self.pool.network_address) | number << (32 - length), length))

    def network(self, number: int, slot: int) -> IPv4Network:
        """Addresses of a run's containers on an agent."""
        part = self.part_of_agent(number)
        return IPv4Network((int(part.network_address) | slot << _CONTAINER_BITS, 32 - _CONTAINER_BITS))

    def slot_of(self, network: IPv4Network) -> int:
        """The slot that a network of containers has."""
        return (int(network.network_address) >> _CONTAINER_BITS) & (self.slots - 1)

    def run_match(self, slot: int) -> tuple[IPv4Address, IPv4Address]:
        """A mask, and what the addresses of all containers of a run have in common under it, on whatever agent."""
        slots = (self.slots - 1) << _CONTAINER_BITS
        mask = int(self.pool.netmask) | slots
        return IPv4Address(mask & _ALL), IPv4Address(int(self.pool.network_address) | slot << _CONTAINER_BITS)
