# SPDX-License-Identifier: GPL-3.0-or-later
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_user import full_name_parts
from ansible_collections.mesospark.platform.plugins.modules import graylog_user

SPARK = {"username": "spark", "password": "first-password", "wait_sleep": "10ms", "wait_timeout": "300ms"}


def test_a_new_user_of_version_3(graylog: Any, run_module: Any) -> None:
    result = run_module(graylog_user.main, **graylog.options, **SPARK)
    assert graylog.bodies("POST", "/users") == [
        {
            "username": "spark",
            "password": "first-password",
            "permissions": [],
            "full_name": "spark",
            "email": "spark@localhost.localdomain",
            "roles": ["Reader"],
        }
    ]
    assert result["user"]["roles"] == ["Reader"] and result["user"]["external"] is False


def test_since_4_users_have_two_names_and_an_id(graylog: Any, run_module: Any) -> None:
    graylog.version = "5.2.0"
    run_module(graylog_user.main, **graylog.options, **SPARK, full_name="Team Spark One")
    made = graylog.bodies("POST", "/users")[0]
    assert (made["first_name"], made["last_name"]) == ("Team", "Spark One") and "full_name" not in made
    user_id = graylog.things["/users"][0]["id"]
    run_module(graylog_user.main, **graylog.options, **{**SPARK, "password": "second-password"}, email="a@example.org")
    assert graylog.writes[1:] == [f"PUT /users/{user_id}", f"PUT /users/{user_id}/password"]


def test_names_in_parts() -> None:
    assert full_name_parts(" Team Spark ") == ("Team", "Spark")
    assert full_name_parts("spark") == ("spark", "-")


def test_an_update_keeps_the_time_zone(graylog: Any, run_module: Any) -> None:
    run_module(graylog_user.main, **graylog.options, **SPARK, timezone="Europe/Berlin")
    run_module(graylog_user.main, **graylog.options, **SPARK, email="a@example.org")
    assert graylog.bodies("PUT", "/users/spark") == [{"timezone": "Europe/Berlin", "email": "a@example.org"}]


def test_the_password_is_tried_not_guessed(graylog: Any, run_module: Any) -> None:
    run_module(graylog_user.main, **graylog.options, **SPARK)
    graylog.passwords["spark"] = "changed by somebody"
    left = run_module(graylog_user.main, **graylog.options, **SPARK, update_password="on_create", wait=False)
    assert not left["changed"]
    foreseen = run_module(graylog_user.main, check_mode=True, **graylog.options, **SPARK)
    assert foreseen["changed"] and graylog.passwords["spark"] == "changed by somebody"
    assert run_module(graylog_user.main, **graylog.options, **SPARK)["changed"]
    assert graylog.passwords["spark"] == "first-password"


def test_the_permissions_are_waited_for(graylog: Any, run_module: Any) -> None:
    stream = graylog.things["/streams"][0]["id"]
    role = {"name": "spark-jobs", "permissions": [f"streams:read:{stream}"], "read_only": False}
    graylog.things["/roles"].append(role)
    answers = [(403, {}), (403, {})]
    asked = graylog.server.routes["GET /api/*"]
    graylog.server.routes[f"GET /api/streams/{stream}"] = lambda request: answers.pop() if answers else asked(request)
    patient = {**SPARK, "wait_timeout": "20s"}
    made = run_module(graylog_user.main, **graylog.options, **patient, roles=["Reader", "SPARK-jobs"])
    assert made["user"]["roles"] == ["Reader", "spark-jobs"] and not answers
    graylog.server.routes[f"GET /api/streams/{stream}"] = (403, {})
    late = run_module(graylog_user.main, **graylog.options, **SPARK, email="b@example.org")
    assert "for the permissions of spark: Graylog still refuses what the roles allow" in late["msg"]


def test_a_role_may_be_missing_in_check_mode_only(graylog: Any, run_module: Any) -> None:
    result = run_module(graylog_user.main, **graylog.options, **SPARK, roles=["later"])
    assert result["msg"] == "roles: 'later' is no role of this Graylog; make the role first."
    result = run_module(graylog_user.main, check_mode=True, **graylog.options, **SPARK, roles=["later"])
    assert result["changed"] and result["warnings"] and graylog.writes == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_new_user_needs_a_password(graylog: Any, run_module: Any, check_mode: bool) -> None:
    result = run_module(graylog_user.main, check_mode=check_mode, **graylog.options, username="spark")
    assert result["msg"] == "password is missing, and there is no user spark; give it."
