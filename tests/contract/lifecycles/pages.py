"""boto3's paginators and waiters."""

from botocore import xform_name
from lifecycles.common import PAGED, WAITED, step


def all_were_used(has):
    """Each paginator and waiter that boto3 has for an operation of this AWS has been used."""
    paginators, waiters = set(), set()
    for client, operations in has:
        service = client.meta.service_model.service_name
        paginators |= {(service, xform_name(o)) for o in operations if client.can_paginate(xform_name(o))}
        configured = client._get_waiter_config().get("waiters", {}) if client.waiter_names else {}
        waiters |= {(service, xform_name(name)) for name, w in configured.items() if w["operation"] in operations}
    assert len(paginators) > 10 and len(waiters) > 4, (paginators, waiters)
    assert paginators <= PAGED, f"never paged: {sorted(paginators - PAGED)}"
    assert waiters <= WAITED, f"never waited: {sorted(waiters - WAITED)}"
    step(f"{len(paginators)} paginators and {len(waiters)} waiters, all that boto3 has for these operations, have worked")
