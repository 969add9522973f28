"""The same questions to the sandbox, to moto and to ministack, by boto3. Takes {"peer", "endpoint", "keys"?} on stdin.

Tells what was held on stdout; ends with 1 where a peer answers other than AWS's documentation says and DIFFERS does not know it,
where DIFFERS or LACKS says what is not so any more, and where a peer was not asked for an operation that it and the sandbox have.
What others answer is written down as traffic, for the models to judge.
"""

from types import SimpleNamespace

from comparisons import findings, images, items, pipelines, services, sessions, signals, whole
from comparisons.common import DEV, PEER, REGION, SEEN, SERVED, accepted, accounts, client, refused, says
from comparisons.known import DIFFERS

OURS = (sessions.sessions, images.repositories, images.registry, services.services, pipelines.pipelines, findings.findings)
THEIRS = (items.items, whole.lacks)
SIGNALS = (signals.sns, signals.events, signals.cloudformation)
ASK = SimpleNamespace(client=client, says=says, refused=refused, accepted=accepted, dev=DEV, region=REGION)
for subject in OURS if PEER == "sandbox" else OURS + THEIRS:
    subject(*accounts())
for subject in (signals.unknown,) if PEER == "sandbox" else SIGNALS:
    subject(*accounts(), ASK)
for peer, what in DIFFERS:
    assert peer != PEER or what in SEEN, f"{what} was not asked of {peer}"
wanted = whole.nothing_was_left_out()
print(f"{PEER}: {len(SEEN)} things held, by {len(SERVED)} operations; all {len(wanted)} that it and the sandbox have", flush=True)
