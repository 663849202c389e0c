"""OSDP readers by the library `libosdp`, which shares no code with ours: the tests' real peer.

    reader.py unix:PATH | pty | tcp  ADDRESS=KEY [ADDRESS=KEY ...]

KEY is 32 hexadecimal digits, or `install` for a reader without one. All readers share the line.
Says on standard output, one JSON object a line: where it listens, what each reader is told, and
whether each has a secure channel. Takes JSON objects on standard input: {"reader": 5, "card":
"1001..."}, {"reader": 5, "keys": "12#"}, {"reader": 5, "tamper": true}.
"""

import json
import os
import pty
import select
import socket
import sys
import threading
import time
import tty

from osdp import (
    Capability,
    CardFormat,
    Channel,
    Event,
    LibFlag,
    LogLevel,
    PDCapabilities,
    PDInfo,
    PeripheralDevice,
    StatusReportType,
)


def say(**what):
    print(json.dumps(what), flush=True)


class Line:
    """One line that every reader hears."""

    def __init__(self, where):
        self.ears = []
        self.out = None
        self.lock = threading.Lock()
        if where == "pty":
            master, slave = pty.openpty()
            tty.setraw(master)
            tty.setraw(slave)
            # Kept open, or the first hang-up would end the line.
            self.kept = slave
            say(listening=os.ttyname(slave))
            threading.Thread(target=self.serve_fd, args=(master,), daemon=True).start()
            return
        if where == "tcp":
            server = socket.create_server(("127.0.0.1", 0))
            say(listening="127.0.0.1:%d" % server.getsockname()[1])
        else:
            path = where.removeprefix("unix:")
            server = socket.socket(socket.AF_UNIX)
            if os.path.exists(path):
                os.unlink(path)
            server.bind(path)
            server.listen()
            say(listening=path)
        threading.Thread(target=self.accept, args=(server,), daemon=True).start()

    def accept(self, server):
        while True:
            peer, _ = server.accept()
            if peer.family == socket.AF_INET:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.serve_fd(peer.detach())

    def serve_fd(self, fd):
        self.out = fd
        while True:
            select.select([fd], [], [])
            try:
                heard = os.read(fd, 4096)
            except OSError:
                heard = b""
            if not heard:
                break
            for ear in self.ears:
                ear.hear(heard)
        with self.lock:
            self.out = None
        os.close(fd)

    def write(self, data):
        with self.lock:
            if self.out is not None:
                try:
                    os.write(self.out, data)
                except OSError:
                    pass
        return len(data)


class Ear(Channel):
    def __init__(self, line):
        self.id = 1
        self.line = line
        self.held = b""
        self.lock = threading.Lock()
        line.ears.append(self)

    def hear(self, data):
        with self.lock:
            self.held += data

    def read(self, count):
        with self.lock:
            data, self.held = self.held[:count], self.held[count:]
        return data

    def write(self, data):
        return self.line.write(bytes(data))

    def flush(self):
        pass


CAPABILITIES = [
    (Capability.CommunicationSecurity, 1, 1),
    (Capability.Readers, 1, 1),
    (Capability.CardDataFormat, 1, 1),
    (Capability.LEDControl, 1, 2),
    (Capability.AudibleControl, 1, 1),
    (Capability.TextOutput, 1, 1),
    (Capability.OutputControl, 1, 2),
    (Capability.ContactStatusMonitoring, 1, 4),
]


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def reader(line, address, key):
    def told(command):
        say(reader=address, told=plain(command))
        return 0, None

    flags = [] if key is None else [LibFlag.EnforceSecure]
    info = PDInfo(address, Ear(line), scbk=key, flags=flags)
    device = PeripheralDevice(
        info,
        PDCapabilities(CAPABILITIES),
        log_level=LogLevel.Critical,
        command_handler=told,
    )
    device.start()
    return device


def act(device, asked):
    if "card" in asked:
        bits = asked["card"]
        padded = bits.ljust(-(-len(bits) // 8) * 8, "0")
        data = bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))
        event = {
            "event": Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": CardFormat.Wiegand,
            "length": len(bits),
            "data": data,
        }
    elif "keys" in asked:
        named = {"*": 0x7F, "#": 0x0D}
        data = bytes(named.get(key, ord(key)) for key in asked["keys"])
        event = {"event": Event.KeyPress, "reader_no": 0, "data": data}
    else:
        state = 1 if asked["tamper"] else 0
        event = {
            "event": Event.Status,
            "type": StatusReportType.Local,
            "tamper": state,
            "power": 0,
            "report": bytes([state, 0]),
            "nr_entries": 2,
        }
    device.submit_event(event)


def watch(devices):
    known = {}
    while True:
        for address, device in devices.items():
            secure = bool(device.is_sc_active())
            if known.get(address) != secure:
                known[address] = secure
                say(reader=address, secure=secure)
        time.sleep(0.02)


def main():
    where, *readers = sys.argv[1:]
    line = Line(where)
    devices = {}
    for one in readers:
        address, key = one.split("=")
        key = None if key == "install" else bytes.fromhex(key)
        devices[int(address)] = reader(line, int(address), key)
    threading.Thread(target=watch, args=(devices,), daemon=True).start()
    for text in sys.stdin:
        asked = json.loads(text)
        act(devices[asked["reader"]], asked)
    os._exit(0)


main()
