"""What no driver of PostgreSQL 15 does with TLS, over plain sockets.

Usage: tls_session.py <port> <CA file> <database>. The router listens on 127.0.0.1 and trusts the user app.
"""

import socket
import ssl
import struct
import sys


def startup(database):
    body = struct.pack("!i", 3 << 16) + b"user\0app\0database\0" + database.encode() + b"\0\0"
    return struct.pack("!i", len(body) + 4) + body


SSL_REQUEST = struct.pack("!ii", 8, 80877103)


def context(ca, protocols):
    made = ssl.create_default_context(cafile=ca)
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def answer(connection):
    try:
        return connection.recv(65536)
    except (ConnectionError, ssl.SSLError):
        return b""


def begins_with_tls(port, ca, database):
    """PostgreSQL 17's sslnegotiation=direct."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context(ca, ["postgresql"]).wrap_socket(plain, server_hostname="localhost") as connection:
            assert connection.selected_alpn_protocol() == "postgresql"
            connection.sendall(startup(database))
            assert answer(connection)[:1] == b"R"


def other_protocols_are_closed(port, ca, database):
    for protocols in (None, ["http/1.1"]):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            try:
                with context(ca, protocols).wrap_socket(plain, server_hostname="localhost") as connection:
                    connection.sendall(startup(database))
                    assert answer(connection) == b"", protocols
            except (ConnectionError, ssl.SSLError):
                pass


def smuggled_bytes_are_refused(port, database):
    """CVE-2021-23214: what comes in one packet with SSLRequest would count as sent inside of TLS."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(SSL_REQUEST + startup(database))
        got = b""
        while part := answer(plain):
            got += part
        assert got[:1] == b"E" and b"unencrypted data after SSL request" in got, got


def encryption_begins_once(port, ca, database):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(SSL_REQUEST)
        assert plain.recv(1) == b"S"
        with context(ca, None).wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(SSL_REQUEST)
            assert connection.recv(1) == b"N"
            connection.sendall(startup(database))
            assert answer(connection)[:1] == b"R"


def a_broken_handshake_harms_nobody(port, ca, database):
    for garbage in (b"\x16\x03\x01\x00\x05hello", SSL_REQUEST):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            plain.sendall(garbage)
            if garbage == SSL_REQUEST:
                assert plain.recv(1) == b"S"
                plain.sendall(b"no handshake at all")
            while answer(plain):
                pass
    begins_with_tls(port, ca, database)


if __name__ == "__main__":
    port, ca, database = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    begins_with_tls(port, ca, database)
    other_protocols_are_closed(port, ca, database)
    smuggled_bytes_are_refused(port, database)
    encryption_begins_once(port, ca, database)
    a_broken_handshake_harms_nobody(port, ca, database)
