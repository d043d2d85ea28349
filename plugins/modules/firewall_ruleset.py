#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_ruleset
short_description: Load firewall rules that are taken back unless they are confirmed
version_added: 0.3.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Puts the table C(inet mesospark) of nftables in the place of the one that is loaded, in one transaction, and touches
    no other table.
  - What is loaded counts, not what a file says; a rule that was changed by hand is put right.
options:
  state:
    description:
      - V(applied) loads O(ruleset). The host takes the previous rules back after O(rollback_after) unless V(confirmed)
        comes first.
      - V(confirmed) keeps the rules that V(applied) has loaded, also for the next boot. Call it over a new connection.
      - V(widened) adds O(widening) to the rules where others than O(ruleset) are loaded, so that nothing that is about
        to be installed is refused before V(applied). Without rules it does nothing.
      - V(learning) lets the kernel follow connections where no rules are loaded, and refuses none. Connections of which
        something was heard meanwhile live on when rules are applied.
    type: str
    choices: [applied, confirmed, widened, learning]
    default: applied
  ruleset:
    description: The whole table, as P(mesospark.platform.firewall_ruleset#filter) makes it.
    type: str
    required: true
  widening:
    description: What to add, for O(state=widened).
    type: str
  rollback_after:
    description: Time after which rules that are not confirmed are taken back, with a unit.
    type: str
    default: 60s
  directory:
    description: Existing folder that the files of the rules are kept in. C(ruleset.nft) holds the confirmed ones.
    type: path
    default: /etc/mesospark/firewall
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    description: Shows the rules that change.
  platform:
    platforms: posix
requirements:
  - nft
  - systemd
"""

EXAMPLES = r"""
- name: Load the rules
  mesospark.platform.firewall_ruleset:
    ruleset: "{{ firewall_texts.ruleset }}"
  register: applied

- name: Confirm them over a new connection
  when: applied is changed
  block:
    - name: Connect again
      ansible.builtin.meta: reset_connection

    - name: Keep the rules
      mesospark.platform.firewall_ruleset:
        ruleset: "{{ firewall_texts.ruleset }}"
        state: confirmed
"""

RETURN = r"""
loaded:
  description: Whether rules were loaded on the host before.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.firewall_host import HostFirewall, one_element_a_line
from ansible_collections.mesospark.platform.plugins.module_utils.sizes import seconds


def run(module: AnsibleModule, firewall: HostFirewall) -> dict[str, object]:
    """Do what the options say, and return the module's result."""
    options = module.params
    state, ruleset = options["state"], options["ruleset"]
    rollback_after = seconds("rollback_after", options["rollback_after"])
    if not module.get_bin_path("nft"):
        if state == "widened":
            return {"changed": False, "loaded": False}
        if module.check_mode:  # the package comes first
            return {"changed": True, "loaded": False, "diff": {"before": "", "after": ruleset}}
    before = firewall.loaded()
    result: dict[str, object] = {"changed": False, "loaded": bool(before)}
    if state == "learning":
        result["changed"] = not before
        if not before and not module.check_mode:
            firewall.learn()
        return result
    if state == "confirmed":
        result["changed"] = firewall.unconfirmed() or firewall.confirmed() != ruleset
        if result["changed"] and not module.check_mode:
            firewall.confirm(ruleset)
        return result
    wanted = firewall.normal_form(ruleset)
    result["diff"] = {"before": one_element_a_line(before), "after": one_element_a_line(wanted)}
    if state == "widened":
        result["changed"] = bool(before) and before != wanted
        if result["changed"] and not module.check_mode:
            firewall.widen(options["widening"])
        return result
    result["changed"] = before != wanted or firewall.confirmed() != ruleset
    if result["changed"] and not module.check_mode:
        firewall.apply(ruleset, rollback_after)
    return result


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["applied", "confirmed", "widened", "learning"],
                "default": "applied",
            },
            "ruleset": {"type": "str", "required": True},
            "widening": {"type": "str"},
            "rollback_after": {"type": "str", "default": "60s"},
            "directory": {"type": "path", "default": "/etc/mesospark/firewall"},
        },
        required_if=[("state", "widened", ["widening"])],
        supports_check_mode=True,
    )

    def run_command(command: list[str]) -> tuple[int, str, str]:
        status, output, errors = module.run_command(command)
        return status, output, errors

    try:
        module.exit_json(**run(module, HostFirewall(run_command, module.params["directory"])))
    except PlatformError as error:
        module.fail_json(msg=error.message)


if __name__ == "__main__":
    main()
