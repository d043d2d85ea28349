# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from mesospark_marathon.mesos.masters import parse_masters, redirect_address
from mesospark_marathon.options import OptionError


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("master", ["master:5050"]),
        ("10.0.0.1:5051", ["10.0.0.1:5051"]),
        ("a:1, b:2,c", ["a:1", "b:2", "c:5050"]),
        ("[::1]:5050", ["[::1]:5050"]),
    ],
)
def test_a_list_of_masters(text: str, addresses: list[str]) -> None:
    assert parse_masters(text) == addresses


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be host:port"),
        ("a:1,,b:2", "must be host:port"),
        ("zk://a:2181/mesos", "ZooKeeper URL is not supported"),
        ("https://a:5050", "leave out https://"),
        ("a:port", "--master a:port"),
        ("a:70000", "--master a:70000"),
        ("a:1/path", "must be host:port"),
        ("user@a:1", "must be host:port"),
    ],
)
def test_a_wrong_list_is_named(text: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        parse_masters(text)


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("//10.0.0.2:5050/api/v1/scheduler", "10.0.0.2:5050"),
        ("https://m2.platform.test:5050/api/v1/scheduler", "m2.platform.test:5050"),
        ("/api/v1/scheduler", None),
        ("", None),
    ],
)
def test_where_a_redirect_points(location: str, address: str | None) -> None:
    assert redirect_address(location) == address
