"""A whole life on the sandbox by boto3: whoever is let in and whoever is not, images pushed and scanned, services rolled, approvals given.

Takes a JSON object on stdin (see lifecycle.rs); tells each step on stdout; ends with 1 at the first thing that is not as on AWS.
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
