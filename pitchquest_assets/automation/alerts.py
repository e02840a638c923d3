"""Delivers the alerts through Apprise: Slack, e-mail and a hundred others.

The URLs in ALERT_URLS contain tokens, so logs, errors and metadata never show more than the scheme.
"""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import dagster as dg

from pitchquest_assets.automation.configured import running_with
from pitchquest_assets.errors import PitchQuestError
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.alerts import (
    Alert,
    Kind,
    claim_alerts,
    close_delivered,
    note_delivery,
)
from pitchquest_assets.store.store import Store

SEND_TIMEOUT_SECONDS = 30
QUOTED_ALERTS = 5
QUOTED_CHARACTERS = 300
# These log whole URLs at their more verbose levels.
CHATTY_LOGGERS = ("apprise", "urllib3", "requests")
HEADLINES: dict[Kind, str] = {
    "failed_video": "PitchQuest: {count} failed video{s}",
    "drift": "PitchQuest: scores drift",
    "stuck_queue": "PitchQuest: the queue is stuck",
    "budget": "PitchQuest: over the daily budget",
    "disk": "PitchQuest: the disk is nearly full",
    "webhook": "PitchQuest: the backend could not be told",
}


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=running_with("alert_urls"),
    description="Delivers alerts (failed videos, drift, a stuck queue, the daily budget, the disk, "
    "the webhook) to the services of ALERT_URLS, one message per kind and minute at most. What "
    "cannot be delivered is tried again for 24 hours, with growing pauses. Without ALERT_URLS, "
    "alerts stay in the table `alerts`.",
)
def deliver_alerts(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Deliver the waiting alerts; a failure is logged and never fails the tick."""
    try:
        settings = store.settings.in_force()
        if not _urls(settings):
            return dg.SkipReason("ALERT_URLS is not set: alerts stay in the table `alerts`.")
        delivered, problems = deliver(store.store(), settings)
    except PitchQuestError as error:
        return dg.SkipReason(str(error))
    for problem in problems:
        context.log.warning(problem)
    return dg.SkipReason("; ".join([f"{delivered} alerts were delivered", *problems]))


def deliver(store: Store, settings: Settings) -> tuple[int, list[str]]:
    """Send the alerts that are due, as one message per kind to each URL.

    Returns:
        How many alerts have reached every URL, and a sentence for each failed message.
    """
    recipients = {_hash(url): (name, url) for name, url in _urls(settings).items()}
    due = sorted(claim_alerts(store), key=lambda alert: (alert.kind, alert.id))
    delivered, problems = 0, []
    for kind, group in groupby(due, key=lambda alert: alert.kind):
        alerts = list(group)
        for recipient, (name, url) in recipients.items():
            new = [alert for alert in alerts if recipient not in alert.delivered_to]
            if not new:
                continue
            if problem := _send(name, url, *message_of(kind, new)):
                problems.append(problem)
            else:
                note_delivery(store, new, recipient)
        delivered += close_delivered(store, alerts, recipients)
    return delivered, problems


def message_of(kind: Kind, alerts: Sequence[Alert]) -> tuple[str, str]:
    """Return the headline and text of one message about several alerts of one kind."""
    count = len(alerts)
    lines = [alert.message[:QUOTED_CHARACTERS] for alert in alerts[:QUOTED_ALERTS]]
    if count > QUOTED_ALERTS:
        lines.append(f"and {count - QUOTED_ALERTS} more: see `pitchquest status`")
    return HEADLINES[kind].format(count=count, s="" if count == 1 else "s"), "\n".join(lines)


def _urls(settings: Settings) -> dict[str, str]:
    """The URLs in ALERT_URLS, by names that are safe to show."""
    urls = settings.alert_urls.get_secret_value().split() if settings.alert_urls else []
    return {f"number {index} of ALERT_URLS{_scheme(url)}": url for index, url in enumerate(urls, 1)}


def _scheme(url: str) -> str:
    match = re.match(r"[a-z0-9]{2,12}://", url)
    return f" ({match[0]}…)" if match else ""


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _send(name: str, url: str, headline: str, body: str) -> str | None:
    """Send one message; return a sentence if that failed."""
    import apprise

    with _silenced():
        service = apprise.Apprise()
        if not service.add(url):
            return f"{name} is not a URL that Apprise can use: see `apprise --details`."
        if service.notify(body=body, title=headline, timeout=SEND_TIMEOUT_SECONDS):
            return None
    return f"{name} did not accept a message: `apprise -vv -b test URL` says why."


@contextmanager
def _silenced() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in CHATTY_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
