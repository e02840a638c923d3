"""Puts right what a killed `analyze` left behind, if no `up` is running to do it."""

from pitchquest_assets.settings import Settings
from pitchquest_assets.store.rows import leases
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import is_gone


def mend_lost(store: Store, settings: Settings) -> list[str]:
    """Settle the videos whose worker was a process of this machine that is gone.

    They wait again or, after PITCHQUEST_MAX_ATTEMPTS, have failed. Dagster is loaded only if there
    is such a worker.

    Returns:
        A sentence for each.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if not any(is_gone(lease.worker) for lease in leases.all_leases(store)):
        return []
    from pitchquest_assets.automation.left_behind import sweep
    from pitchquest_assets.cli.dagster_instance import open_instance

    return sweep(open_instance(settings), store, settings)
