# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon's REST API: the calls which modules need, and its queue's reasons in words."""

from __future__ import annotations

import typing as t
import urllib.parse

from .client import Client, error_message
from .errors import ApiError

# What the launch queue calls a reason, and what a person calls it.
_REASONS = {
    "UnfulfilledRole": "an unsuitable role",
    "UnfulfilledConstraint": "unmet constraints",
    "NoCorrespondingReservationFound": "a missing reservation",
    "AgentMaintenance": "agent maintenance",
    "InsufficientCpus": "too few cpus",
    "InsufficientMemory": "too little memory",
    "InsufficientDisk": "too little disk",
    "InsufficientGpus": "too few gpus",
    "InsufficientPorts": "no suitable ports",
    "DeclinedScarceResources": "scarce resources kept for others",
}


class Marathon:
    """Calls return decoded JSON documents, in the shapes of Marathon's REST API; None stands for 404."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def info(self) -> dict[str, t.Any]:
        return self.client.request("GET", "/v2/info").json()

    def app(self, app_id: str) -> t.Optional[dict[str, t.Any]]:
        """The app with its tasks, deployments and last failure."""
        answer = self.client.request("GET", _app_path(app_id), accept_status=(404,))
        return None if answer.status == 404 else answer.json()["app"]

    def apps(self, selector: str = "", name_part: str = "") -> list[dict[str, t.Any]]:
        """Apps with their tasks; ``selector`` is in the label selector language, such as ``job==pi``."""
        query = [
            ("embed", "apps.tasks"),
            ("embed", "apps.counts"),
            ("embed", "apps.deployments"),
            ("embed", "apps.lastTaskFailure"),
        ]
        if selector:
            query.append(("label", selector))
        if name_part:
            query.append(("id", name_part))
        return self.client.request("GET", "/v2/apps", query).json()["apps"]

    def create_app(self, document: dict[str, t.Any]) -> dict[str, t.Any]:
        """Create an app whose id is unique for ever: a request repeated after a lost connection can not create two."""
        answer = self.client.request("POST", "/v2/apps", body=document, repeat=True, accept_status=(409,))
        if answer.status != 409:
            return answer.json()
        found = self.app(document["id"])
        if found is None:
            raise ApiError(409, "Marathon", "POST", "/v2/apps", error_message(answer.data))
        return found

    def put_app(self, app_id: str, document: dict[str, t.Any], force: bool = False) -> dict[str, t.Any]:
        """Create or update (fields which are absent keep their values): ``{deploymentId, version}``."""
        return self.client.request("PUT", _app_path(app_id), _force(force), document).json()

    def restart_app(self, app_id: str, force: bool = False) -> dict[str, t.Any]:
        return self.client.request("POST", _app_path(app_id) + "/restart", _force(force)).json()

    def delete_app(self, app_id: str) -> t.Optional[dict[str, t.Any]]:
        """``{deploymentId, version}``, or None when there is no such app (any more)."""
        answer = self.client.request("DELETE", _app_path(app_id), accept_status=(404,))
        return None if answer.status == 404 else answer.json()

    def deployments(self) -> list[dict[str, t.Any]]:
        return self.client.request("GET", "/v2/deployments").json()

    def queue(self) -> list[dict[str, t.Any]]:
        return self.client.request("GET", "/v2/queue").json()["queue"]

    def queue_item(self, app_id: str) -> t.Optional[dict[str, t.Any]]:
        """The launch queue's entry of an app, if one of its instances waits."""
        return next((item for item in self.queue() if item.get("app", {}).get("id") == app_id), None)

    def open_events(self, kinds: t.Sequence[str], silence: float) -> t.Any:
        """The stream of events of these kinds: an HTTP response to read lines from; ``silence`` seconds without one
        end it.
        """
        query = [("event_type", kind) for kind in kinds]
        return self.client.open("GET", "/v2/events", query, headers={"Accept": "text/event-stream"}, timeout=silence)


def waiting_reasons(item: t.Optional[dict[str, t.Any]]) -> list[str]:
    """Why the instances of a launch queue's entry do not start, in words; empty when nothing is known."""
    if item is None:
        return []
    reasons = []
    delay = item.get("delay", {})
    if not delay.get("overdue", True) and delay.get("timeLeftSeconds", 0) > 0:
        reasons.append(f"Marathon holds the next launch back for {delay['timeLeftSeconds']} s after a failure")
    summary = item.get("processedOffersSummary", {})
    offers = summary.get("processedOffersCount", 0)
    if not offers:
        return [*reasons, "Marathon has been offered no resources yet"]
    declined = [
        f"{entry['declined']} for {_REASONS.get(entry['reason'], entry['reason'])}"
        for entry in summary.get("rejectSummaryLastOffers", [])
        if entry.get("declined")
    ]
    if declined:
        reasons.append("of the last offers Marathon declined " + ", ".join(declined))
    return reasons


def _app_path(app_id: str) -> str:
    return "/v2/apps/" + urllib.parse.quote(app_id.strip("/"))


def _force(force: bool) -> list[tuple[str, str]]:
    return [("force", "true")] if force else []
