# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kadmin, kinit and kvno as far as the modules use them, with a database in memory."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.mesospark.platform.plugins.module_utils.kerberos_keytab_file import (
    KeytabEntry,
    build_keytab,
    parse_keytab,
)

CHANGES = {"addprinc", "modprinc", "delprinc", "cpw", "purgekeys", "addpol", "modpol", "delpol"}
Answer = tuple[int, str, str]


@dataclass
class Entry:
    """A principal of the database."""

    policy: str = "[none]"
    bits: int = 128
    password: str | None = None
    changed: int = 0
    life: int = 36000
    renewable: int = 604800
    keys: dict[int, bytes] = field(default_factory=dict)


class ScriptedKadmin:
    """``run`` is what modules start programs with; ``calls`` is all that was asked, with standard input."""

    def __init__(self) -> None:
        self.principals: dict[str, Entry] = {}
        self.policies: dict[str, str] = {"people": '"people"\t0\t0\t12\t2\t5\t0\t10\t600\t600\t-\n'}
        self.calls: list[tuple[list[str], str | None]] = []
        self.now = 1_800_000_000
        self.unreachable = ""

    @property
    def changes(self) -> list[list[str]]:
        return [arguments for arguments, _data in self.calls if CHANGES & set(arguments)]

    def run(self, arguments: Sequence[str], data: str | None) -> Answer:
        words = list(arguments)
        self.calls.append((words, data))
        if words[0] == "kinit":
            return self._kinit(words, data)
        if words[0] == "kvno":
            return self._kvno(words[-1])
        assert words[:3] == ["kadmin.local", "-r", "R"], words
        command, rest = words[3], words[4:]
        return getattr(self, f"_{command}")(rest, data)

    def new_key(self, entry: Entry, keep: bool = True) -> None:
        version = max(entry.keys, default=0) + 1
        entry.keys = {**(entry.keys if keep else {}), version: f"key {version} of {id(entry)}".encode()}
        entry.changed = self.now

    def keytab(self, name: str, *only: int) -> str:
        """In base64, with all versions or with those given."""
        keys = self.principals[name].keys
        entries = [KeytabEntry(name, version, 20, self.now, keys[version]) for version in only or sorted(keys)]
        return base64.b64encode(build_keytab(entries)).decode()

    def _kinit(self, words: list[str], data: str | None) -> Answer:
        name = words[-1]
        if self.unreachable:
            return 1, "", f"kinit: {self.unreachable} while getting initial credentials"
        if name not in self.principals:
            return 1, "", f"kinit: Client '{name}' not found in Kerberos database while getting initial credentials"
        entry = self.principals[name]
        if "-k" not in words:
            right = data == f"{entry.password}\n"
            return (0, "", "") if right else (1, "", "kinit: Password incorrect while getting initial credentials")
        data_of_file = Path(words[words.index("-t") + 1].removeprefix("FILE:")).read_bytes()
        offered = [one for one in parse_keytab(data_of_file) if one.principal == name]
        newest = max(offered, key=lambda one: one.version)
        if newest.key != entry.keys[max(entry.keys)]:
            return 1, "", "kinit: Preauthentication failed while getting initial credentials"
        return 0, "", ""

    def _kvno(self, name: str) -> Answer:
        entry = self.principals[name]
        if entry.bits & 0x1000:
            return 1, "", f"kvno: KDC policy rejects request while getting credentials for {name}"
        return 0, f"{name}: kvno = {max(entry.keys)}\n", ""

    def _getprinc(self, rest: list[str], data: str | None) -> Answer:
        name = rest[-1]
        if name not in self.principals:
            return 1, "", f'get_principal: Principal does not exist while retrieving "{name}".\n'
        entry = self.principals[name]
        keys = "".join(f"\t1\t{version}\t20\t0" for version in sorted(entry.keys, reverse=True))
        fields = [f'"{name}"', 0, entry.changed, 0, entry.life, '"root/admin@R"', 1, entry.bits]
        fields += [max(entry.keys, default=1), 1, f'"{entry.policy}"', entry.renewable, 0, 0, 0, len(entry.keys)]
        return 0, "\t".join(map(str, fields)) + keys + "\n", ""

    def _getpol(self, rest: list[str], data: str | None) -> Answer:
        if rest[-1] in self.policies:
            return 0, self.policies[rest[-1]], ""
        return 1, "", f'get_policy: Policy does not exist while retrieving policy "{rest[-1]}".\n'

    def _addprinc(self, rest: list[str], data: str | None) -> Answer:
        entry = self.principals.setdefault(rest[-1], Entry())
        if data:
            entry.password = data.splitlines()[0]
        self.new_key(entry)
        return self._modprinc(rest, None)

    def _modprinc(self, rest: list[str], data: str | None) -> Answer:
        entry = self.principals[rest[-1]]
        if "-policy" in rest:
            entry.policy = rest[rest.index("-policy") + 1]
        for option, bit, contrary in (("allow_svr", 0x1000, True), ("requires_preauth", 0x80, False)):
            for sign in "+-":
                if sign + option in rest:
                    entry.bits = entry.bits | bit if (sign == "+") != contrary else entry.bits & ~bit
        return 0, "", ""

    def _delprinc(self, rest: list[str], data: str | None) -> Answer:
        del self.principals[rest[-1]]
        return 0, "", ""

    def _cpw(self, rest: list[str], data: str | None) -> Answer:
        entry = self.principals[rest[-1]]
        if data:
            entry.password = data.splitlines()[0]
        self.new_key(entry, keep="-keepold" in rest)
        return 0, "", ""

    def _purgekeys(self, rest: list[str], data: str | None) -> Answer:
        entry = self.principals[rest[-1]]
        kept = int(rest[rest.index("-keepkvno") + 1])
        entry.keys = {version: key for version, key in entry.keys.items() if version >= kept}
        return 0, "", ""

    def _ktadd(self, rest: list[str], data: str | None) -> Answer:
        assert "-norandkey" in rest
        path = Path(rest[rest.index("-k") + 1].removeprefix("FILE:"))
        path.write_bytes(base64.b64decode(self.keytab(rest[-1])))
        return 0, "", ""

    def _addpol(self, rest: list[str], data: str | None) -> Answer:
        given = dict(zip(rest[:-1:2], rest[1:-1:2], strict=True))
        names = ["-maxlife", "", "-minlength", "-minclasses", "-history", "", "-maxfailure", "-failurecountinterval"]
        numbers = [given.get(name, "0").rstrip("s") for name in [*names, "-lockoutduration"]]
        self.policies[rest[-1]] = "\t".join([f'"{rest[-1]}"', *numbers, "-"]) + "\n"
        return 0, "", ""

    _modpol = _addpol

    def _delpol(self, rest: list[str], data: str | None) -> Answer:
        del self.policies[rest[-1]]
        return 0, "", ""
