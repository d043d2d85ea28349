# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role graylog writes, in each distribution: no vendor's repository is at hand to try the packages with."""

from __future__ import annotations

import configparser
import hashlib
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).resolve().parents[2] / "roles" / "graylog"
PASSWORD = "correct-horse-battery-staple"
SECRET = "s" * 96
INVENTORY = {
    "inventory_hostname": "infra2",
    "platform_address": "10.20.0.12",
    "platform_domain": "example.org",
    "ansible_managed": "Ansible managed",
    "graylog_admin_password": PASSWORD,
    "graylog_password_secret": SECRET,
    "_graylog_home": "/opt/graylog-0123456789ab",
    "_graylog_certificate": {"stat": {"checksum": "c0ffee"}},
}
REPOSITORY = {
    "name": "vendor",
    "uri": "https://mirror.example.org/graylog",
    "suite": "stable",
    "components": ["6.1"],
    "key": "https://mirror.example.org/graylog.asc",
    "key_checksum": "sha256:" + "0" * 64,
}


@pytest.fixture(autouse=True, scope="module")
def plugins() -> None:
    """Lookups by their full names."""
    init_plugin_loader()


def trusted(value: Any) -> Any:
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    return [trusted(item) for item in value] if isinstance(value, list) else value


def variables(distribution: str, **others: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in ("defaults/main.yml", "vars/main.yml"):
        found.update(yaml.safe_load((ROLE / path).read_text()))
    return {**trusted(found), **INVENTORY, "graylog_distribution": distribution, **others}


def render(template: str, distribution: str, **others: Any) -> str:
    loader = DataLoader()
    loader.set_basedir(str(ROLE / "templates"))
    templar = Templar(loader, variables=variables(distribution, **others))
    text = (ROLE / "templates" / f"{template}.j2").read_text()
    # As the module template does: block lines leave none behind.
    return str(templar.copy_with_new_env(searchpath=[str(ROLE / "templates")]).template(trust_as_template(text)))


def settings(text: str) -> dict[str, str]:
    """The `name = value` lines; a name that comes twice is an error."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.read_string("[settings]\n" + text)
    return dict(parser["settings"])


def unit(text: str) -> list[tuple[str, str]]:
    """Name and value of each setting, continued lines put together."""
    lines = text.replace("\\\n", "").splitlines()
    return [tuple(line.split("=", 1)) for line in lines if line and line[0] not in "#["]  # type: ignore[misc]


@pytest.mark.parametrize("distribution", ["embedded", "package"])
def test_settings_of_graylog(distribution: str) -> None:
    found = settings(render("graylog.conf", distribution))
    assert found["http_bind_address"] == "127.0.0.1:9000"
    assert found["http_external_uri"] == "https://graylog.example.org:9000/"
    assert found["message_journal_max_size"] == "2gb"
    assert ("is_leader" in found) == (distribution == "package")
    assert ("is_master" in found) == (distribution == "embedded")
    assert not any("password" in name for name in found)


@pytest.mark.parametrize("distribution", ["embedded", "package"])
def test_settings_and_secrets_are_one_file_without_doubles(distribution: str) -> None:
    """The unit puts both together, in this order."""
    text = render("graylog.conf", distribution) + render("secrets.conf", distribution)
    found = settings(text)
    assert found["password_secret"] == SECRET
    assert found["root_password_sha2"] == hashlib.sha256(PASSWORD.encode()).hexdigest()
    assert PASSWORD not in text


def test_further_settings() -> None:
    more = {"stale_leader_timeout_ms": 2000, "allow_highlighting": True}
    found = settings(render("graylog.conf", "package", graylog_settings=more))
    assert (found["stale_leader_timeout_ms"], found["allow_highlighting"]) == ("2000", "true")


def test_settings_of_opensearch() -> None:
    found = yaml.safe_load(render("search.yml", "package", graylog_disk_reserve="4g"))
    assert found["network.host"] == "127.0.0.1"
    assert found["discovery.type"] == "single-node"
    assert found["plugins.security.disabled"] is True
    assert found["action.auto_create_index"] is False
    assert (found["path.data"], found["path.logs"]) == ("/var/lib/opensearch", "/var/log/opensearch")
    watermark = "cluster.routing.allocation.disk.watermark."
    gib = 1 << 30
    assert {name: found[watermark + name] for name in ("low", "high", "flood_stage")} == {
        "low": f"{8 * gib}b",
        "high": f"{6 * gib}b",
        "flood_stage": f"{4 * gib}b",
    }
    options = render("opensearch.options", "package", graylog_search_heap="8g").splitlines()
    assert options[1:] == ["-Xms8g", "-Xmx8g"]


def test_settings_of_elasticsearch() -> None:
    found = yaml.safe_load(render("search.yml", "embedded"))
    assert found["network.host"] == "127.0.0.1"
    assert found["path.data"] == "/var/lib/graylog/elasticsearch"
    # It would refuse to start with a setting that it does not know.
    assert not any(name.startswith("plugins.") for name in found)


@pytest.mark.parametrize(("cache", "gigabytes"), [("512m", 0.5), ("256m", 0.25), ("4g", 4)])
def test_settings_of_mongodb(cache: str, gigabytes: float) -> None:
    found = yaml.safe_load(render("mongod.conf", "package", graylog_mongodb_cache=cache))
    assert found["net"] == {"bindIp": "127.0.0.1", "port": 27017}
    assert found["storage"]["dbPath"] == "/var/lib/mongodb"
    assert found["storage"]["wiredTiger"]["engineConfig"]["cacheSizeGB"] == gigabytes


def test_additions_to_the_unit_of_the_package() -> None:
    found = unit(render("graylog-server.conf", "package"))
    assert ("After", "opensearch.service mongod.service") in found
    assert ("ProtectSystem", "strict") in found
    assert ("ReadWritePaths", "/var/lib/graylog-server /var/log/graylog-server /etc/graylog/server") in found
    commands = [value for name, value in found if name == "ExecStartPre"]
    # As root, since the folder is root's; the file exists with its mode before a secret is in it.
    assert [command.split()[0] for command in commands] == ["+/usr/bin/install", "+/bin/sh"]
    assert "--mode=0440" in commands[0]
    assert all(command.rstrip("'").endswith("/etc/graylog/server/server.conf") for command in commands)
    assert not any(name == "ExecStart" for name, _value in found), "how it is started is the package's"


def test_heap_of_the_package() -> None:
    text = render("graylog-server.default", "package", graylog_heap="2g")
    assert 'GRAYLOG_SERVER_JAVA_OPTS="-Xms2g -Xmx2g ' in text


@pytest.mark.parametrize("components", [["6.1"], None])
def test_source_of_packages(components: list[str] | None) -> None:
    text = render("repository.sources", "package", _graylog_repository={**REPOSITORY, "components": components or []})
    fields = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith("#"))
    expected = {
        "Types": "deb",
        "URIs": "https://mirror.example.org/graylog",
        "Suites": "stable",
        "Components": "6.1",
        "Signed-By": "/etc/apt/keyrings/vendor.asc",
    }
    assert fields == (expected if components else {k: v for k, v in expected.items() if k != "Components"})


@pytest.mark.parametrize(
    "name", ["graylog", "graylog-elasticsearch", "graylog-mongodb", "graylog-front", "graylog-guard"]
)
def test_units(name: str) -> None:
    found = unit(render(f"{name}.service", "embedded"))
    values = dict(found)
    assert values["User"] == ("www-data" if name == "graylog-front" else "graylog")
    assert (values["CapabilityBoundingSet"], values["ProtectSystem"], values["UMask"]) == ("", "strict", "0077")
    assert values["SystemCallArchitectures"] == "native", "the line must end where the included part does"
    assert (values["Restart"], values["WantedBy"]) == ("always", "multi-user.target")
    assert PASSWORD not in str(found) and SECRET not in str(found)


def test_graylog_is_started_after_what_it_needs() -> None:
    found = dict(unit(render("graylog.service", "embedded")))
    assert found["After"] == "network-online.target graylog-elasticsearch.service graylog-mongodb.service"
    assert " -Xms1g -Xmx1g " in dict(unit(render("graylog.service", "embedded", graylog_heap="1g")))["ExecStart"]
    assert int(found["TimeoutStopSec"]) >= 60


def test_front_speaks_new_tls_only_and_hands_on_who_asks() -> None:
    text = render("graylog-front.conf", "package")
    assert "listen 10.20.0.12:9000 ssl;" in text
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text
    assert "proxy_pass http://127.0.0.1:9000;" in text
    assert "X-Graylog-Server-URL https://graylog.example.org:9000/;" in text


def test_renewed_certificate_changes_what_its_readers_are_restarted_for() -> None:
    renewed = {"_graylog_certificate": {"stat": {"checksum": "deca5"}}}
    for template in ("graylog.conf", "graylog-front.conf"):
        assert render(template, "package") != render(template, "package", **renewed)


GOOD: dict[str, Any] = {"groups": {"mesos_agents": []}, "ansible_facts": {"memtotal_mb": 8192}}


def refusals(distribution: str, **others: Any) -> list[str]:
    """What the checks before any change say."""
    messages = []
    for task in yaml.safe_load((ROLE / "tasks/preflight.yml").read_text()):
        if "ansible.builtin.assert" not in task:
            continue
        found = variables(distribution, **{**GOOD, **others})
        for item in found["graylog_package_repositories"] if "loop" in task else [None]:
            local = {**found, **trusted(task.get("vars", {})), "item": item}
            templar = Templar(DataLoader(), variables=local)

            def true(expression: Any, templar: Templar = templar) -> bool:
                return bool(templar.template(trust_as_template("{{ " + str(expression) + " }}")))

            check = task["ansible.builtin.assert"]
            conditions = check["that"] if isinstance(check["that"], list) else [check["that"]]
            if true(task.get("when", "true")) and not all(true(one) for one in conditions):
                messages.append(str(templar.template(trust_as_template(check["fail_msg"]))))
    return messages


@pytest.mark.parametrize("distribution", ["embedded", "package", "external"])
def test_nothing_is_refused_by_default(distribution: str) -> None:
    assert refusals(distribution) == []


@pytest.mark.parametrize(
    ("distribution", "others", "words"),
    [
        ("embedded", {"graylog_heap": "512"}, "Correct graylog_heap: 512."),
        ("package", {"graylog_mongodb_cache": "0g"}, "Correct graylog_mongodb_cache: 0g."),
        ("embedded", {"graylog_journal_age": "1w"}, "Correct graylog_journal_age: 1w."),
        ("embedded", {"graylog_admin_password": "admin"}, "they have 5 and 96"),
        ("embedded", {"groups": {"mesos_agents": ["infra2"]}}, "move Graylog to another host"),
        ("embedded", {"ansible_facts": {"memtotal_mb": 1024}}, "has 1024 MiB of memory"),
        ("package", {"graylog_package_repositories": [{**REPOSITORY, "key_checksum": "md5:1"}]}, "vendor must have"),
        ("package", {"graylog_package_repositories": [{"uri": "https://x"}]}, "an entry without name must have"),
    ],
)
def test_bad_settings_are_refused(distribution: str, others: dict[str, Any], words: str) -> None:
    (message,) = refusals(distribution, **others)
    assert words in message


def test_external_asks_nothing_of_the_host() -> None:
    agent = {"groups": {"mesos_agents": ["infra2"]}, "ansible_facts": {"memtotal_mb": 1}}
    assert refusals("external", **agent) == []


def test_every_template_is_looked_at() -> None:
    tested = Path(__file__).read_text()
    names = {
        path.relative_to(ROLE / "templates").as_posix().removesuffix(".j2") for path in ROLE.glob("templates/**/*")
    }
    apart = {"hardening", "log4j2.xml", "search-log4j2.xml"}
    assert [name for name in sorted(names - apart) if name.removesuffix(".service") not in tested] == []
    for name, level in itertools.product(("log4j2.xml", "search-log4j2.xml"), ("info", "debug")):
        assert f'level="{level}"' in render(name, "embedded", graylog_logging_level=level)
