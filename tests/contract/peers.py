"""The same requests to the sandbox, to moto and to ministack, with boto3. Takes {"peer", "endpoint", "keys"?} on stdin.

Prints the checks on stdout. Exits with 1 if an answer differs from AWS's documentation and DIFFERS does not have that difference, if
DIFFERS or LACKS has one that no longer exists, and if an operation that a peer and the sandbox have was not requested. The answers of
emulators are recorded as traffic, which is compared with the models.
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
    assert peer != PEER or what in SEEN, f"{what} was not checked for {peer}"
wanted = whole.nothing_was_left_out()
print(f"{PEER}: {len(SEEN)} things checked, with {len(SERVED)} operations; all {len(wanted)} that it and the sandbox have", flush=True)
