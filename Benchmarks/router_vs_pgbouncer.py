#!/usr/bin/env python3
"""Processor time of the router for each transaction, and memory for each idle client, against PgBouncer's in the same run.

Starts one PostgreSQL server, PgBouncer and `foreshard serve` in a temporary directory on loopback, and drives both in
turns with `pgbench -S`-like selects: 1 to 1000 clients on 20 connections to the server; simple, extended and prepared.
Prints microseconds of processor time (user and system, from /proc) for each transaction of each, and the ratio. Needs
Debian's postgresql-15 and pgbouncer, and a built .build/release/foreshard. Everything it starts it ends, by process id.

  router_vs_pgbouncer.py [CLIENTS ...]      default: 1 16 100 1000
"""

import contextlib
import os
import pathlib
import pwd
import re
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENTS, CONNECTIONS, TRANSACTIONS, ROUNDS, IDLE = (1, 16, 100, 1000), 20, 32000, 3, 1000
TICKS = os.sysconf("SC_CLK_TCK")


def unprivileged():
    """PostgreSQL and PgBouncer refuse to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nobody listens on port {port}")


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def pgbench(port, mode, clients, script):
    command = [BIN / "pgbench", "-h", "127.0.0.1", "-p", port, "-U", "app", "-n", "-M", mode, "-c", clients,
               "-t", TRANSACTIONS // clients, "-f", script, "postgres"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return float(re.search(r"tps = ([0-9.]+)", done.stdout)[1])


def logged_in(port):
    """A client that has logged in and does nothing."""
    client = socket.create_connection(("127.0.0.1", port))
    parameters = b"user\0app\0database\0postgres\0\0"
    client.sendall(struct.pack("!ii", len(parameters) + 8, 196608) + parameters)
    answer = b""
    while not answer.endswith(b"Z\0\0\0\5I"):
        piece = client.recv(4096)
        if not piece:
            raise SystemExit(f"a client was refused: {answer}")
        answer += piece
    return client


def bytes_of_an_idle_client(port, pid):
    with contextlib.ExitStack() as clients:
        before = resident_bytes(pid)
        for _ in range(IDLE):
            clients.enter_context(logged_in(port))
        return (resident_bytes(pid) - before) / IDLE


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    clients = [int(word) for word in sys.argv[1:]] or CLIENTS
    folder = pathlib.Path(tempfile.mkdtemp(prefix="foreshard-bench-"))
    started = []
    try:
        run(folder, started, clients)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def run(folder, started, all_clients):
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    server, bouncer, router, admin = free_port(), free_port(), free_port(), free_port()
    data = folder / "data"
    subprocess.run(unprivileged() + [BIN / "initdb", "-D", data, "-U", "foreshard", "-A", "trust", "--no-sync"],
                   check=True, stdout=subprocess.DEVNULL)
    started.append(subprocess.Popen(
        unprivileged() + [BIN / "postgres", "-D", data, "-p", str(server), "-k", folder, "-c", "wal_level=logical",
                          "-c", "fsync=off", "-c", "max_connections=200"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    wait_for(server)
    time.sleep(1)
    subprocess.run(
        [BIN / "psql", "-h", "127.0.0.1", "-p", str(server), "-U", "foreshard", "-q", "-d", "postgres", "-c",
         "CREATE ROLE app LOGIN; CREATE TABLE pgbench_accounts (aid integer PRIMARY KEY, abalance integer);"
         "INSERT INTO pgbench_accounts SELECT i, 0 FROM generate_series(1, 100000) i;"
         "GRANT ALL ON pgbench_accounts TO app"], check=True)
    script = folder / "select.sql"
    script.write_text("\\set aid random(1, 100000)\nSELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n")

    (folder / "users.txt").write_text('"app" ""\n')
    (folder / "pgbouncer.ini").write_text(f"""[databases]
postgres = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {bouncer}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {CONNECTIONS}
max_client_conn = 2000
ignore_startup_parameters = extra_float_digits
""")
    pgbouncer = subprocess.Popen(unprivileged() + ["pgbouncer", folder / "pgbouncer.ini"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started.append(pgbouncer)
    (folder / "foreshard.yaml").write_text(f"""
listen: {{port: {router}}}
admin: {{port: {admin}}}
data_directory: {folder}/foreshard
client_authentication: trust
users: [{{name: app}}]
application: {{user: app}}
instances: [{{id: home-1, port: {server}, database: postgres, user: foreshard, connections: {CONNECTIONS}}}]
groups: [{{id: bench, key_type: integer, segments: 16, tables: {{pgbench_accounts: aid}}}}]
""")
    foreshard = subprocess.Popen([ROOT / ".build/release/foreshard", "serve", "--config", folder / "foreshard.yaml",
                                  "--log-level", "error"], stdout=subprocess.DEVNULL)
    started.append(foreshard)
    wait_for(bouncer)
    wait_for(router)

    # Before anything else has made either of them keep memory.
    for name, port, pid in (("PgBouncer", bouncer, pgbouncer.pid), ("foreshard", router, foreshard.pid)):
        print(f"{name}: {bytes_of_an_idle_client(port, pid) / 1024:.1f} KiB for each of {IDLE} idle clients")
    print(f"{CONNECTIONS} connections to the server, {TRANSACTIONS} transactions a run, median of {ROUNDS} runs in turns")
    print(f"{'clients':>7} {'mode':10}{'PgBouncer us/tx':>17}{'foreshard us/tx':>17}{'ratio':>8}"
          f"{'PgBouncer tps':>16}{'foreshard tps':>15}")
    for clients in all_clients:
        # PgBouncer 1.18 does not know prepared statements in transaction mode; there the extended protocol is compared.
        for mode, bouncer_mode in (("simple", "simple"), ("extended", "extended"), ("prepared", "extended")):
            figures = {"bouncer": [], "router": []}
            speeds = {"bouncer": [], "router": []}
            for _ in range(ROUNDS):
                for name, port, pid, used in (("bouncer", bouncer, pgbouncer.pid, bouncer_mode),
                                              ("router", router, foreshard.pid, mode)):
                    before = processor_seconds(pid)
                    speeds[name].append(pgbench(port, used, clients, script))
                    figures[name].append((processor_seconds(pid) - before) / TRANSACTIONS * 1e6)
            theirs, ours = (statistics.median(figures[name]) for name in ("bouncer", "router"))
            print(f"{clients:7} {mode:10}{theirs:17.1f}{ours:17.1f}{ours / theirs:8.2f}"
                  f"{statistics.median(speeds['bouncer']):16.0f}{statistics.median(speeds['router']):15.0f}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
