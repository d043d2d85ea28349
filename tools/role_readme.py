# SPDX-License-Identifier: GPL-3.0-or-later
"""Write each role's README.md from its meta/argument_specs.yml, so that there is one place to say what a variable does.

role_readme.py            write all of them
role_readme.py --check    name those that are not up to date, and end with 1
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import yaml

COLLECTION = "mesospark.platform"
SHARED = "common"  # its parts are used by playbooks and other roles, never the role itself
ROLES = Path(__file__).resolve().parent.parent / "roles"
MARKUP = re.compile(r"\b[CVOIBRM]\(([^)]*)\)")


def role_readme(name: str, specification: dict[str, Any]) -> str:
    """Return the README of a role.

    Args:
        name: the role's name in the collection.
        specification: ``argument_specs.main`` of the role.
    """
    parts = [
        f"# {name}",
        "<!-- Written by tools/role_readme.py from meta/argument_specs.yml: change that file, not this one. -->",
        f"{_sentence(specification['short_description'])}",
        *(_text(paragraph) for paragraph in _list(specification.get("description", []))),
        "" if name == SHARED else _example(name),
        _variables(specification.get("options", {})),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _example(name: str) -> str:
    return f"## Use\n\n```yaml\n- hosts: all\n  become: true\n  roles:\n    - role: {COLLECTION}.{name}\n```"


def _variables(options: dict[str, Any]) -> str:
    if not options:
        return ""
    rows = [
        f"| `{option}` | {_type(details)} | {_default(details)} | {_description(details)} |"
        for option, details in options.items()
    ]
    return "\n".join(
        ["## Variables", "", "| variable | type | default | meaning |", "| --- | --- | --- | --- |", *rows]
    )


def _type(details: dict[str, Any]) -> str:
    kind = details.get("type", "str")
    return f"{kind} of {details['elements']}" if "elements" in details else str(kind)


def _default(details: dict[str, Any]) -> str:
    if "default" not in details:
        return "required" if details.get("required") else ""
    default = details["default"]
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default == "":
        return "empty"
    text = ", ".join(map(str, default)) if isinstance(default, list) and default else str(default)
    return "`" + " ".join(text.split()).replace("|", "\\|") + "`"


def _description(details: dict[str, Any]) -> str:
    text = " ".join(_text(paragraph) for paragraph in _list(details["description"]))
    if choices := details.get("choices"):
        text += " One of " + ", ".join(f"`{choice}`" for choice in choices) + "."
    return text.replace("|", "\\|")


def _text(paragraph: str) -> str:
    return MARKUP.sub(r"`\1`", " ".join(paragraph.split()))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def readmes() -> dict[Path, str]:
    """Return the text of every role's README by its path; a role without options still gets one."""
    texts = {}
    for role in sorted(path for path in ROLES.iterdir() if (path / "tasks").is_dir()):
        specifications = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
        texts[role / "README.md"] = role_readme(role.name, specifications["main"])
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description="Write each role's README.md from its meta/argument_specs.yml.")
    parser.add_argument("--check", action="store_true", help="write nothing, only name what is not up to date")
    check = parser.parse_args().check
    outdated = [path for path, text in readmes().items() if not path.is_file() or path.read_text() != text]
    for path in outdated:
        print(f"{path.relative_to(ROLES.parent)}: {'not up to date' if check else 'written'}")
        if not check:
            path.write_text(readmes()[path])
    if check and outdated:
        sys.exit("run: python3 tools/role_readme.py")


if __name__ == "__main__":
    main()
