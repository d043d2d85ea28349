# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Principals as they are wanted, their keys renewed in time, the old ones kept for as long as tickets need them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .difference import DifferenceTracker
from .errors import OptionError
from .kerberos_administration import Administration, Principal, attribute_options


@dataclass(frozen=True)
class Wanted:
    """A principal as its user describes it; None leaves a property alone. Durations in seconds.

    ``password``: None is a principal with random keys. ``key_lifetime``: random keys older than this are renewed; 0
    renews them now. ``old_key_lifetime``: old keys go that long after the newest was made.
    """

    name: str
    password: t.Optional[str] = None
    always_set_password: bool = False
    policy: t.Optional[str] = None
    attributes: t.Optional[t.Mapping[str, bool]] = None
    maximum_ticket_life: t.Optional[int] = None
    maximum_renewable_life: t.Optional[int] = None
    key_lifetime: t.Optional[float] = None
    old_key_lifetime: t.Optional[float] = None


def apply_principal(
    administration: Administration,
    wanted: Wanted,
    password_is_right: t.Callable[[], bool],
    now: float,
    check_mode: bool,
) -> DifferenceTracker:
    """Make or change the principal. ``password_is_right`` is asked only where the answer matters."""
    if wanted.policy and administration.policy(wanted.policy) is None and not check_mode:
        raise OptionError("policy", wanted.policy, "is not in the realm", "make it first (kerberos_policy)")
    present = administration.principal(wanted.name)
    if present is None:
        return _added(administration, wanted, check_mode)
    difference = _modified(administration, wanted, present, check_mode)
    if wanted.password is not None:
        if wanted.always_set_password and not password_is_right():
            difference.compare("password", "another one", "the one given")
            if not check_mode:
                administration.set_password(wanted.name, wanted.password)
        return difference
    _renew_keys(administration, wanted, present, now, difference, check_mode)
    return difference


def remove_principal(administration: Administration, name: str, check_mode: bool) -> DifferenceTracker:
    difference = DifferenceTracker()
    if administration.principal(name) is not None:
        difference.compare("principal", name, None)
        if not check_mode:
            administration.remove(name)
    return difference


def _added(administration: Administration, wanted: Wanted, check_mode: bool) -> DifferenceTracker:
    difference = DifferenceTracker()
    difference.compare("principal", None, wanted.name)
    options = attribute_options(wanted.attributes or {})
    options += ["-policy", wanted.policy] if wanted.policy else ["-clearpolicy"]
    for value, option in ((wanted.maximum_ticket_life, "-maxlife"), (wanted.maximum_renewable_life, "-maxrenewlife")):
        if value is not None:
            options += [option, f"{value}s"]
    if not check_mode:
        administration.add(wanted.name, options, wanted.password)
    return difference


def _modified(
    administration: Administration, wanted: Wanted, present: Principal, check_mode: bool
) -> DifferenceTracker:
    difference = DifferenceTracker()
    options = []
    if wanted.policy is not None and difference.compare("policy", present.policy or "", wanted.policy):
        options += ["-policy", wanted.policy] if wanted.policy else ["-clearpolicy"]
    for name, value in (wanted.attributes or {}).items():
        if difference.compare(name, present.attribute(name), value):
            options += attribute_options({name: value})
    for name, option in (("maximum_ticket_life", "-maxlife"), ("maximum_renewable_life", "-maxrenewlife")):
        value = getattr(wanted, name)
        if value is not None and difference.compare(name, f"{getattr(present, name)} s", f"{value} s"):
            options += [option, f"{value}s"]
    if options and not check_mode:
        administration.modify(wanted.name, options)
    return difference


def _renew_keys(
    administration: Administration,
    wanted: Wanted,
    present: Principal,
    now: float,
    difference: DifferenceTracker,
    check_mode: bool,
) -> None:
    age = now - present.password_changed
    if wanted.key_lifetime is not None and age >= wanted.key_lifetime:
        difference.compare("key_version", present.key_version, present.key_version + 1)
        if not check_mode:
            administration.new_random_keys(wanted.name)
    elif wanted.old_key_lifetime is not None and age > wanted.old_key_lifetime and len(present.key_versions) > 1:
        difference.compare("key_versions", present.key_versions, [present.key_version])
        if not check_mode:
            administration.remove_old_keys(wanted.name, present.key_version)
