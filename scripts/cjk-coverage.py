#!/usr/bin/env python3
"""Writes crates/codec/src/pdf/coverage.bin: which characters Adobe's four East Asian character
collections have, by the character maps that Adobe publishes (on Debian: package poppler-data).

usage: scripts/cjk-coverage.py [FOLDER OF CMAPS]      default /usr/share/poppler/cMap

Four parts, CNS1, GB1, Japan1, Korea1, each of two planes (0 and 2) with one bit for each code
point, lowest bit first. Only characters that are as wide as they are high count: Latin letters
come from Helvetica.
"""

import re
import sys
import unicodedata
from pathlib import Path

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/poppler/cMap")
OUT = Path(__file__).parent.parent / "crates/codec/src/pdf/coverage.bin"
# Collection, character map, and the glyphs of its standards' symbol rows, which are full-width
# (Adobe Technical Notes 5080, 5079, 5078, 5093).
PARTS = [
    ("CNS1", "UniCNS-UTF16-H", range(99, 596)),
    ("GB1", "UniGB-UTF16-H", range(96, 814)),
    ("Japan1", "UniJIS-UTF16-H", range(633, 1125)),
    ("Korea1", "UniKS-UTF16-H", range(101, 1087)),
]
HEX = r"<([0-9a-fA-F]+)>"


def point(code: str) -> int:
    return ord(bytes.fromhex(code).decode("utf-16-be"))


def pairs(text: str):
    for block in re.findall(r"begincidchar(.*?)endcidchar", text, re.S):
        for code, cid in re.findall(HEX + r"\s+(\d+)", block):
            yield point(code), int(cid)
    for block in re.findall(r"begincidrange(.*?)endcidrange", text, re.S):
        for first, last, cid in re.findall(HEX + r"\s+" + HEX + r"\s+(\d+)", block):
            low, high = point(first), point(last)
            for offset in range(high - low + 1):
                yield low + offset, int(cid) + offset


def read(collection: str, name: str):
    text = (FOLDER / f"Adobe-{collection}" / name).read_text("latin-1")
    used = re.search(r"/(\S+)\s+usecmap", text)
    if used:
        yield from read(collection, used[1])
    yield from pairs(text)


def is_wide(code: int, cid: int, symbols: range) -> bool:
    if 0xFF61 <= code <= 0xFFDC:  # half-width forms
        return False
    width = unicodedata.east_asian_width(chr(code))
    return width in "WF" or (width in "AN" and code >= 0x370 and cid in symbols)


bits = b""
for collection, name, symbols in PARTS:
    planes = {0: bytearray(8192), 2: bytearray(8192)}
    for code, cid in read(collection, name):
        plane = planes.get(code >> 16)
        if plane is not None and cid and is_wide(code, cid, symbols):
            plane[(code & 0xFFFF) >> 3] |= 1 << (code & 7)
    bits += planes[0] + planes[2]
    count = sum(byte.bit_count() for byte in planes[0] + planes[2])
    print(f"{collection}: {count} characters", file=sys.stderr)
OUT.write_bytes(bits)
