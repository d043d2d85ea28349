# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio
import base64
import hashlib

import pytest
from mesospark_marathon.options import OptionError
from mesospark_marathon.server.passwords import Credentials, check_accounts

PASSWORD = "correct-horse"


def hashed(password: str, cost: int = 10) -> str:
    key = hashlib.scrypt(password.encode(), salt=b"0123456789abcdef", n=2**cost, r=8, p=1, dklen=32)
    salt, key_text = (base64.b64encode(value).decode().rstrip("=") for value in (b"0123456789abcdef", key))
    return f"$scrypt$ln={cost},r=8,p=1${salt}${key_text}"


def header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_hashed_and_plain_accounts_side_by_side() -> None:
    async def run() -> None:
        credentials = Credentials(f"bob:{hashed(PASSWORD)}\noperator:plain:1")
        for _ in range(2):
            assert await credentials.user(header("bob", PASSWORD)) == "bob"
            assert await credentials.user(header("operator", "plain:1")) == "operator"
            assert await credentials.user(header("bob", "wrong")) is None
            assert await credentials.user(header("bob", hashed(PASSWORD))) is None
            assert await credentials.user(header("nobody", PASSWORD)) is None
            assert await credentials.user(header("operator", PASSWORD)) is None

    asyncio.run(run())


def test_a_hash_is_computed_once_for_a_right_password(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []
    real = hashlib.scrypt

    def counting(*arguments: object, **named: object) -> bytes:
        computed.append(named["n"])
        return real(*arguments, **named)  # type: ignore[arg-type]

    async def run() -> None:
        credentials = Credentials(f"bob:{hashed(PASSWORD)}")
        monkeypatch.setattr(hashlib, "scrypt", counting)
        for _ in range(5):
            assert await credentials.user(header("bob", PASSWORD)) == "bob"
        assert computed == [1024]
        assert await credentials.user(header("nobody", PASSWORD)) is None
        assert computed == [1024, 1024]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bob:$2b$12$abcdefghijklmnopqrstuv", r"only \$scrypt\$ hashes are known"),
        ("bob:$6$salt$hash", r"only \$scrypt\$ hashes"),
        ("bob:{SSHA}abc", r"only \$scrypt\$ hashes"),
        ("bob:$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0$a2V5", "the hash must be"),
        (f"bob:{hashed(PASSWORD)}=", "the hash must be"),
        (f"bob:{hashed(PASSWORD).replace('ln=10,r=8', 'ln=17,r=32')}", "more than 128 MiB"),
        ("bob:one\nbob:two", "line 2: the user bob is there twice"),
    ],
)
def test_each_mistake_gets_a_sentence(line: str, words: str) -> None:
    with pytest.raises(OptionError, match=words) as caught:
        check_accounts(line)
    assert "\n" not in str(caught.value)
    assert "abcdef" not in str(caught.value)


def test_the_shortest_and_usual_forms_are_taken() -> None:
    check_accounts(f"operator:one\n\nbob:{hashed(PASSWORD)}\nold:$ecret")
