# SPDX-License-Identifier: GPL-3.0-or-later
"""Graylog as modules and other clients see it. Accounts are pairs of name and password."""

import json
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any

from module_calls import call_module, trust

MARKED = "message:line AND message:(stdout OR stderr)"
"""The query for the numbered records of a run; those of Spark and Mesos are left out."""

Message = dict[str, Any]

FILE = ("agent_hostname", "container_id", "stream")
"""What tells the files of a run apart."""


class LogStore:
    """The platform's Graylog."""

    def __init__(self, platform) -> None:
        self.platform = platform
        self.host_name = platform.members("graylogs")[0]
        self.address = platform.address(self.host_name)
        self.url = f"https://{self.address}:9000"

    @cached_property
    def administrator(self) -> tuple[str, str]:
        return "admin", self.platform.secret("graylog_admin_password")

    def team(self, principal: str) -> tuple[str, str]:
        return principal, self.platform.secret(f"graylog_{principal}_password")

    def ask(self, path: str, account: tuple[str, str] | None = None, **options: Any) -> Any:
        """The answer of Graylog's API to Platform.request()."""
        return self.platform.request(f"{self.url}/api{path}", account, **options)

    def find(self, account: tuple[str, str] | None = None, **options: Any) -> dict[str, Any]:
        """The result of the module graylog_messages, which the account (default: the administrator) uses."""
        username, password = account or self.administrator
        access = {**trust(self.platform), "graylog_url": self.url, "url_username": username, "url_password": password}
        result = call_module("graylog_messages", **access, **options)
        assert not result.get("failed"), result["msg"]
        return result

    def numbered(self, run: str, lines: int, folder: Path, timeout: str, **search: str) -> dict[str, list[Message]]:
        """The numbered records of a run by file, when they have come. A file is made in `folder`."""
        path = folder / "found.json"
        wish = {"wait_for": {"count": lines}, "wait_timeout": timeout}
        self.find(run=run, query=MARKED, dest=str(path), dest_format="json", **wish, **search)
        return by_file(path)


def by_file(path: Path) -> dict[str, list[Message]]:
    """The messages of each file of a run, from what graylog_messages has written as JSON."""
    files = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            files[" ".join(message[name] for name in FILE)].append(message)
    return files


def texts(files: dict[str, list[Message]]) -> dict[str, list[str]]:
    return {name: [message["message"] for message in messages] for name, messages in files.items()}
