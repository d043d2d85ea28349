# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module graylog_pipeline does. Pipelines are known by their title, rules by the name in their source."""

from __future__ import annotations

import re
import typing as t

from .difference import DifferenceTracker
from .errors import OptionError
from .graylog import Document, Graylog, only
from .graylog_entity import References, compare_fields

_PIPELINES = "/system/pipelines/pipeline"
_RULES = "/system/pipelines/rule"
_CONNECTIONS = "/system/pipelines/connections"
# From this version on a stage may run without a rule that matches.
_KNOWS_PASS = (4,)


def apply_pipeline(graylog: Graylog, params: dict[str, t.Any], check_mode: bool) -> Document:
    """Bring the pipeline, its rules and its streams to the state of the options; the module's result, and
    ``warnings``.
    """
    title = params["title"]
    wanted_rules = {rule_name(rule["source"]): _wanted_rule(rule) for rule in params["rules"] or ()}
    references = References(graylog, check_mode)
    pipelines = graylog.read(_PIPELINES)
    current = only("title", title, pipelines, "title")
    rules = {rule["title"]: rule for rule in graylog.read(_RULES)}
    connected = _connected_streams(graylog, current)
    seen = _shown_pipeline(current, connected) if current else None
    differences = DifferenceTracker()
    if params["state"] == "absent":
        unused = _rules_of_no_other(wanted_rules, rules, pipelines, title)
        _compare_removal(seen, unused, differences)
        if not check_mode:
            _remove(graylog, current, unused)
        return {"pipeline": current if check_mode else None, "warnings": [], **differences.result()}
    wanted = _wanted_pipeline(graylog, params, references, {*rules, *wanted_rules})
    if seen is None:
        wanted = {"description": "", "stages": [], "streams": [], **wanted}
    for name, rule in wanted_rules.items():
        differences.compare(f"rule {name}", _shown_rule(rules.get(name)), rule)
    compare_fields(differences, "pipeline", seen, wanted)
    if differences.changed and not check_mode:
        _write_rules(graylog, rules, {name: rule for name, rule in wanted_rules.items() if _named(name, differences)})
        current = _write_pipeline(graylog, title, current, {**(seen or {}), **wanted}, differences)
    return {"pipeline": current, "warnings": references.warnings, **differences.result()}


def rule_name(source: str) -> str:
    """The name that a rule's source gives it. Raises OptionError when it gives none."""
    match = re.match(r"""\s*rule\s+(["'])(.+?)\1""", re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE))
    if match is None:
        raise OptionError("rules", source[:60], "is not the source of a rule", 'begin it with rule "its name"')
    return match.group(2)


def pipeline_source(title: str, stages: t.Sequence[Document]) -> str:
    """The pipeline in Graylog's language."""
    lines = [f'pipeline "{title}"']
    for stage in stages:
        lines.append(f"stage {stage['stage']} match {stage['match']}")
        lines += [f'  rule "{name}"' for name in stage["rules"]]
    return "\n".join([*lines, "end"])


def _wanted_rule(rule: dict[str, t.Any]) -> Document:
    return {"source": rule["source"].strip(), "description": rule["description"] or ""}


def _shown_rule(rule: t.Optional[Document]) -> t.Optional[Document]:
    return rule and {"source": rule["source"].strip(), "description": rule.get("description") or ""}


def _wanted_pipeline(
    graylog: Graylog, params: dict[str, t.Any], references: References, known_rules: set[str]
) -> Document:
    """The fields which options give, in the shape of ``_shown_pipeline``. Raises OptionError."""
    wanted: Document = {}
    if '"' in params["title"]:
        raise OptionError("title", params["title"], "has a quotation mark", "leave it out")
    if params["description"] is not None:
        wanted["description"] = params["description"]
    if params["stages"] is not None:
        for stage in params["stages"]:
            for name in stage["rules"]:
                if name not in known_rules:
                    references.missing("stages", name, "rule")
            if stage["match"] == "pass" and graylog.version < _KNOWS_PASS:
                raise OptionError("stages", "pass", "is unknown to Graylog before version 4", "use all or either")
        wanted["stages"] = sorted((_stage(**stage) for stage in params["stages"]), key=lambda stage: stage["stage"])
        if len({stage["stage"] for stage in wanted["stages"]}) < len(wanted["stages"]):
            raise OptionError("stages", None, "has one number twice", "put all rules of a stage into one element")
    if params["streams"] is not None:
        wanted["streams"] = sorted(references.stream_id("streams", name) for name in params["streams"])
    return wanted


