# SPDX-License-Identifier: GPL-3.0-or-later
"""Into a real Graylog: nothing is lost whoever is killed."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graylog_server.local_graylog import InputTls, LocalGraylog
from log_shipper_certificates import Certificates
from log_shipper_process import ShipperProcess

pytestmark = pytest.mark.soak

FILES = 5
LINES = 4000  # of each file


@pytest.fixture(scope="module")
def graylog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGraylog]:
    """A Graylog of its own."""
    with LocalGraylog(tmp_path_factory.mktemp("graylog")) as running:
        yield running


def stored(graylog: LocalGraylog) -> list[dict[str, Any]]:
    """Every event of the service that Elasticsearch has."""
    query: dict[str, Any] = {"size": 10_000, "query": {"term": {"service": "service"}}, "sort": ["_doc"]}
    answer = ask(f"{graylog.search_url}/_all/_search?scroll=1m", query)
    found: list[dict[str, Any]] = []
    while answer["hits"]["hits"]:
        found += [hit["_source"] for hit in answer["hits"]["hits"]]
        answer = ask(f"{graylog.search_url}/_search/scroll", {"scroll": "1m", "scroll_id": answer["_scroll_id"]})
    return found


def ask(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """An answer of Elasticsearch."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: dict[str, Any] = json.load(answer)
        return content


def test_kills_of_both(tmp_path: Path, certificates: Certificates, graylog: LocalGraylog) -> None:
    """20,000 lines, two kills of the shipper and one of Graylog: all are found, and the same id has the same text."""
    server = InputTls(*(certificates.path(name) for name in ("server.pem", "server.key", "ca.pem")))
    shipper = ShipperProcess(tmp_path, certificates, [graylog.open_beats(tls=server)])
    shipper.limits = []
    shipper.start()
    try:
        for number in range(LINES):
            for file in range(FILES):
                with (shipper.logs / f"{file}.log").open("a", encoding="utf-8") as log:
                    log.write(f"line {number} of {file}\n")
            if number in {LINES // 4, LINES // 2}:
                shipper.kill()
                shipper.start()
            if number == LINES // 3:
                graylog.kill()
            time.sleep(0.002)
        graylog.start()
        wanted = {f"line {number} of {file}" for number in range(LINES) for file in range(FILES)}
        deadline = time.monotonic() + 180
        while missing := wanted - {event["message"] for event in stored(graylog)}:
            assert time.monotonic() < deadline, f"{len(missing)} are missing, such as {min(missing)}"
            time.sleep(2)
    finally:
        shipper.kill()
    texts: dict[str, str] = {}
    for event in stored(graylog):
        assert texts.setdefault(event["record_id"], event["message"]) == event["message"]
