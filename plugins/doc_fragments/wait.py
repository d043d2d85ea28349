# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that say whether and how long a module waits."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description: Whether to wait until what was asked for has come true.
    type: bool
    default: true
  wait_sleep:
    description:
      - How often the state is read while nothing is heard from Marathon's event stream, as V(2s).
    type: str
    default: 2s
"""
