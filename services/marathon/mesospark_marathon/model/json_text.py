# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads JSON texts, and says what is wrong with one in the words of Marathon's JSON library."""

import json
import re
from typing import Any, NoReturn

from mesospark_marathon.model.errors import ApiError

_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def parse_json(text: bytes) -> Any:
    """The JSON value at the beginning of a request body; ApiError 400 when there is none."""
    if not text.strip():
        raise ApiError(
            400,
            {
                "message": "Please specify data in JSON format",
                "details": 'No content to map due to end-of-input\n at [Source: (byte[])""; line: 1, column: 0]',
            },
        )
    content = text.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    try:
        value, _end = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode(content)
    except json.JSONDecodeError as error:
        raise _invalid(_explain(content, error)) from error
    except RecursionError as error:
        raise _invalid("Document nesting depth exceeds the maximum allowed") from error
    return value


def _invalid(reason: str) -> ApiError:
    return ApiError(400, {"message": "Invalid JSON", "details": reason})


def _refuse_constant(name: str) -> NoReturn:
    """Python takes NaN and Infinity for numbers, JSON does not."""
    raise _invalid(f"Unrecognized token '{name.lstrip('-')}': was expecting {_VALUES}")


def _explain(content: str, error: json.JSONDecodeError) -> str:
    rest = content[error.pos :]
    container = _innermost_container(content[: error.pos])
    if error.msg.startswith("Unterminated string"):
        return "Unexpected end-of-input: was expecting closing quote for a string value"
    if not rest.strip():
        return f"Unexpected end-of-input within/between {container} entries"
    token = re.match(r"\w+", rest)
    if error.msg.startswith("Expecting value") and token:
        return f"Unrecognized token '{token.group()}': was expecting {_VALUES}"
    expected = {
        "Expecting property name": "was expecting double-quote to start field name",
        "Expecting ':'": "was expecting a colon to separate field name and value",
        "Expecting ','": f"was expecting comma to separate {container} entries",
    }
    wanted = next((text for start, text in expected.items() if error.msg.startswith(start)), None)
    return f"Unexpected character ('{rest[0]}' (code {ord(rest[0])})): {wanted or f'expected a valid value {_VALUES}'}"


def _innermost_container(before: str) -> str:
    """Whether the text ends within an Object or an Array."""
    opened: list[str] = []
    for token in re.findall(r'"(?:\\.|[^"\\])*"|[][{}]', before):
        if token in "{[":
            opened.append(token)
        elif token in "}]" and opened:
            opened.pop()
    return "Array" if opened and opened[-1] == "[" else "Object"
