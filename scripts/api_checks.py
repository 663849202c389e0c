"""What schemathesis asks of every answer beside its own checks: nothing of another site."""

import json
import os

import schemathesis

FAR = set(filter(None, os.environ.get("CASTELLAN_FAR_SITES", "").split(",")))


def strangers(value, path="$"):
    """Where an answer holds something of a site that the caller's role does not reach."""
    if isinstance(value, dict):
        if value.get("handling", {}).get("everywhere") is True:
            return
        if value.get("site") in FAR:
            yield path
        for key, item in value.items():
            yield from strangers(item, f"{path}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from strangers(item, f"{path}[{number}]")


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    return value if isinstance(value, bytes) else (json.dumps(value) + "\n").encode()


@schemathesis.check
def ends_at_its_fence(ctx, response, case):
    if not FAR or response.status_code >= 300:
        return
    try:
        body = json.loads(response.text)
    except ValueError:
        return
    found = list(strangers(body))
    assert not found, f"{case.method} {case.path} tells of another site at {found[:3]}"
