# SPDX-License-Identifier: GPL-3.0-or-later
"""Write each role's README.md from its meta/argument_specs.yml, so that there is one place to say what a variable does.

role_readme.py            write all of them
role_readme.py --check    name those that are not up to date, and end with 1
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import yaml

COLLECTION = "mesospark.platform"
SHARED = "common"  # its parts are used by playbooks and other roles, never the role itself
ROOT = Path(__file__).resolve().parent.parent
ROLES = ROOT / "roles"
ALL_VARIABLES = ROOT / "inventories" / "production-example" / "group_vars" / "all" / "roles.yml"
WIDTH = 120  # characters
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
    return _meaning(details).replace("|", "\\|")


def _meaning(details: dict[str, Any]) -> str:
    text = " ".join(_text(paragraph) for paragraph in _list(details["description"]))
    if choices := details.get("choices"):
        text += " One of " + ", ".join(f"`{choice}`" for choice in choices) + "."
    return text


def _text(paragraph: str) -> str:
    return MARKUP.sub(r"`\1`", " ".join(paragraph.split()))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def all_variables(specifications: dict[str, dict[str, Any]]) -> str:
    """Return a file of variables with every variable of every role, its meaning and its default, commented out.

    Args:
        specifications: ``argument_specs.main`` of each role.
    """
    lines = [
        "---",
        "# Every variable of every role with its default. Set here what is to be otherwise for all hosts, or in the",
        "# group's or the host's own file. Written by tools/role_readme.py; in a copy of this folder it is yours.",
    ]
    for name, specification in specifications.items():
        if name != SHARED:
            lines += ["", f"# ---- {name}: {_sentence(specification['short_description'])}"]
            for option, details in specification.get("options", {}).items():
                lines += [
                    "#",
                    *textwrap.wrap(f"{_meaning(details)}", WIDTH, initial_indent="# ", subsequent_indent="# "),
                ]
                lines += [f"# {line}" for line in _setting(option, details).splitlines()]
    return "\n".join(lines) + "\n"


def _setting(option: str, details: dict[str, Any]) -> str:
    default = details.get("default")
    if isinstance(default, str) and "{{" in default:
        template = " ".join(default.split())
        if len(option) + len(template) < WIDTH:
            return f'{option}: "{template}"'
        lines = textwrap.wrap(template, WIDTH, break_long_words=False, break_on_hyphens=False)
        return "\n".join([f"{option}: >-", *(f"  {line}" for line in lines)])
    return yaml.safe_dump({option: default}, sort_keys=False, width=WIDTH).rstrip()


def documents() -> dict[Path, str]:
    """Return the text of every file that is written from the roles' argument specifications, by its path."""
    specifications = {
        path.parent.parent.name: yaml.safe_load(path.read_text())["argument_specs"]["main"]
        for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))
    }
    texts = {ROLES / name / "README.md": role_readme(name, main) for name, main in specifications.items()}
    return {**texts, ALL_VARIABLES: all_variables(specifications)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Write what is said about roles' variables.")
    parser.add_argument("--check", action="store_true", help="write nothing, only name what is not up to date")
    check = parser.parse_args().check
    outdated = {path: text for path, text in documents().items() if not path.is_file() or path.read_text() != text}
    for path, text in outdated.items():
        print(f"{path.relative_to(ROOT)}: {'not up to date' if check else 'written'}")
        if not check:
            path.write_text(text)
    if check and outdated:
        sys.exit("run: python3 tools/role_readme.py")


if __name__ == "__main__":
    main()
