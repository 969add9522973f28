"""A whole life on the sandbox by boto3: whoever is let in and whoever is not, images pushed and scanned, services rolled, approvals given.

Takes a JSON object on stdin (see life.rs); tells each step on stdout; ends with 1 at the first thing that is not as on AWS.
"""

import sys

from botocore.exceptions import BotoCoreError, WaiterError
from lives import accounts, approvals, images, nothing, services

try:
    accounts.enter_accounts()
    uri, digests = images.push_images()
    images.look_at_scans(digests)
    services.roll_services(uri, digests)
    approvals.decide()
    nothing.ask_for_everything()
except (WaiterError, BotoCoreError) as e:
    sys.exit(f"{type(e).__name__}: {e}")
