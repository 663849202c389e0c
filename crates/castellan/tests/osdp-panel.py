"""An OSDP panel by the library `libosdp`, which shares no code with ours: the real peer of our
simulated readers.

    osdp-panel.py ADDRESS:PORT ADDRESS=KEY [ADDRESS=KEY ...]

Says on standard output, one JSON object a line, what each reader says and whether it has a secure
channel. Takes JSON objects on standard input: {"reader": 5, "output": 20} releases output 0 for so
many tenths of a second, {"reader": 5, "keyset": "32 hexadecimal digits"} changes its key.
"""

import json
import os
import socket
import sys
import threading
import time

from osdp import Channel, Command, ControlPanel, LogLevel, PDInfo


def say(**what):
    print(json.dumps(what), flush=True)


class Wire(Channel):
    def __init__(self, stream):
        self.id = 1
        self.stream = stream

    def read(self, count):
        try:
            return self.stream.recv(count)
        except BlockingIOError:
            return b""

    def write(self, data):
        return self.stream.send(bytes(data))

    def flush(self):
        pass


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def main():
    place, *readers = sys.argv[1:]
    host, port = place.rsplit(":", 1)
    stream = socket.create_connection((host, int(port)))
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setblocking(False)
    wire = Wire(stream)
    pairs = [one.split("=") for one in readers]
    infos = [PDInfo(int(address), wire, scbk=bytes.fromhex(key)) for address, key in pairs]
    addresses = [int(address) for address, _ in pairs]

    def heard(number, event):
        say(reader=addresses[number], said=plain(event))
        return 0

    panel = ControlPanel(infos, log_level=LogLevel.Critical, event_handler=heard)
    panel.start()

    def watch():
        known = {}
        while True:
            for address in addresses:
                secure = bool(panel.is_sc_active(address))
                if known.get(address) != secure:
                    known[address] = secure
                    say(reader=address, secure=secure)
            time.sleep(0.02)

    threading.Thread(target=watch, daemon=True).start()
    for text in sys.stdin:
        asked = json.loads(text)
        if "output" in asked:
            command = {
                "command": Command.Output,
                "output_no": 0,
                "control_code": 5,
                "timer_count": asked["output"],
            }
        else:
            command = {"command": Command.Keyset, "type": 1, "data": bytes.fromhex(asked["keyset"])}
        say(reader=asked["reader"], taken=bool(panel.submit_command(asked["reader"], command)))
    os._exit(0)


main()
