"""A link that takes its time: what leaves one end arrives at the other MS milliseconds later.

    delayed_link.py VETH TAP BRIDGE MS     stands in VETH's place at BRIDGE until it is ended or its parent is gone
    delayed_link.py IFACE                  has IFACE send whole packets of ordinary size, as a wire would

The kernels of many machines lack netem. Frames are read from VETH as they are and written to TAP, which is a port of the
bridge, and the other way round.
"""

import collections
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import time


def whole_packets(interface):
    """No checksums and no cutting left to the other end: it is not a network card."""
    handle = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_SSG, ETHTOOL_STXCSUM
    for command in (0x1F, 0x24, 0x2C, 0x19, 0x17):
        value = ctypes.create_string_buffer(struct.pack("II", command, 0))
        request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
        try:
            fcntl.ioctl(handle, 0x8946, request)  # SIOCETHTOOL
        except OSError:
            pass  # it has no such thing


def carry(veth, tap, bridge, delay):
    subprocess.run(["ip", "link", "set", veth, "nomaster"], check=True)
    whole_packets(veth)
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", tap.encode(), 0x0002 | 0x1000))  # TUNSETIFF: a TAP, frames alone
    subprocess.run(["ip", "link", "set", tap, "master", bridge, "up"], check=True)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind((veth, 0))
    wire.setblocking(False)
    wire.setsockopt(263, 23, 1)  # SOL_PACKET, PACKET_IGNORE_OUTGOING
    parent = os.getppid()
    waiting = collections.deque()
    while os.getppid() == parent:
        patience = min(1, max(0, waiting[0][0] - time.monotonic())) if waiting else 1
        ready, _, _ = select.select([tun, wire], [], [], patience)
        due = time.monotonic() + delay
        for source in ready:
            for _ in range(64):
                try:
                    frame = os.read(tun, 65536) if source == tun else wire.recv(65536)
                except BlockingIOError:
                    break
                waiting.append((due, source == tun, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, outwards, frame = waiting.popleft()
            try:
                if outwards:
                    wire.send(frame)
                else:
                    os.write(tun, frame)
            except BlockingIOError:
                pass  # a full queue drops, here as elsewhere


# What whoever started this waits for with descriptors of its own is none of its business.
os.closerange(3, 1024)
if len(sys.argv) == 2:
    whole_packets(sys.argv[1])
else:
    carry(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]) / 1000)
