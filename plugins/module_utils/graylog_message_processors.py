# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_message_processors does: the order in which Graylog works on every message."""

from __future__ import annotations

import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog

_PATH = "/system/messageprocessors/config"


def apply_message_processors(graylog: Graylog, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring order and disabled processors to the options; the module's result."""
    current = graylog.read(_PATH)
    processors = current["processor_order"]
    names = {processor["class_name"]: processor["name"] for processor in processors}
    order = [processor["class_name"] for processor in processors]
    disabled = list(current["disabled_processors"])
    wanted_order, wanted_disabled = order, disabled
    if params["order"] is not None:
        wanted_order = reordered(order, [_class_of("order", name, names) for name in params["order"]])
    if params["disabled"] is not None:
        wanted_disabled = [_class_of("disabled", name, names) for name in params["disabled"]]
    differences = DifferenceTracker()
    differences.compare("order", _shown(order, names), _shown(wanted_order, names))
    differences.compare("disabled", sorted(_shown(disabled, names)), sorted(_shown(wanted_disabled, names)))
    if differences.changed and not check_mode:
        document = {
            "processor_order": [{"name": names[name], "class_name": name} for name in wanted_order],
            "disabled_processors": wanted_disabled,
        }
        graylog.update(_PATH, document)
        order, disabled = wanted_order, wanted_disabled
    return {
        "order": _shown(order, names),
        "disabled": sorted(_shown(disabled, names)),
        **differences.result(),
    }


def reordered(order: list[str], wanted: list[str]) -> list[str]:
    """``order`` with the wanted ones in their order on the places which they have; the others stay where they are."""
    following = iter(wanted)
    return [next(following) if name in wanted else name for name in order]


def _class_of(option: str, name: str, names: dict[str, str]) -> str:
    """The class of a processor that is named by its class, its class without the package, or its name."""
    for class_name, shown in names.items():
        if name in (class_name, class_name.rpartition(".")[2], shown):
            return class_name
    known = ", ".join(names.values())
    raise OptionError(option, name, "is no message processor of this Graylog", f"give some of {known}")


def _shown(classes: t.Iterable[str], names: dict[str, str]) -> list[str]:
    return [names.get(name, name) for name in classes]