def _shown_pipeline(pipeline: Document, connected: list[str]) -> Document:
    stages = [
        _stage(
            entry["stage"], str(entry.get("match") or ("all" if entry.get("match_all") else "either")), entry["rules"]
        )
        for entry in pipeline.get("stages") or ()
    ]
    return {
        "description": pipeline.get("description") or "",
        "stages": sorted(stages, key=lambda stage: stage["stage"]),
        "streams": connected,
    }


def _stage(stage: int, match: str, rules: t.Iterable[str]) -> Document:
    return {"stage": stage, "match": match.lower(), "rules": sorted(rules)}


def _connected_streams(graylog: Graylog, pipeline: t.Optional[Document]) -> list[str]:
    if pipeline is None:
        return []
    connections = graylog.read(_CONNECTIONS)
    return sorted(entry["stream_id"] for entry in connections if pipeline["id"] in entry["pipeline_ids"])


def _rules_of_no_other(
    named: t.Iterable[str], rules: dict[str, Document], pipelines: list[Document], title: str
) -> list[Document]:
    """The named rules which exist and which no other pipeline uses."""
    others = [pipeline for pipeline in pipelines if pipeline["title"] != title]
    used = {name for pipeline in others for stage in pipeline.get("stages") or () for name in stage["rules"]}
    return [rules[name] for name in named if name in rules and name not in used]


def _compare_removal(seen: t.Optional[Document], rules: list[Document], differences: DifferenceTracker) -> None:
    differences.compare("pipeline", seen, None)
    for rule in rules:
        differences.compare(f"rule {rule['title']}", _shown_rule(rule), None)


def _remove(graylog: Graylog, pipeline: t.Optional[Document], rules: list[Document]) -> None:
    if pipeline is not None:
        # Graylog keeps the connections of a pipeline that is gone.
        graylog.create(f"{_CONNECTIONS}/to_pipeline", {"pipeline_id": pipeline["id"], "stream_ids": []})
        graylog.remove(f"{_PIPELINES}/{pipeline['id']}")
    for rule in rules:
        graylog.remove(f"{_RULES}/{rule['id']}")


def _named(rule: str, differences: DifferenceTracker) -> bool:
    return f"rule {rule}" in differences.names


def _write_rules(graylog: Graylog, current: dict[str, Document], wanted: dict[str, Document]) -> None:
    """Make or update rules, after all of them were found right."""
    documents = {name: {"title": name, **rule} for name, rule in wanted.items()}
    for document in documents.values():
        graylog.create(f"{_RULES}/parse", document)
    for name, document in documents.items():
        if name in current:
            graylog.update(f"{_RULES}/{current[name]['id']}", document)
        else:
            graylog.create(_RULES, document)


def _write_pipeline(
    graylog: Graylog, title: str, current: t.Optional[Document], wanted: Document, differences: DifferenceTracker
) -> Document:
    names = set(differences.names)
    document = {
        "title": title,
        "description": wanted["description"],
        "source": pipeline_source(title, wanted["stages"]),
    }
    if current is None:
        current = graylog.create(_PIPELINES, document)
    elif names & {"description", "stages"}:
        current = graylog.update(f"{_PIPELINES}/{current['id']}", document)
    if names & {"pipeline", "streams"}:
        connection = {"pipeline_id": current["id"], "stream_ids": wanted["streams"]}
        graylog.create(f"{_CONNECTIONS}/to_pipeline", connection)
    return current
