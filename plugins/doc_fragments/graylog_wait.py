# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that say whether and how long a module waits for Graylog."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description: Whether to wait until it is in force. Graylog does part of its work after it has answered.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, with its unit, as V(30s). If that is too short, the task fails with the reasons.
    type: str
    default: 30s
  wait_sleep:
    description: How often the state is read, as V(500ms).
    type: str
    default: 500ms
"""
