"""Relays 127.0.0.1:8484 of a sandbox to the gateway's socket, which is mounted at /run/proctor. The driver hands over the listener.

Bytes only: who may do what is the gateway's to say. One process, level-triggered epoll, bounded buffers: a side that does not read stops the
other one from being read. Each direction ends on its own, as TCP has it.
"""
import os
import select
import socket
import sys

PLACE = "/run/proctor/gateway.sock"
CHUNK = 65536
MOST = 4 * CHUNK
NOBODY = (b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
          b'{"error": {"type": "api_error", "message": "proctor: nobody answers for this run (yet, or any more)"}}\n')


class Side:
    """One end of a relay. `out`: what it has still to be sent. `ended`: nothing more comes from it."""

    def __init__(self, sock):
        self.sock = sock
        self.out = bytearray()
        self.ended = False
        self.closing = False
        self.mask = 0
        self.deaf = False
        self.other = None


class Relay:
    def __init__(self):
        self.listener = socket.socket(fileno=int(sys.argv[1]))
        self.listener.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.listener.fileno(), select.EPOLLIN)
        self.sides = {}

    def serve(self):
        while True:
            for fd, events in self.poll.poll():
                if fd == self.listener.fileno():
                    self.accept()
                    continue
                side = self.sides.get(fd)
                if side is None:
                    continue
                try:
                    if not side.ended and events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                        self.take(side)
                    elif events & (select.EPOLLHUP | select.EPOLLERR):
                        self.deafen(side)
                    if events & select.EPOLLOUT:
                        self.flush(side)
                    if fd in self.sides:
                        self.settle(side)
                except OSError:
                    self.drop(side)

    def accept(self):
        try:
            inner, _ = self.listener.accept()
        except OSError:
            return
        outer = socket.socket(socket.AF_UNIX)
        try:
            outer.connect(PLACE)
        except OSError:
            outer.close()
            try:
                inner.sendall(NOBODY)
                inner.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            inner.close()
            return
        inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        near, far = Side(inner), Side(outer)
        near.other, far.other = far, near
        for side in (near, far):
            side.sock.setblocking(False)
            self.sides[side.sock.fileno()] = side
            side.mask = select.EPOLLIN
            self.poll.register(side.sock.fileno(), side.mask)

    def take(self, side):
        try:
            data = side.sock.recv(CHUNK)
        except BlockingIOError:
            return
        if not data:
            side.ended = True
            return
        other = side.other
        if not other.out:
            try:
                data = data[other.sock.send(data):]
            except BlockingIOError:
                pass
        other.out += data

    def flush(self, side):
        if side.out:
            try:
                del side.out[:side.sock.send(side.out)]
            except BlockingIOError:
                pass

    def settle(self, side):
        """Says what both sides wait for now, and passes an end on when everything before it is sent."""
        for one in (side, side.other):
            if one.other.ended and not one.out and not one.closing:
                one.closing = True
                one.sock.shutdown(socket.SHUT_WR)
        if side.closing and side.other.closing:
            self.drop(side)
            return
        for one in (side, side.other):
            mask = 0
            if not one.ended and len(one.other.out) < MOST:
                mask |= select.EPOLLIN
            if one.out:
                mask |= select.EPOLLOUT
            if mask != one.mask and not one.deaf:
                one.mask = mask
                self.poll.modify(one.sock.fileno(), mask)

    def deafen(self, side):
        """A hang-up is reported for ever, whatever is asked for. Nothing more comes or goes here; the other side may still be sent the rest."""
        if side.out or not side.other.out:
            self.drop(side)
        elif not side.deaf:
            side.deaf = True
            self.poll.unregister(side.sock.fileno())

    def drop(self, side):
        for one in (side, side.other):
            if self.sides.pop(one.sock.fileno(), None):
                if not one.deaf:
                    self.poll.unregister(one.sock.fileno())
                one.sock.close()


# A process group of its own, so that what ends a command of the agent does not end this.
os.setsid()
Relay().serve()
