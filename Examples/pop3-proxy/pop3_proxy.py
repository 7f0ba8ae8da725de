#!/usr/bin/env python3
"""A service beyond SMTP: POP3 clients connect to the Dispatcher, their sessions go to a POP3 server elsewhere.

The Dispatcher brings access control, limits and processes that are replaced; this program copies octets. The service's
PARAMETER says where to: SERVER=host:port.

    role.dispatcher.service:POP3.image = /usr/local/libexec/martlet/Examples/pop3-proxy/pop3_proxy.py
    role.dispatcher.service:POP3.tcp_ports = 2110
    role.dispatcher.service:POP3.parameter = SERVER=192.0.2.10:110
"""

import pathlib
import selectors
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python-worker"))
import echo_worker  # noqa: E402

IDLE = 600  # seconds without an octet, RFC 1939 section 3


class Proxy(echo_worker.Worker):
    image = "pop3 proxy 1"

    def session(self, fields, client):
        parameters = dict(item.split("=", 1) for item in fields["parameter"].split(",") if "=" in item)
        host, _, port = parameters.get("SERVER", "").rpartition(":")
        try:
            server = socket.create_connection((host.strip("[]"), int(port)), timeout=20)
        except (OSError, ValueError) as error:
            print(f"no server at {host}:{port}: {error}", file=sys.stderr, flush=True)
            text = b"-ERR [SYS/TEMP] no server, try again later\r\n"  # RFC 3206 section 3
            try:
                client.sendall(text)
            except OSError:
                pass
            return 0, len(text)
        with server:
            return self.copy(client, server)

    @staticmethod
    def copy(client, server):
        """Until both sides are at their end, or one fails; returns octets from and to the client."""
        counts = {client: 0, server: 0}
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            client.settimeout(IDLE)
            server.settimeout(IDLE)
            while ready.get_map() and (events := ready.select(IDLE)):
                for key, _ in events:
                    try:
                        data = key.fileobj.recv(16384)
                        counts[key.fileobj] += len(data)
                        if data:
                            key.data.sendall(data)
                            continue
                        ready.unregister(key.fileobj)
                        key.data.shutdown(socket.SHUT_WR)
                    except OSError:
                        return counts[client], counts[server]
        return counts[client], counts[server]


if __name__ == "__main__":
    echo_worker.main(Proxy)
