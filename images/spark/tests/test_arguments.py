# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import pytest
from mesospark_driver import Refusal
from mesospark_driver.arguments import find_application, parse_arguments


def test_splits_options_application_and_its_arguments() -> None:
    options = ["--class", "org.example.Main", "--conf", "spark.a=b=c", "-c", "spark.d = e", "--verbose"]
    parsed = parse_arguments([*options, "app.jar", "--conf", "x"])
    assert parsed.options == ["--class", "org.example.Main", "--verbose"]
    assert parsed.configuration == {"spark.a": "b=c", "spark.d": "e"}
    assert parsed.application == "app.jar"
    assert parsed.application_arguments == ["--conf", "x"]


def test_options_with_a_key_become_settings_in_both_spellings() -> None:
    parsed = parse_arguments(["--driver-memory=2g", "--executor-cores", "4", "--driver-class-path=/a.jar", "app.py"])
    assert parsed.configuration == {
        "spark.driver.memory": "2g",
        "spark.executor.cores": "4",
        "spark.driver.extraClassPath": "/a.jar",
    }
    assert parsed.options == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no application is given"),
        (["--conf", "spark.a=b"], "no application is given"),
        (["--conf"], "--conf needs a value"),
        (["--conf", "spark.a", "app.py"], "--conf spark.a must look like key=value"),
        (["--conf", "=b", "app.py"], "must look like key=value"),
        (["--master", "local", "app.py"], "option --master is set by the platform"),
        (["--properties-file=/x", "app.py"], "option --properties-file is set by the platform"),
        (["--num-executors", "3", "app.py"], "option --num-executors is not one of spark-submit's"),
    ],
)
def test_refuses_what_cannot_work(arguments: list[str], message: str) -> None:
    with pytest.raises(Refusal, match=message):
        parse_arguments(arguments)


def test_finds_the_application_in_the_sandbox_or_the_image(tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    fetched, built_in = sandbox / "app.py", tmp_path / "built_in.py"
    fetched.touch()
    built_in.touch()
    assert find_application("app.py", sandbox) == str(fetched)
    assert find_application("sandbox:app.py", sandbox) == str(fetched)
    assert find_application(str(built_in), sandbox) == str(built_in)
    assert find_application("https://host/app.py", sandbox) == "https://host/app.py"
    with pytest.raises(Refusal, match=r"application ap.py: no such file in the sandbox, which holds app.py"):
        find_application("ap.py", sandbox)
    with pytest.raises(Refusal, match=r"application /no/app.py: no such file in the image$"):
        find_application("/no/app.py", sandbox)
