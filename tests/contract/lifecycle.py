"""A whole lifecycle on the sandbox with boto3: sessions, images that are pushed and scanned, services that are rolled, approvals.

Takes a JSON object on stdin (see lifecycle.rs); prints each step on stdout; exits with 1 at the first difference to AWS.
"""

import sys

from botocore.exceptions import BotoCoreError, WaiterError
from lifecycles import accounts, approvals, images, nothing, pages, services

try:
    accounts.enter_accounts()
    uri, digests = images.push_images()
    images.look_at_scans(digests)
    services.roll_services(uri, digests)
    approvals.decide()
    pages.all_were_used(nothing.ask_for_everything())
    nothing.ask_for_services()
except (WaiterError, BotoCoreError) as e:
    sys.exit(f"{type(e).__name__}: {e}")
