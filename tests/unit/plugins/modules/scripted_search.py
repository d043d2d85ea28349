# SPDX-License-Identifier: GPL-3.0-or-later
"""Graylog's search as far as the modules ask it."""

import csv
import io
from typing import Any

RUN = "pi-20261121t120000-0a1b"


class ScriptedSearch:
    """``messages`` are what every search finds; ``lost`` of them are not in an export."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.messages: list[dict[str, Any]] = []
        self.lost = 0
        self.error = ""
        server.routes |= {
            "POST /api/views/search/sync": self._sync,
            "POST /api/views/search/messages": self._export,
        }
        self.options: dict[str, Any] = {"graylog_url": server.url, "timeout": 2, "wait_sleep": "20ms"}

    def line(self, offset: int, text: str, **more: Any) -> None:
        """Let there be a line of the driver."""
        moment = f"2026-11-21T12:00:{offset // 1000:02d}.{offset % 1000:03d}Z"
        message = {"timestamp": moment, "read": "2026-11-21T13:00:00.000Z", "message": text, "offset": offset}
        message |= {"length": len(text), "record_id": f"c-stdout-{offset:x}-{len(text):x}", "task_id": f"runs_{RUN}.i"}
        self.messages.append({**message, "run": RUN, "container_id": "c-1", **more})

    def queries(self) -> list[str]:
        """What was asked, without repetitions."""
        bodies = [request.body for request in self.server.requests]
        texts = [body["queries"][0]["query"]["query_string"] for body in bodies if "queries" in body]
        return list(dict.fromkeys(texts))

    def _sync(self, request: Any) -> tuple[int, Any]:
        if self.error:
            errors = [{"description": f"Search type returned error: \n\n{self.error}"}]
            return 200, {"results": {"query": {"errors": errors, "search_types": {}}}}
        kind = request.body["queries"][0]["search_types"][0]
        found: dict[str, Any] = {"total": len(self.messages), "rows": [{"key": []}]}
        if kind["type"] == "messages":
            newest = sorted(self.messages, key=lambda message: message["timestamp"], reverse=True)
            found = {"messages": [{"message": message} for message in newest[: kind["limit"]]]}
        elif kind["row_groups"]:
            found["rows"] += [{"key": [run]} for run in dict.fromkeys(item["run"] for item in self.messages)]
        return 200, {"results": {"query": {"errors": [], "search_types": {"wanted": found}}}}

    def _export(self, request: Any) -> tuple[int, Any]:
        names = request.body["fields_in_order"]
        output = io.StringIO()
        writer = csv.writer(output, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(names)
        kept = self.messages[: len(self.messages) - self.lost]
        writer.writerows([message.get(name, "") for name in names] for message in reversed(kept))
        return 200, output.getvalue().encode()
