# SPDX-License-Identifier: GPL-3.0-or-later

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from mesospark_marathon.access.rules import read_rules
from mesospark_marathon.options import OptionError
from team_rules import RULES, rules_file


def test_who_has_which_rights(tmp_path: Path) -> None:
    rules = read_rules(str(rules_file(tmp_path)))
    assert rules.caller("alice").is_operator and not rules.caller("alice").teams
    assert rules.caller("carol").is_viewer and not rules.caller("carol").is_operator
    assert [team.name for team in rules.caller("bob").teams] == ["spark"]
    assert [team.name for team in rules.caller("bob", {"analytics", "staff"}).teams] == ["spark", "analytics"]
    assert rules.caller("eve", {"operators"}).is_operator
    stranger = rules.caller("eve", {"Operators", "runs"})
    assert not (stranger.is_operator or stranger.is_viewer or stranger.teams)


def broken(**team: Any) -> dict[str, Any]:
    rules = deepcopy(RULES)
    rules["teams"]["spark"] |= team
    return rules


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"teams": {}}, "operators is empty: nobody could repair anything"),
        (RULES | {"team": {}}, "the file: team is no key of the rules; there are operators, viewers, teams"),
        (RULES | {"teams": []}, "teams must be an object"),
        (RULES | {"operators": "alice"}, "operators must be a list of texts"),
        (RULES | {"teams": {"viewers": {"app_ids": ["/v/"]}}}, "teams.viewers: the name stands for a group"),
        (broken(image=["x"]), "teams.spark: image is no key of the rules"),
        (broken(app_ids=[]), "teams.spark.app_ids is missing"),
        (broken(app_ids=["runs/"]), "teams.spark.app_ids: 'runs/' must be /group/"),
        (broken(app_ids=["/runs/../"]), "teams.spark.app_ids: '/runs/../' must be"),
        (broken(images=["*/x"]), r"teams.spark.images: '\*/x' may hold a \* at its end only"),
        (broken(users=[""]), "teams.spark.users must be a list of texts that are not empty"),
        (broken(labels={"principal": 1}), "teams.spark.labels must be an object of texts"),
        (broken(host_paths=["/data"]), "teams.spark.host_paths, an entry must be an object with the keys path, mode"),
        (broken(host_paths=[{"path": "/a/../b"}]), "the path '/a/../b' must be absolute"),
        (broken(host_paths=[{"path": "/a", "mode": "rw"}]), "the mode 'rw' of /a must be RO or RW"),
        (broken(docker_parameters={"privileged": ["true"]}), "docker_parameters.privileged: this parameter reaches"),
        (broken(docker_parameters={"--volume": ["x"]}), "docker_parameters.--volume: this parameter reaches"),
        (broken(docker_parameters={"user": ["root"]}), "docker_parameters.user: the key users says"),
        (broken(docker_parameters=["label"]), "docker_parameters must be an object"),
    ],
)
def test_each_mistake_gets_a_sentence(tmp_path: Path, rules: dict[str, Any], words: str) -> None:
    path = rules_file(tmp_path, rules)
    with pytest.raises(OptionError, match=words) as caught:
        read_rules(str(path))
    assert str(caught.value).startswith(f"--rules_file {path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "words"), [("{", "not JSON"), ("[]", "must be an object"), ("\xff", "not JSON")])
def test_a_file_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "rules.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(OptionError, match=words):
        read_rules(str(path))


def test_a_key_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text('{"operators": ["a"], "operators": ["b"]}')
    with pytest.raises(OptionError, match="a key is given twice"):
        read_rules(str(path))


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="can not be read"):
        read_rules(str(tmp_path / "none.json"))
