"""Sends the events of videos to the backend's webhook."""

import time
from typing import TYPE_CHECKING

import dagster as dg

from pitchquest_assets.automation.configured import running_with
from pitchquest_assets.errors import PitchQuestError
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.webhook_events import claim_event, note_delivered, note_failed
from pitchquest_assets.store.store import Store

if TYPE_CHECKING:
    from pitchquest_assets.automation.webhook_receiver import Receiver

# A tick ends long before Dagster gives up on it.
TICK_SECONDS = 25.0


@dg.sensor(
    minimum_interval_seconds=5,
    default_status=running_with("webhook_url"),
    description="Tells PITCHQUEST_WEBHOOK_URL of completed and failed videos, signed with "
    "PITCHQUEST_WEBHOOK_SECRET. What is not accepted is sent again for 3 days, with growing "
    "pauses. Without the URL, events stay in the table `webhook_events`.",
)
def deliver_webhooks(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Send the events that are due; a failure is logged and never fails the tick."""
    from pitchquest_assets.automation.webhook_receiver import receiver_of

    try:
        receiver = receiver_of(store.settings.in_force())
        if receiver is None:
            return dg.SkipReason("PITCHQUEST_WEBHOOK_URL is not set.")
        with receiver:
            delivered, problems = send_due(store.store(), receiver)
    except PitchQuestError as error:
        return dg.SkipReason(str(error))
    for problem in problems:
        context.log.warning(problem)
    return dg.SkipReason("; ".join([f"{delivered} events were accepted", *problems[-1:]]))


def send_due(store: Store, receiver: "Receiver") -> tuple[int, list[str]]:
    """Send the events that are due, one after the other, as many as fit into a tick.

    Returns:
        How many the receiver has accepted, and a sentence for each that it has not.
    """
    delivered, problems = 0, []
    until = time.monotonic() + TICK_SECONDS
    while time.monotonic() < until and (event := claim_event(store)):
        if problem := receiver.send(event.event_id, event.body):
            note_failed(store, event, problem)
            problems.append(problem)
        else:
            note_delivered(store, event)
            delivered += 1
    return delivered, problems
