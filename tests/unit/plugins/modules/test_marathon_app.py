# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

from ansible_collections.mesospark.platform.plugins.modules import marathon_app, marathon_app_info, mesos_info

DEFINITION = {"cmd": "sleep 100", "cpus": 0.1, "mem": 16, "instances": 2, "env": {"LEVEL": 1}}
FAST = {"wait_sleep": "50ms", "wait_timeout": "300ms"}


def test_created_then_unchanged_then_changed(cluster: Any, run_module: Any) -> None:
    made = run_module(marathon_app.main, **cluster.options, id="web", definition=DEFINITION)
    assert made["changed"] and made["deployment_id"] == "d1" and made["id"] == "/web"
    again = run_module(marathon_app.main, **cluster.options, id="/web", definition=DEFINITION)
    assert not again["changed"] and again["deployment_id"] is None
    assert len(cluster.writes) == 1
    more = run_module(marathon_app.main, **cluster.options, id="/web", definition={**DEFINITION, "instances": 3})
    assert more["diff"] == {"before": {"instances": 2}, "after": {"instances": 3}}


def test_check_mode_writes_nothing(cluster: Any, run_module: Any) -> None:
    cluster.apps["/web"] = {"id": "/web", "cmd": "sleep 1", "instances": 1, "version": "v"}
    for state in ("present", "restarted", "absent"):
        options = {**cluster.options, "id": "/web", "state": state, "definition": DEFINITION}
        assert run_module(marathon_app.main, check_mode=True, **options)["changed"]
    assert run_module(marathon_app.main, check_mode=True, **cluster.options, id="/new", definition=DEFINITION)[
        "changed"
    ]
    assert not run_module(marathon_app.main, check_mode=True, **cluster.options, id="/new", state="absent")["changed"]
    assert cluster.writes == []


def test_restart(cluster: Any, run_module: Any) -> None:
    cluster.apps["/web"] = {"id": "/web", "cmd": "sleep 1", "instances": 1, "version": "v"}
    assert run_module(marathon_app.main, **cluster.options, id="/web", state="restarted")["changed"]
    assert cluster.writes[-1].path == "/v2/apps/web/restart"


def test_absent(cluster: Any, run_module: Any) -> None:
    cluster.apps["/web"] = {"id": "/web", "cmd": "sleep 1", "instances": 1, "version": "v"}
    assert run_module(marathon_app.main, **cluster.options, id="/web", state="absent")["changed"]
    assert not run_module(marathon_app.main, **cluster.options, id="/web", state="absent")["changed"]


def test_a_new_app_needs_a_definition(cluster: Any, run_module: Any) -> None:
    result = run_module(marathon_app.main, **cluster.options, id="/web")
    assert result["msg"] == "definition is missing, and there is no app /web; describe the app."


def test_a_lock_is_told_with_its_option(cluster: Any, run_module: Any) -> None:
    cluster.apps["/web"] = {"id": "/web", "cmd": "sleep 1", "instances": 1, "version": "v"}
    locked = {"message": "App is locked by one or more deployments.", "deployments": [{"id": "d"}]}
    cluster.marathon.routes["PUT /v2/apps/*"] = (409, locked)
    result = run_module(marathon_app.main, **cluster.options, id="/web", definition=DEFINITION)
    assert "set force to replace it" in result["msg"]


def test_a_timeout_names_the_queues_reasons(cluster: Any, run_module: Any) -> None:
    rejected = [{"reason": "UnfulfilledConstraint", "declined": 3, "processed": 3}]
    summary = {"processedOffersCount": 3, "rejectSummaryLastOffers": rejected}
    cluster.queue = [{"app": {"id": "/web"}, "delay": {"overdue": True}, "processedOffersSummary": summary}]
    cluster.deployments = [{"id": "d1", "affectedApps": ["/web"]}]
    result = run_module(marathon_app.main, **cluster.options, id="/web", definition=DEFINITION, **FAST)
    assert result["msg"] == (
        "Waited 0.3 s (wait_timeout) for the deployment of /web: of the last offers Marathon declined 3 for "
        "unmet constraints; 0 of 2 instances run, 0 are staged, 0 are unhealthy."
    )


def test_info(cluster: Any, run_module: Any) -> None:
    cluster.apps["/web"] = {"id": "/web", "labels": {"team": "search"}}
    cluster.queue = [{"app": {"id": "/web"}, "delay": {"overdue": True}, "processedOffersSummary": {}}]
    waiting = ["Marathon has been offered no resources yet"]
    assert run_module(marathon_app_info.main, **cluster.options)["apps"][0]["waiting_reasons"] == waiting
    assert run_module(marathon_app_info.main, **cluster.options, id="/other")["apps"] == []
    assert len(run_module(marathon_app_info.main, **cluster.options, label_selector="team==search")["apps"]) == 1
    assert cluster.writes == []


def test_mesos_info(cluster: Any, run_module: Any) -> None:
    cluster.frameworks = [{"id": "f", "name": "marathon", "active": True, "roles": ["*"], "tasks": [{}]}]
    result = run_module(mesos_info.main, **cluster.options, flags=True)
    assert (result["version"], result["leader"]["address"]) == ("1.11.0", "10.0.0.1:5050")
    assert result["resources"] == {"total": {"cpus": 4, "mem": 6144}, "used": {"cpus": 1, "mem": 512}}
    assert [(item["name"], item["tasks"]) for item in result["frameworks"]] == [("marathon", 1)]
    assert result["flags"] == {"quorum": "1"}
