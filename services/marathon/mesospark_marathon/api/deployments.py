# SPDX-License-Identifier: GPL-3.0-or-later
"""/v2/deployments and /v2/queue."""

from typing import Any

from aiohttp import web

from mesospark_marathon.access.caller import caller_of
from mesospark_marathon.api.http import METHOD_NOT_ALLOWED, flag, json_answer, path_of, plan_answer, segments_after
from mesospark_marathon.model import paths
from mesospark_marathon.model.app import App
from mesospark_marathon.model.errors import ApiError
from mesospark_marathon.model.plan import revert
from mesospark_marathon.model.timestamps import render
from mesospark_marathon.scheduler.launch_queue import Statistics, attempt_summary, last_offers_summary, offer_json
from mesospark_marathon.service import MarathonService

Document = dict[str, Any]


class Deployments:
    """Running deployments."""

    def __init__(self, service: MarathonService) -> None:
        self._service = service

    async def collection(self, request: web.Request) -> web.Response:
        """/v2/deployments"""
        if request.method not in ("GET", "HEAD"):
            raise METHOD_NOT_ALLOWED
        running = self._service.scheduler.deployments.running()
        caller = caller_of(request)
        return json_answer([deployment.as_json() for deployment in running if caller.sees_plan(deployment.plan)])

    async def member(self, request: web.Request) -> web.Response:
        """DELETE /v2/deployments/{id}"""
        if request.method != "DELETE":
            raise METHOD_NOT_ALLOWED
        plan_id = segments_after(request, "deployments")[0]
        deployments = self._service.scheduler.deployments
        deployment = deployments.get(plan_id)
        if deployment is None:
            raise ApiError(404, {"message": f"DeploymentPlan {plan_id} does not exist", "details": []})
        caller = caller_of(request)
        caller.check_cancel(deployment.plan)
        if flag(request, "force"):
            deployments.cancel(deployment)
            self._service.scheduler.settle()
            self._service.touch()
            await self._service.flushed()
            return web.Response(status=202)
        plan = self._service.update(
            paths.ROOT, lambda root, version: revert(deployment.plan, root, version), by=caller, force=True
        )
        await self._service.flushed()
        return plan_answer(plan)


class Queue:
    """What waits for an offer."""

    def __init__(self, service: MarathonService) -> None:
        self._service = service

    async def collection(self, request: web.Request) -> web.Response:
        """/v2/queue"""
        if request.method not in ("GET", "HEAD"):
            raise METHOD_NOT_ALLOWED
        with_offers = "lastUnusedOffers" in request.query.getall("embed", [])
        entries = []
        for app_id, count in self._waiting().items():
            app = self._service.app(app_id)
            if app is not None and caller_of(request).sees(app):
                entries.append(self._entry(app, count, with_offers))
        return json_answer({"queue": entries})

    async def delay(self, request: web.Request) -> web.Response:
        """DELETE /v2/queue/{id}/delay"""
        segments = segments_after(request, "queue")
        if request.method != "DELETE":
            raise METHOD_NOT_ALLOWED
        app_id = path_of(segments[:-1])
        app = self._service.app(app_id)
        if app is None or app_id not in self._waiting():
            raise ApiError(404, {"message": f"Application {app_id} not found in tasks queue.", "details": []})
        caller_of(request).require_ownership(app)
        self._service.scheduler.context.backoff.reset(app)
        self._service.scheduler.settle()
        self._service.touch()
        await self._service.flushed()
        return web.Response(status=204)

    def _waiting(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for instance in self._service.scheduler.tracker.launchable.values():
            counts[instance.app_id] = counts.get(instance.app_id, 0) + 1
        return counts

    def _entry(self, app: App, count: int, with_offers: bool) -> Document:
        context = self._service.scheduler.context
        now = self._service.now()
        left = context.backoff.until(app) - now
        statistics = context.statistics.of(app.id)
        entry: Document = {
            "count": count,
            "role": app.role,
            "delay": {"timeLeftSeconds": max(0, int(left)), "overdue": left <= 0},
            "since": render(context.statistics.waiting_since(app.id, now)),
            "processedOffersSummary": _summary(statistics),
        }
        if with_offers:
            entry["lastUnusedOffers"] = [
                {"offer": offer_json(unused.offer), "reason": unused.reasons, "timestamp": render(unused.at)}
                for unused in statistics.last_unused.values()
            ]
        return entry | {"app": app.as_json()}


def _summary(statistics: Statistics) -> Document:
    summary: Document = {
        "processedOffersCount": statistics.processed,
        "unusedOffersCount": statistics.processed - statistics.used,
    }
    if statistics.last_unused_at is not None:
        summary["lastUnusedOfferAt"] = render(statistics.last_unused_at)
    if statistics.last_used_at is not None:
        summary["lastUsedOfferAt"] = render(statistics.last_used_at)
    return summary | {
        "rejectSummaryLastOffers": last_offers_summary(statistics),
        "rejectSummaryLaunchAttempt": attempt_summary(statistics),
    }
