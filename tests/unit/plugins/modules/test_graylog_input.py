# SPDX-License-Identifier: GPL-3.0-or-later
import json
from typing import Any

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils import graylog_input_state
from ansible_collections.mesospark.platform.plugins.modules import graylog_input
from scripted_graylog import BEATS, NODE

QUICK = {"wait_sleep": "10ms", "wait_timeout": "20s"}


@pytest.fixture
def beats(graylog: Any) -> dict[str, Any]:
    """Options of an input, quickly waited for."""
    return {**graylog.options, **QUICK, "title": "beats", "type": BEATS, "configuration": {"port": 5044}}


def test_a_new_input_has_the_defaults_of_its_type(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    result = run_module(graylog_input.main, **beats)
    assert result["states"] == {NODE: "RUNNING"}, "a node that is away is not waited for"
    assert graylog.bodies("POST", "/system/inputs") == [
        {
            "title": "beats",
            "type": BEATS,
            "global": True,
            "node": None,
            "configuration": {"bind_address": "0.0.0.0", "port": 5044, "tls_enable": False, "tls_key_password": ""},
        }
    ]


def test_an_update_keeps_what_is_not_named(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    run_module(graylog_input.main, **{**beats, "configuration": {"port": 5044, "bind_address": "10.0.0.1"}})
    result = run_module(graylog_input.main, **{**beats, "configuration": {"port": "5045"}})
    assert result["diff"] == {"before": {"configuration.port": 5044}, "after": {"configuration.port": 5045}}
    assert result["input"]["attributes"]["bind_address"] == "10.0.0.1"


def test_static_fields_are_written_one_start_at_a_time(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    run_module(graylog_input.main, **beats, static_fields={"site": 1, "room": "a"})
    result = run_module(graylog_input.main, **beats, static_fields={"site": "2"})
    assert result["input"]["static_fields"] == {"site": "2"}
    assert result["diff"]["before"] == {"static_fields": {"site": "1", "room": "a"}}
    assert graylog.starts_at_once == 0


def test_restarted(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    run_module(graylog_input.main, **beats)
    foreseen = run_module(graylog_input.main, check_mode=True, **beats, state="restarted")
    assert foreseen["changed"] and len(graylog.writes) == 1
    result = run_module(graylog_input.main, **beats, state="restarted")
    assert result["diff"] == foreseen["diff"] and result["states"] == {NODE: "RUNNING"}
    assert graylog.writes[1:] == [f"PUT /cluster/inputstates/{result['input']['id']}"]


def test_one_that_was_stopped_is_started(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    made = run_module(graylog_input.main, **beats)
    graylog.input_states[made["input"]["id"]] |= {"state": "STOPPED", "left": -1}
    result = run_module(graylog_input.main, **beats)
    assert result["diff"] == {"before": {"state": {NODE: "STOPPED"}}, "after": {"state": "RUNNING"}}
    assert not run_module(graylog_input.main, **beats)["changed"]


def test_one_that_can_not_run_says_why(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    graylog.failures_left = 1
    result = run_module(graylog_input.main, **beats)
    assert result["msg"] == f"The input 'beats' can not run on node {NODE}: bind(..) failed: Address already in use."
    assert run_module(graylog_input.main, **beats)["diff"]["after"] == {"state": "RUNNING"}


def test_a_change_of_one_that_failed_is_followed_by_a_start(
    graylog: Any, run_module: Any, beats: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graylog_input_state, "_PATIENCE", 0.05)
    graylog.failures_left = 1
    run_module(graylog_input.main, **beats)
    result = run_module(graylog_input.main, **{**beats, "configuration": {"port": 5045}})
    assert result["states"] == {NODE: "RUNNING"}
    input_id = result["input"]["id"]
    assert graylog.writes[1:] == [f"PUT /system/inputs/{input_id}", f"PUT /cluster/inputstates/{input_id}"]


def test_one_that_does_not_start_in_time(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    graylog.start_up = 10000
    result = run_module(graylog_input.main, **{**beats, "wait_timeout": "100ms"})
    assert f"for the input 'beats': on node {NODE} its state is STARTING" in result["msg"]
    assert run_module(graylog_input.main, **{**beats, "title": "other"}, wait=False)["states"] == {}


def test_a_secret_is_compared_and_never_shown(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    secret = {"secret_configuration": {"tls_key_password": "s3cret-1"}}
    made = run_module(graylog_input.main, **beats, **secret)
    assert made["input"]["attributes"]["tls_key_password"] == "(hidden)"
    assert not run_module(graylog_input.main, **beats, **secret)["changed"]
    other = run_module(graylog_input.main, **beats, secret_configuration={"tls_key_password": "s3cret-2"})
    assert other["diff"] == {
        "before": {"configuration.tls_key_password": "(another one)"},
        "after": {"configuration.tls_key_password": "(hidden)"},
    }
    assert graylog.things["/system/inputs"][0]["attributes"]["tls_key_password"] == "s3cret-2"
    # One that was set by somebody else is hidden too.
    assert "s3cret" not in json.dumps(run_module(graylog_input.main, **graylog.options, title="beats"))


def test_a_secret_that_graylog_keeps_for_itself_stays(graylog: Any, run_module: Any, beats: dict[str, Any]) -> None:
    run_module(graylog_input.main, **beats)
    graylog.things["/system/inputs"][0]["attributes"]["tls_key_password"] = {"is_set": True}
    options = {**beats, "secret_configuration": {"tls_key_password": "s3cret"}}
    assert not run_module(graylog_input.main, **options)["changed"]
    run_module(graylog_input.main, **{**beats, "configuration": {"port": 5045}})
    sent = graylog.bodies("PUT", f"/system/inputs/{graylog.things['/system/inputs'][0]['id']}")[0]
    assert sent["configuration"]["tls_key_password"] == {"keep_value": True}
    encrypted = {**graylog.fields["tls_key_password"], "is_encrypted": True}
    graylog.fields |= {"tls_key_password": encrypted}
    run_module(graylog_input.main, **{**options, "configuration": {"port": 5046}})
    sent = graylog.bodies("PUT", f"/system/inputs/{graylog.things['/system/inputs'][0]['id']}")[1]
    assert sent["configuration"]["tls_key_password"] == {"set_value": "s3cret"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "Betas"}, "type: 'Betas' is no type of input of this Graylog; give one of Beats."),
        ({"type": None}, "type is missing, and there is no input 'beats'; give it."),
        ({"configuration": {"prt": 1}}, f"configuration: 'prt' is no field of {BEATS}; its fields are bind_address"),
        ({"configuration": {"port": "many"}}, "configuration: 'many' is no number in port; write a whole number."),
        ({"configuration": {"tls_enable": "2"}}, "configuration: '2' is not true or false in tls_enable"),
        (
            {"configuration": {"tls_key_password": "x"}},
            "configuration: 'tls_key_password' is a secret; give it in secret_configuration.",
        ),
    ],
)
def test_bad_options(
    graylog: Any, run_module: Any, beats: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    result = run_module(graylog_input.main, **{**beats, **options})
    assert result["msg"].startswith(message) and graylog.writes == []
