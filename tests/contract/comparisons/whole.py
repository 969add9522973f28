"""Whether every operation was compared."""

import json
from pathlib import Path

from comparisons.common import PEER, SERVED, client, says
from comparisons.known import LACKS
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from botocore.utils import ArgumentGenerator

SHAPES = Path(__file__).parents[3] / "src/shapes/data"


def operations():
    """All operations of the sandbox, according to its shapes."""
    return {f"{f.stem} {name}" for f in SHAPES.glob("*.json") for name in json.loads(f.read_text())["operations"]}


def lacks(dev, _):
    """An emulator that is known to lack an operation still lacks it."""
    for (peer, operation), code in LACKS.items():
        if peer == PEER:
            service, name = operation.split()
            said = answers(client(dev, service, parameter_validation=False), name)
            says(f"{operation} is lacking", said == code, said)
            print(f"{PEER} has no {operation}", flush=True)


def answers(asks, name):
    """The answer to a valid request, so that an emulator that has the operation after all can answer it."""
    asked = asks.meta.service_model.operation_model(name).input_shape
    try:
        asks._make_api_call(name, ArgumentGenerator(use_member_names=True).generate_skeleton(asked))
    except ClientError as e:
        return e.response["Error"]["Code"]
    except ResponseParserError:
        return "no answer of its protocol"
    return "answered"


def nothing_was_left_out():
    """Every operation of the sandbox succeeded on this peer, or this peer is known to lack it."""
    ours, emulators = operations(), {peer for peer, _ in LACKS}
    assert len(ours) > 60 and len(emulators) > 1, (ours, emulators)
    assert {operation for _, operation in LACKS} <= ours, {operation for _, operation in LACKS} - ours
    # The sandbox must answer what any of the others has; the lifecycles cover the rest.
    lacking = [{o for p, o in LACKS if p == peer} for peer in emulators if PEER in (peer, "sandbox")]
    wanted = ours - set.intersection(*lacking)
    never = wanted - SERVED
    assert not never, f"{PEER} was never asked, or never answered well: {sorted(never)}"
    return wanted
