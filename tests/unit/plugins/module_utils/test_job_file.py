# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.job_file import JobFileError, parse_job, read_job_file

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
        ("name: a\napplication: b\nnetwork: bridge\n", "job.yml, line 3: network is one of host, not 'bridge'."),
        ("name: [a\napplication: b\n", "job.yml, line 2: this is not YAML"),
        ("name: a\n\tapplication: b\n", "job.yml, line 2: this is not YAML"),
        ("- a\n", "job.yml: a job file is a mapping of keys and values"),
        ("", "job.yml: a job file is a mapping of keys and values"),
        (
            "name: a\napplication: b\nexecutor_instances: 1\nmax_cores: 2\n",
            "job.yml, line 4: max_cores and executor_instances exclude each other",
        ),
    ],
)
def test_errors_name_the_line_and_the_key(text: str, message: str) -> None:
    with pytest.raises(JobFileError) as caught:
        parse_job(text, "job.yml")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(JobFileError, match=r"^nowhere.yml: the job file can not be read"):
        read_job_file("nowhere.yml")
