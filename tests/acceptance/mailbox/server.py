"""A mail server for tests: STARTTLS and a password, and every mail it took on standard output.

Usage: server.py CERTIFICATE KEY USER PASSWORD REFUSALS

Prints its port, then one JSON line per mail, refused ones too. The first REFUSALS mails get a
451, as from a server that wants to see the sender come again. Ends when its input ends.
"""

import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    def __init__(self, refusals):
        self.refusals = refusals

    async def handle_DATA(self, server, session, envelope):
        self.refusals -= 1
        answer = "451 come again" if self.refusals >= 0 else "250 taken"
        mail = {
            "answer": answer,
            "is_tls": session.ssl is not None,
            "user": session.auth_data.decode() if session.auth_data else None,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("utf-8", "replace"),
        }
        print(json.dumps(mail), flush=True)
        return answer


class Secured(Controller):
    def __init__(self, handler, context, accepts):
        super().__init__(handler, hostname="127.0.0.1", port=0)
        self.context, self.accepts = context, accepts

    def factory(self):
        return SMTP(
            self.handler,
            tls_context=self.context,
            require_starttls=True,
            auth_required=True,
            authenticator=self.accepts,
        )

    def _trigger_server(self):
        # The library connects to the port that it was given; with 0 the system has chosen another.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def main():
    certificate, key, user, password, refusals = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    wanted = (user.encode(), password.encode())

    def accepts(server, session, envelope, mechanism, data):
        is_right = (data.login, data.password) == wanted
        return AuthResult(success=is_right, auth_data=data.login if is_right else None)

    server = Secured(Mailbox(int(refusals)), context, accepts)
    server.start()
    print(server.port, flush=True)
    sys.stdin.read()
    server.stop()


main()
