"""The whole API under schemathesis, with an administrator's and with a one-site guard's session:
no answer is a server error, none tells of another site, and nothing answers without a session.

    api.py BASE DATA CASTELLAN SCHEMATHESIS [SECONDS]

BASE: of a running demo; DATA: its data folder; the two programs; seconds for each of both.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

BASE, DATA, CASTELLAN, SCHEMATHESIS = sys.argv[1:5]
SECONDS = int(sys.argv[5]) if len(sys.argv) > 5 else 25
PASSWORD = "violet harbour seven lanterns"
# What answers anybody, by its purpose; sign-in itself is refused by what is in it.
# AuthZEN 1.0 section 9: who may ask and where is told to everybody.
OPEN = ("/healthz", "/readyz", "/metrics", "/v1/signin", "/.well-known/authzen-configuration")
# An endless stream, and what would end the very session that asks.
LEFT_OUT = r"^/v1/(live|session)$"


def ask(method, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, method=method, headers=headers or {})
    if data is not None:
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def must(status, method, path, body=None, headers=None):
    found, head, content = ask(method, path, body, headers)
    if found != status:
        sys.exit(f"{method} {path}: {found}, expected {status}: {content[:300]!r}")
    return head, json.loads(content) if content else None


def code_of(secret):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def signed_in(login, role):
    """The headers of somebody new who is signed in."""
    made = subprocess.run(
        [CASTELLAN, "admin", "operator", "add", login, "--role", role, "--data", DATA],
        check=True, capture_output=True, text=True,
    ).stdout
    code = re.search(r"code=(\S+)", made).group(1)
    head, session = must(200, "POST", "/v1/signin/link", {"code": code})
    cookie = head["set-cookie"].split(";")[0]
    headers = {"Cookie": cookie, "X-CSRF-Token": session["csrf"]}
    must(204, "PUT", "/v1/me/password", {"new": PASSWORD}, headers)
    _, offer = must(200, "POST", "/v1/me/totp", None, headers)
    must(204, "PUT", "/v1/me/totp", {"code": code_of(offer["secret"])}, headers)
    return headers


def nothing_answers_strangers(schema):
    wrong = []
    for path, operations in schema["paths"].items():
        if path.startswith(OPEN):
            continue
        for method in operations:
            plain = re.sub(r"\{[^}]*\}", "1", path)
            status, _, content = ask(method.upper(), plain)
            if status != 401:
                wrong.append(f"{method.upper()} {path}: {status} {content[:80]!r}")
    if wrong:
        sys.exit("answers without a session:\n  " + "\n  ".join(wrong))


def tried(headers, far):
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    here = os.path.dirname(os.path.abspath(__file__))
    environment = dict(
        os.environ,
        SCHEMATHESIS_HOOKS=os.path.join(here, "api_checks.py"),
        CASTELLAN_FAR_SITES=",".join(far),
    )
    command = [
        SCHEMATHESIS, "run", BASE + "/openapi.json", *given,
        "--checks", "not_a_server_error,ends_at_its_fence",
        "--exclude-path-regex", LEFT_OUT,
        "--phases", "examples,coverage,fuzzing", "--max-examples", "20",
        "--max-time", str(SECONDS), "--seed", "20261122", "--warnings", "off",
        "--suppress-health-check", "all", "--no-color", "--workers", "1",
    ]
    return subprocess.run(command, env=environment, cwd=DATA).returncode


def main():
    _, schema = must(200, "GET", "/openapi.json")
    nothing_answers_strangers(schema)
    boss = signed_in("api-boss", "administrator")
    _, organisation = must(200, "GET", "/v1/organisation", None, boss)
    own, *far = organisation["sites"]
    guard = signed_in("api-guard", f"guard@{own}")
    failed = [name for name, headers, sites in
              (("an administrator", boss, []), (f"a guard of {own}", guard, far))
              if tried(headers, sites) != 0]
    if failed:
        sys.exit("schemathesis found something with " + " and ".join(failed))


main()
