#!/usr/bin/env python3
"""kill -9 of daemon, client and server while they upgrade, connections that break, two daemons that race: the next upgrade
completes, and nothing ran twice.

    with_postgres kill_test.py [unittest arguments]

The environment says where things are, as in scene.py; with_postgres sets MIG_TEST_POSTGRES_URL and MIG_TEST_POSTGRES_TCP_URL.
"""
import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse

from scene import SOAK, C, Kill, Scene, main


class Sqlite:
    outside = "CREATE INDEX i ON a (id);\nVACUUM;\n"

    def __init__(self, folder):
        self.path = folder / "shop.db"
        self.url = f"sqlite:{self.path}"

    @staticmethod
    def slow(seconds):
        rows = int(seconds * 2_000_000)
        return (f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) "
                "SELECT count(*) FROM n;")

    def ask(self, sql):
        return subprocess.run(["sqlite3", "-cmd", ".timeout 5000", self.path, sql], check=True, text=True,
                              capture_output=True).stdout.split()

    def make(self):
        for path in self.path.parent.glob("shop.db*"):
            path.unlink()
        self.ask("CREATE TABLE ran (n integer PRIMARY KEY AUTOINCREMENT, what text)")

    def indexes(self):
        return self.ask("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'a'")


class Postgres:
    outside = "CREATE INDEX CONCURRENTLY i ON a (id);\nVACUUM a;\n"

    numbers = itertools.count(1)  # of databases, over all tests

    def __init__(self, _):
        self.server = os.environ["MIG_TEST_POSTGRES_URL"]

    @staticmethod
    def slow(seconds):
        return f"SELECT pg_sleep({seconds});"

    def psql(self, url, sql):
        return subprocess.run(["psql", "-XAtq", "-d", url, "-c", sql], check=True, text=True,
                              capture_output=True).stdout.split()

    def ask(self, sql):
        return self.psql(self.url, sql)

    def make(self):
        name = f"shop_{os.getpid()}_{next(self.numbers)}"
        self.psql(self.server, f"CREATE DATABASE {name}")
        self.url = re.sub(r"(?<!/)/postgres\b", f"/{name}", self.server, count=1)
        self.ask("CREATE TABLE ran (n bigserial PRIMARY KEY, what text)")

    def indexes(self):
        return self.ask("SELECT relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = "
                        "'a'::regclass AND indisvalid")


