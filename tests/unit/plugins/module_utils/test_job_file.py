# SPDX-License-Identifier: GPL-3.0-or-later
import re
from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.job_file import (
    KEYS,
    JobFileError,
    parse_job,
    read_job_file,
)

ROOT = Path(__file__).resolve().parents[4]

GOOD = """
name: word-count
application: app.py
arguments: [/opt/job/book.txt, 3]
files:
  - book.txt
executor_instances: 4
executor_memory: 2g
conf:
  spark.sql.shuffle.partitions: 8
wait_timeout: 10m
"""


def test_a_job_file_gives_options_with_paths_beside_it(tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text(GOOD, encoding="utf-8")
    for name in ("app.py", "book.txt"):
        (tmp_path / name).touch()
    assert read_job_file(str(tmp_path / "job.yml")) == {
        "name": "word-count",
        "application": str(tmp_path / "app.py"),
        "arguments": ["/opt/job/book.txt", 3],
        "files": [str(tmp_path / "book.txt")],
        "executor_instances": 4,
        "executor_memory": "2g",
        "conf": {"spark.sql.shuffle.partitions": 8},
        "wait_timeout": "10m",
    }


def test_urls_and_files_in_the_image_stay(tmp_path: Path) -> None:
    for application in ("https://files.example.org/app.py", "local:///opt/app.py"):
        (tmp_path / "job.yml").write_text(f"name: a\napplication: {application}\n", encoding="utf-8")
        assert read_job_file(str(tmp_path / "job.yml"))["application"] == application


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name: a\napplication: b\nexecutor_memry: 1g\n",
            "job.yml, line 3: there is no key 'executor_memry'; did you mean 'executor_memory'?",
        ),
        ("name: a\nexecutors: 2\napplication: b\n", "job.yml, line 2: there is no key 'executors'"),
        ("name: a\nstate: absent\n", "job.yml, line 2: there is no key 'state'"),
        ("name: a\nname: b\n", "job.yml, line 2: name was already given in line 1."),
        ("application: b\n", "job.yml: the key name is missing."),
        (
            "name: a\napplication: b\nexecutor_cores: two\n",
            "job.yml, line 3: executor_cores is a whole number, not 'two'.",
        ),
        ("name: a\napplication: b\narguments: x\n", "job.yml, line 3: arguments is a list, such as [a, b]."),
        ("name: a\napplication: b\nenv: [A]\n", "job.yml, line 3: env is a mapping of names and values."),
        ("name: a\napplication: b\nfiles:\n  - c\n  - {}\n", "job.yml, line 5: each item of files is a path."),
        (
            "name: a\napplication: b\nnetwork: bridge\n",
            "job.yml, line 3: network is one of host, isolated, not 'bridge'.",
        ),
        ("name: [a\napplication: b\n", "job.yml, line 2: this is not YAML"),
        ("name: a\n\tapplication: b\n", "job.yml, line 2: this is not YAML"),
        ("- a\n", "job.yml: a job file is a mapping of keys and values"),
        ("", "job.yml: a job file is a mapping of keys and values"),
        (
            "name: a\napplication: b\nexecutor_instances: 1\nmax_cores: 2\n",
            "job.yml, line 4: max_cores and executor_instances exclude each other",
        ),
        (
            "name: a\napplication: b\nconf:\n  spark.a: 1\n  spark.a: 2\n",
            "job.yml, line 5: conf.spark.a was already given in line 4.",
        ),
        ("name: a\napplication: b\nenv: {[A]: b}\n", "job.yml, line 3: a key is one word"),
        ("? [a]\n: b\n", "job.yml, line 1: a key is one word"),
        (
            "name: a\napplication: b\nenv:\n  A: !secret b\n",
            "job.yml, line 4: the value of env can not be read: could not determine a constructor for the tag",
        ),
    ],
)
def test_errors_name_the_line_and_the_key(text: str, message: str) -> None:
    with pytest.raises(JobFileError) as caught:
        parse_job(text, "job.yml")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["driver_memory: 1024"], "line 3: driver_memory: '1024' is not a size; write a number and a unit"),
        (["executor_cores: 0"], "line 3: executor_cores: 0 is not positive"),
        (["arguments: [x]", "wait_timeout: 2 hours"], "line 4: wait_timeout: '2 hours' is not a duration"),
        (["name2: x"], "line 3: there is no key 'name2'"),
        (["conf:", "  spark.a: b", "  spark.cores.max: 2"], "line 5: conf.spark.cores.max: 2 has an option of its own"),
        (["env:", "  LD_PRELOAD: b"], "line 4: env.LD_PRELOAD: '...' would reach the Mesos executor"),
        (["labels: {1: [a]}"], "line 3: labels.1: ['a'] is not a text or a number"),
        (["constraints:", "  - [hostname, CLOSE, a]"], "line 3: constraints: ['hostname', 'CLOSE', 'a'] is no"),
        (["py_files: [helper.py]"], "line 3: py_files: '{folder}/helper.py' is no file on this machine"),
    ],
)
def test_values_that_the_module_would_refuse_are_told_with_their_line(
    lines: list[str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "app.py").touch()
    path = tmp_path / "job.yml"
    path.write_text("\n".join(["name: 7", "application: app.py", *lines]), encoding="utf-8")
    with pytest.raises(JobFileError) as caught:
        read_job_file(str(path))
    assert str(caught.value).startswith(f"{path}, {message.format(folder=tmp_path)}")


def test_a_missing_application_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text("name: a\napplication: app.py\n", encoding="utf-8")
    with pytest.raises(JobFileError) as caught:
        read_job_file(str(path))
    assert str(caught.value).startswith(f"{path}, line 2: application: '{tmp_path}/app.py' is no file on this machine")


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(JobFileError, match=r"^nowhere.yml: the job file can not be read"):
        read_job_file("nowhere.yml")


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/job.yml")), ids=lambda path: path.parent.name)
def test_examples_are_right(path: Path) -> None:
    assert read_job_file(str(path))["name"] == path.parent.name


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs/job-file.md").read_text(encoding="utf-8")
    table = text.partition("| key |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {key for cell in cells for key in re.findall(r"`(\w+)`", cell)} == set(KEYS)
