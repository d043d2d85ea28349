# SPDX-License-Identifier: GPL-3.0-or-later

import logging
from dataclasses import fields
from pathlib import Path

import pytest
from mesospark_marathon.command_line import parse_options
from mesospark_marathon.flags import FLAGS, SecretFileFlag
from mesospark_marathon.options import OptionError, Options

SECRET = "correct-horse"


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o400)
    return str(path)


def test_every_option_has_its_flag_and_every_flag_its_option() -> None:
    options = {flag.option if isinstance(flag, SecretFileFlag) else name for name, flag in FLAGS.items()}
    assert options == {field.name for field in fields(Options)}


def test_defaults() -> None:
    options = parse_options([], {})
    assert (options.http_port, options.http_address, options.mesos_role) == (8080, "127.0.0.1", "*")
    assert options.hostname


def test_flags_and_environment_are_joined() -> None:
    options = parse_options(
        ["--http_port=8081", "--framework_name", "two"],
        {"MARATHON_MASTER": "m:1", "MARATHON_MAX_INSTANCES_PER_OFFER": "7", "MARATHON_APP_ID": "/marathon"},
    )
    assert (options.http_port, options.framework_name, options.master) == (8081, "two", "m:1")
    assert options.max_instances_per_offer == 7


@pytest.mark.parametrize(("value", "switched"), [("", True), ("true", True), ("false", False)])
def test_a_switch_in_the_environment(secret_file: str, value: str, switched: bool) -> None:
    arguments = ["--mesos_authentication_principal=p", f"--mesos_authentication_secret_file={secret_file}"]
    environment = {"MARATHON_MESOS_AUTHENTICATION": value}
    if switched:
        assert parse_options(arguments, environment).mesos_authentication
    else:
        with pytest.raises(OptionError, match="no effect without"):
            parse_options(arguments, environment)


def test_secrets_come_from_files(secret_file: str, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    accounts.write_text("operator:one\nreader:two:2\n")
    accounts.chmod(0o400)
    options = parse_options(
        [
            "--mesos_authentication",
            "--mesos_authentication_principal=marathon",
            f"--mesos_authentication_secret_file={secret_file}",
            f"--http_credentials_file={accounts}",
        ],
        {},
    )
    assert options.mesos_authentication_secret == SECRET
    assert options.http_credentials == "operator:one\nreader:two:2"


def test_a_secret_that_everybody_can_read_is_told(secret_file: str, caplog: pytest.LogCaptureFixture) -> None:
    Path(secret_file).chmod(0o644)
    with caplog.at_level(logging.WARNING):
        parse_options(
            [
                "--mesos_authentication",
                "--mesos_authentication_principal=p",
                f"--mesos_authentication_secret_file={secret_file}",
            ],
            {},
        )
    assert "everybody on this machine can read" in caplog.text
    assert SECRET not in caplog.text


def test_an_unknown_variable_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        parse_options([], {"MARATHON_HTTP_PROT": "1"})
    assert "MARATHON_HTTP_PROT" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--http_port", "eighty"], "--http_port: 'eighty' must be a whole number"),
        (["--http_port", "0"], "--http_port: 0 must be between 1 and 65535"),
        (["--htp_port", "1"], "--htp_port is no flag"),
        (["stray"], "a value without a flag is no flag"),
        (["--http_port"], "expected one argument"),
        (["--http_credentials", f"operator:{SECRET}"], "--http_credentials is refused.*http_credentials_file"),
        (["--mesos_authentication_secret", SECRET], "refused.*mesos_authentication_secret_file"),
        (["--http_credential", f"operator:{SECRET}"], "--http_credential is no flag"),
        (["--http_credentials_file", "/nonexistent"], "/nonexistent: can not be read"),
        (["--mesos_authentication"], "needs --mesos_authentication_principal"),
        (["--mesos_authentication_principal", "p"], "no effect without"),
        (["--disable_http"], "nothing to listen on"),
        (["--ssl_certificate_file", "/c.pem"], "must be given together"),
        (["--ssl_client_authentication", "maybe"], "'maybe' must be one of none, optional, required"),
        (["--ssl_client_authentication", "required"], "needs --ssl_ca_file"),
        (["--ssl_crl_file", "/crl.pem"], "--ssl_crl_file needs --ssl_ca_file"),
        (["--ssl_ca_file", "/nonexistent"], "--ssl_ca_file /nonexistent: can not be read"),
        (["--local_port_min", "9000", "--local_port_max", "9000"], "--local_port_min 9000 must be below"),
        (["--store", "/nonexistent/store"], "--store /nonexistent/store: its directory"),
        (["--master", "zk://a/mesos"], "ZooKeeper"),
        (["--logging_level", "loud"], "must be one of"),
    ],
)
def test_each_mistake_gets_a_sentence(arguments: list[str], words: str) -> None:
    with pytest.raises(OptionError, match=words) as caught:
        parse_options(arguments, {})
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_flag_given_twice() -> None:
    with pytest.raises(OptionError, match=r"--http_port is given twice.*MARATHON_HTTP_PORT"):
        parse_options(["--http_port=1"], {"MARATHON_HTTP_PORT": "1"})


def test_a_secret_in_the_environment() -> None:
    with pytest.raises(OptionError, match="MARATHON_HTTP_CREDENTIALS is refused"):
        parse_options([], {"MARATHON_HTTP_CREDENTIALS": f"a:{SECRET}"})


@pytest.mark.parametrize("content", ["", "operator", ":password", "operator:", "operator:one\nstray"])
def test_a_wrong_credentials_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "accounts"
    path.write_text(content)
    with pytest.raises(OptionError, match="--http_credentials_file"):
        parse_options(["--http_credentials_file", str(path)], {})


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options(["--help"], {})
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(f"--{name}" in text for name in FLAGS)
