#!/usr/bin/env python3
"""A worker image in Python: sends back what it receives.

Honours docs/worker-protocol.md with nothing but the standard library. One thread reads the control socket, one
thread serves each connection.
"""

import os
import queue
import signal
import socket
import sys
import threading
import time

CONTROL = 3
LONGEST = 8192


def encode(kind, **fields):
    lines = "".join(f"{key}={value}\n" for key, value in fields.items())
    return f"{kind}\n{lines}".encode()


def decode(data):
    kind, _, rest = data.decode().partition("\n")
    group = rest.split("\n\n")[0]
    return kind, dict(line.split("=", 1) for line in group.splitlines())


class Worker:
    image = "python echo 1"

    def __init__(self):
        self.control = socket.socket(fileno=CONTROL)
        self.lock = threading.Lock()
        self.active = 0
        self.draining = False
        self.events = queue.SimpleQueue()

    def send(self, kind, **fields):
        with self.lock:
            try:
                self.control.send(encode(kind, **fields))
            except OSError:
                pass  # the dispatcher is gone; the reader notices

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: self.events.put("notice"))
        signal.signal(signal.SIGINT, lambda *_: self.events.put("abort"))
        signal.signal(signal.SIGQUIT, lambda *_: self.events.put("abort"))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.send("HELO", pid=os.getpid(), protocol=1, image=self.image)
        self.send("REDY")
        threading.Thread(target=self.read, daemon=True).start()
        while not (self.draining and self.active == 0):
            try:
                event = self.events.get(timeout=0.5)
            except queue.Empty:
                continue
            if event == "abort":
                break
            if event == "notice":
                if not self.draining:
                    self.send("DRAN")  # once; from here on no connection is confirmed
                self.draining = True
            elif event == "drain":
                self.draining = True
            elif event == "done":
                self.active -= 1
            else:
                self.take(*event)

    def read(self):
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.control, LONGEST, 4)
            if not data:
                self.events.put("drain")
                return
            try:
                kind, fields = decode(data)
            except ValueError:
                continue  # no message; the sessions have no part in it
            if kind == "CONN" and descriptors:
                self.events.put((fields, descriptors[0]))
            elif kind == "CONN":
                # No descriptor was left for the socket: another worker gets the connection.
                self.send("DONE", id=fields["id"], seconds=0, **{"in": 0, "out": 0}, reason="no descriptor")
            elif kind == "DRAN":
                self.events.put("drain")
            elif kind == "PING":
                self.send("PONG")

    def take(self, fields, descriptor):
        client = socket.socket(fileno=descriptor)
        if self.draining or time.monotonic() * 1000 >= int(fields.get("expires", sys.maxsize)):
            client.close()  # it goes to another worker
            return
        self.send("ACPT", id=fields["id"])
        self.active += 1
        threading.Thread(target=self.serve, args=(fields, client), daemon=True).start()

    def serve(self, fields, client):
        began = time.monotonic()
        client.setblocking(True)
        received, sent = self.session(fields, client)
        try:
            client.shutdown(socket.SHUT_RDWR)  # another process may hold a copy of the descriptor
        except OSError:
            pass
        client.close()
        seconds = int(time.monotonic() - began)
        self.send("DONE", id=fields["id"], seconds=seconds, **{"in": received, "out": sent}, reason="closed")
        self.events.put("done")

    def session(self, fields, client):
        """Serves one client; returns the octets received and sent. Another service overrides this."""
        received = 0
        try:
            tls = " tls implicit" if fields["tls"] == "implicit" else ""
            client.sendall(f"hello from {os.getpid()} parameter {fields['parameter']}{tls}\n".encode())
            while data := client.recv(4096):
                received += len(data)
                if data.startswith(b"quit"):
                    break
                client.sendall(data)
        except OSError:
            pass
        return received, received


def main(kind):
    try:
        worker = kind()
    except OSError:
        print(f"{sys.argv[0]}: descriptor 3 is no control socket; the dispatcher starts this program", file=sys.stderr)
        sys.exit(78)
    worker.run()


if __name__ == "__main__":
    main(Worker)
