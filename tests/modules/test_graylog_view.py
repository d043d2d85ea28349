# SPDX-License-Identifier: GPL-3.0-or-later
"""Dashboards and saved searches on a real Graylog: what their widgets compute, and who may open them."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from graylog_messages import eventually, server
from module_process import run_module

pytestmark = pytest.mark.system
Options = dict[str, Any]
COUNT = {"title": "Messages", "type": "number", "range": "all", "position": {"row": 1}}
LIST = {"title": "Lines", "type": "messages", "range": "all", "position": {"row": 5}}


@pytest.fixture
def name(graylog: Options) -> Iterator[str]:
    """A name that nothing else in this Graylog has; what was made by it is removed."""
    name = f"views-{uuid.uuid4().hex[:8]}"
    yield name
    for module, key in (("user", "username"), ("role", "name"), ("dashboard", "title"), ("saved_search", "title")):
        run_module(f"graylog_{module}", **graylog, **{key: name}, state="absent")


def works(module: str, **options: Any) -> Options:
    result = run_module(module, **options, timeout=60)
    assert not result.get("failed"), result.get("msg")
    return result


def computed(options: Options, search_id: str) -> dict[str, Any]:
    """What the widgets show, by the types of their searches, once it is ready."""
    asked = server(options)
    job = asked.create(f"/views/search/{search_id}/execute")

    def done() -> Any:
        status = asked.read(f"/views/search/status/{job['id']}")
        return status if status["execution"]["done"] else None

    (result,) = eventually(done)["results"].values()
    assert not result["errors"], result["errors"]
    return {found["type"]: found for found in result["search_types"].values()}


def test_a_dashboard_counts(graylog: Options, name: str) -> None:
    # Every start of Graylog has left events in its own index: something to count, as administrator.
    result = works("graylog_dashboard", **graylog, title=name, widgets=[COUNT, LIST])
    assert result["url"].endswith(f"/dashboards/{result['view']['id']}")
    shown = computed(graylog, result["view"]["search_id"])
    assert shown["pivot"]["rows"][0]["values"][0]["value"] == shown["messages"]["total_results"]


def test_a_saved_search_finds(graylog: Options, name: str) -> None:
    result = works("graylog_saved_search", **graylog, title=name, query=f"run:{name}", range="all")
    shown = computed(graylog, result["view"]["search_id"])
    assert shown["messages"]["total_results"] == 0
    assert works("graylog_saved_search", **graylog, title=name, query="*", range="all")["changed"]


def test_only_who_has_the_role_opens_it(graylog: Options, name: str) -> None:
    view = works("graylog_dashboard", **graylog, title=name, widgets=[COUNT])["view"]
    works("graylog_role", **graylog, name=name, views=[])
    works("graylog_user", **graylog, username=name, password=name + name, roles=["Reader", name])
    member = server(graylog, name, name + name)

    def opens() -> bool:
        return member.find(f"/views/{view['id']}") is not None

    assert not opens()
    works("graylog_role", **graylog, name=name, views=[name])
    time.sleep(1)
    assert eventually(opens)