class OwnServer(Postgres):
    """A PostgreSQL server of this test's own, which can be killed and started again."""
    environment = {}

    def __init__(self, folder):
        self.folder = folder / "server"
        self.folder.mkdir()
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1].parent
        self.user = []
        if os.geteuid() == 0:
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            for path in (folder, self.folder):
                path.chmod(0o755)
            shutil.chown(self.folder, "postgres", "postgres")
        subprocess.run([*self.user, self.programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "--no-sync",
                        "--auth=trust"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.server = f"postgresql://postgres@/postgres?host={urllib.parse.quote(str(self.folder), safe='')}"
        self.start()

    def start(self):
        with open(self.folder / "log", "a") as log:
            self.postmaster = subprocess.Popen(
                [*self.user, self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c",
                 "listen_addresses=", "-c", "fsync=off"], stdout=log, stderr=log, cwd="/",
                env={**os.environ, **self.environment})
        while subprocess.run(["pg_isready", "-q", "-h", self.folder]).returncode != 0:
            time.sleep(0.02)

    def crash(self):
        """The postmaster and every backend, at once and without farewell; then recovery."""
        children = subprocess.run(["pgrep", "-P", str(self.postmaster.pid)], text=True,
                                  capture_output=True).stdout.split()
        for pid in [self.postmaster.pid, *map(int, children)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.postmaster.wait()
        self.start()

    def restart(self):
        """Ends every session in an orderly way."""
        self.postmaster.send_signal(signal.SIGINT)
        self.postmaster.wait()
        self.start()

    def stop(self):
        self.postmaster.send_signal(signal.SIGQUIT)
        self.postmaster.wait()


class Proxy:
    """Stands between the daemon and a server's TCP port; cuts every connection, or lets nothing through for a while."""

    def __init__(self, port):
        self.server = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        self.flowing = threading.Event()
        self.flowing.set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.server)
            except OSError:
                return
            self.pairs.append((client, server))
            threading.Thread(target=self.carry, args=(client, server), daemon=True).start()

    def carry(self, client, server):
        back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
        back.start()
        self.pump(client, server)
        back.join()
        client.close()
        server.close()

    def pump(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                self.flowing.wait()
                sink.sendall(data)
        except OSError:
            pass
        self.shut(source, sink)

    @staticmethod
    def shut(*ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @contextlib.contextmanager
    def stalled(self):
        self.flowing.clear()
        try:
            yield
        finally:
            self.flowing.set()

    def cut(self):
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            self.shut(*pair)

    def close(self):
        self.listener.close()
        self.flowing.set()
        self.cut()


class Proxied(Postgres):
    """The test's server by way of a proxy."""

    def __init__(self, folder):
        super().__init__(folder)
        self.direct = os.environ["MIG_TEST_POSTGRES_TCP_URL"]
        self.asked = None  # the url past the proxy
        self.proxy = Proxy(urllib.parse.urlsplit(self.direct).port)

    def make(self):
        self.asked = None
        super().make()
        name = urllib.parse.urlsplit(self.url).path
        parts = urllib.parse.urlsplit(self.direct)
        host = parts.netloc.replace(f":{parts.port}", f":{self.proxy.port}")
        self.asked = self.url
        self.url = urllib.parse.urlunsplit((parts.scheme, host, name, "", ""))

    def ask(self, sql):
        return self.psql(self.asked or self.url, sql)


class KillSqlite(Kill):
    engine = Sqlite

    def test_daemon_that_waits_for_a_run_to_end_is_told_to_stop(self):
        """SIGTERM after SIGUSR1 is no second signal: the run is interrupted, and the daemon ends in order."""
        self.make(600)
        self.start_daemon()
        client = self.start_mig("upgrade", "head")
        self.await_long_statement()
        self.daemon.process.send_signal(signal.SIGUSR1)
        time.sleep(1)
        self.assertTrue(self.daemon.runs(), "it waits for the run")
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log())
        client.communicate(timeout=120)
        self.write("c", C.format(slow=""))
        self.expect_completed("told to stop while it waited")


class KillPostgres(Kill):
    engine = Postgres


class KillServer(Scene):
    engine = OwnServer

    def setUp(self):
        super().setUp()
        self.addCleanup(self.database.stop)

    def test_server_dies_at_random_moments(self):
        self.at_random_moments("server killed", lambda _: self.database.crash())

    def test_server_is_restarted_at_random_moments(self):
        self.at_random_moments("server restarted", lambda _: self.database.restart())

    def test_server_is_restarted_between_two_runs(self):
        """The daemon goes on with new sessions, and nobody sees an error."""
        self.make()
        self.start_daemon()
        for revision in ("a", "b"):
            upgraded = self.mig("upgrade", revision)
            self.assertEqual(upgraded.returncode, 0, upgraded.output)
            self.database.restart()
        self.expect_completed("restarted between two revisions")


class BreakConnection(Scene):
    engine = Proxied

    def setUp(self):
        super().setUp()
        self.addCleanup(self.database.proxy.close)

    def test_connection_is_cut_at_random_moments(self):
        self.at_random_moments("connection cut", lambda _: self.database.proxy.cut())

    def test_connection_stalls_at_random_moments(self):
        def stall(_):
            with self.database.proxy.stalled():
                time.sleep(0.5)
        self.at_random_moments("connection stalled", stall)

    def test_connection_stalls_and_is_cut(self):
        def stall_and_cut(_):
            with self.database.proxy.stalled():
                time.sleep(0.2)
                self.database.proxy.cut()
        self.at_random_moments("connection stalled and cut", stall_and_cut)

    @unittest.skipUnless(SOAK, "takes a minute of waiting: with MIG_SOAK")
    def test_cancelled_run_gives_up_a_silent_server(self):
        """Else it would wait, and whoever cancels it, for as long as the server is silent."""
        self.make(600)
        self.start_daemon()
        client = self.start_mig("upgrade", "head")
        self.await_long_statement()
        with self.database.proxy.stalled():
            client.send_signal(signal.SIGINT)
            output = client.communicate(timeout=120)[0]
            self.assertEqual(client.returncode, 7, output)
            self.database.proxy.cut()
        self.write("c", C.format(slow=""))
        self.expect_completed("cancelled while the server was silent")


if __name__ == "__main__":
    del Kill, Scene
    main()
