# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.errors import OptionError
from ansible_collections.mesospark.platform.plugins.module_utils.sizes import mebibytes, readable, seconds


@pytest.mark.parametrize(
    ("text", "size"), [("512m", 512), ("2g", 2048), ("1.5G", 1536), ("2048k", 2), ("1t", 1048576), ("4gb", 4096)]
)
def test_mebibytes(text: str, size: int) -> None:
    assert mebibytes("driver_memory", text) == size


@pytest.mark.parametrize("text", ["512", "", "two gigabytes", "-1g", "1 g", "0m", "1k"])
def test_mebibytes_refuses_what_is_no_size(text: str) -> None:
    with pytest.raises(OptionError, match=r"^driver_memory: .*512m"):
        mebibytes("driver_memory", text)


@pytest.mark.parametrize(("text", "value"), [("30s", 30), ("10m", 600), ("2h", 7200), ("45", 45), ("250ms", 0.25)])
def test_seconds(text: str, value: float) -> None:
    assert seconds("wait_timeout", text) == value


def test_seconds_refuses_what_is_no_duration() -> None:
    with pytest.raises(OptionError, match=r"wait_timeout: 'soon' is not a duration; write a number and a unit"):
        seconds("wait_timeout", "soon")


def test_readable() -> None:
    assert (readable(65536), readable(6144), readable(512)) == ("64 GB", "6 GB", "512 MB")
