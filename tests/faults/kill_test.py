#!/usr/bin/env python3
"""kill -9 of daemon, client and server while they upgrade, connections that break, two daemons that race: the next upgrade
completes, and nothing ran twice.

    with_postgres kill_test.py [unittest arguments]

The environment says where things are: MIG_BINARY, MIGD_BINARY, KILL_AT_LIBRARY (tests/faults/kill_at.cc), and
MIG_TEST_POSTGRES_URL. With MIG_SOAK every single write is a moment to die, and MIG_SOAK random moments for each engine and
victim, and as many rounds of a race, are tried; without it, samples of all.
"""
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

MIG, MIGD, LIBRARY = (os.environ[name] for name in ("MIG_BINARY", "MIGD_BINARY", "KILL_AT_LIBRARY"))
SOAK = int(os.environ.get("MIG_SOAK", "0"))
SEED = int(os.environ.get("MIG_SEED", "0")) or random.randrange(1 << 30)
MOMENTS = SOAK or 2
SAMPLES = 4  # of the writes of an upgrade
NEVER = 1 << 40

A = """-- mig:up
CREATE TABLE a (id integer);
INSERT INTO ran (what) VALUES ('a');

-- mig:down
DROP TABLE a;
"""
B = """-- parents: a

-- mig:up
INSERT INTO ran (what) VALUES ('b1');

-- mig:up transaction=off
{outside}
-- mig:up
INSERT INTO ran (what) VALUES ('b2');

-- mig:down
DROP INDEX i;
"""
C = """-- parents: b

-- mig:up
{slow}
INSERT INTO ran (what) VALUES ('c');

-- mig:verify
SELECT count(*) = 4 FROM ran;

-- mig:down
"""
UNDISTURBED = "a b1 b2 c"


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
                 "listen_addresses=", "-c", "fsync=off"], stdout=log, stderr=log, cwd="/")
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
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

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


class Kill(unittest.TestCase):
    engine = None  # of the subclasses

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-kill-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = self.engine(self.folder)
        self.random = random.Random(SEED)
        self.daemon = None
        self.addCleanup(self.end_daemon)
        self.round = 0

    # The scene.

    def make(self, slow=0):
        """A new database, work tree and store."""
        self.end_daemon()
        self.round += 1
        self.database.make()
        self.tree = self.folder / f"tree{self.round}"
        (self.tree / "migrations").mkdir(parents=True)
        (self.tree / "mig.toml").write_text(
            f'[project]\nname = "shop"\nmigrations = "migrations"\n[daemon]\naddress = "unix:{self.socket()}"\n'
            f'[targets.dev]\nurl = "{self.database.url}"\n')
        self.write("a", A)
        self.write("b", B.format(outside=self.database.outside))
        self.write("c", C.format(slow=self.database.slow(slow) if slow else ""))

    def write(self, name, text):
        (self.tree / "migrations" / f"{name}.sql").write_text(text)

    def socket(self):
        return self.folder / "migd.sock"

    def start_daemon(self, **environment):
        self.end_daemon()
        config = self.folder / "migd.toml"
        config.write_text(f'store = "{self.tree}/store"\nlisten = ["unix:{self.socket()}"]\naccept_urls = true\n')
        with open(self.folder / "migd.log", "a") as log:
            self.daemon = subprocess.Popen([MIGD, "--config", str(config)], stdout=log, stderr=log,
                                           env={**os.environ, **environment})
        deadline = time.monotonic() + 30
        while not self.socket().exists() or self.mig("history").returncode != 0:
            self.assertLess(time.monotonic(), deadline, self.log())
            time.sleep(0.01)

    def end_daemon(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon = None
        self.socket().unlink(missing_ok=True)

    def log(self):
        return (self.folder / "migd.log").read_text()

    def start_mig(self, *arguments):
        return subprocess.Popen([MIG, *arguments], cwd=self.tree, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def mig(self, *arguments):
        client = self.start_mig(*arguments)
        client.output = client.communicate(timeout=120)[0]
        return client

    # The promises.

    def expect_completed(self, why):
        """The next upgrade, by a daemon that starts anew where the last one died, completes."""
        if self.daemon is None or self.daemon.poll() is not None:
            self.start_daemon()
        upgraded = self.mig("upgrade", "head")
        self.assertEqual(upgraded.returncode, 0, f"{why} (MIG_SEED={SEED}): {upgraded.output}\n{self.log()}")
        current = self.mig("current")
        self.assertEqual(current.output.split()[:1], ["c"], why)
        self.assertEqual(" ".join(self.database.ask("SELECT what FROM ran ORDER BY n")), UNDISTURBED, why)
        self.assertEqual(self.database.indexes(), ["i"], why)
        self.assertEqual(self.database.ask("SELECT count(*) FROM mig_journal"), ["0"], why)
        self.assertEqual(self.database.ask("SELECT name FROM mig_log WHERE outcome = 'done' ORDER BY sequence"),
                         ["a", "b", "c"], why)

    # The deaths.

    def upgrade_dying_at(self, call):
        """Runs an upgrade in a daemon that dies at this write, at the latest while it stops; how many writes there were,
        if it did not."""
        self.make()
        armed, count = self.folder / "armed", self.folder / "count"
        armed.unlink(missing_ok=True)
        count.unlink(missing_ok=True)
        self.start_daemon(LD_PRELOAD=LIBRARY, MIG_KILL_ARMED=str(armed), MIG_KILL_AT=str(call),
                          MIG_KILL_COUNT=str(count), ASAN_OPTIONS="verify_asan_link_order=0")
        armed.touch()
        client = self.start_mig("upgrade", "head")
        client.communicate(timeout=120)
        if self.daemon.poll() is not None:
            return None
        self.daemon.send_signal(signal.SIGTERM)
        return int(count.read_text()) if self.daemon.wait(60) == 0 else None

    def test_daemon_dies_at_every_write(self):
        total = self.upgrade_dying_at(NEVER)
        self.expect_completed("undisturbed")
        self.assertGreater(total, 20)
        calls = range(1, total + 1) if SOAK else sorted(self.random.sample(range(1, total), SAMPLES))
        died = 0
        for call in calls:
            if self.upgrade_dying_at(call) is None:
                died += 1
            self.expect_completed(f"killed at write {call} of {total}")
        print(f"{self.engine.__name__}: daemon killed at {died} of {total} writes")
        self.assertGreater(died, len(calls) // 2)

    def duration(self, slow):
        self.make(slow)
        self.start_daemon()
        begun = time.monotonic()
        self.mig("upgrade", "head")
        return time.monotonic() - begun

    def test_daemon_dies_at_random_moments(self):
        duration = self.duration(0.2)
        for _ in range(MOMENTS):
            self.make(0.2)
            self.start_daemon()
            client = self.start_mig("upgrade", "head")
            moment = self.random.uniform(0, duration)
            time.sleep(moment)
            self.end_daemon()
            client.communicate(timeout=120)
            self.expect_completed(f"daemon killed after {moment:.4f} s of {duration:.4f}")
        print(f"{self.engine.__name__}: daemon killed at {MOMENTS} random moments")

    def test_client_dies_at_random_moments(self):
        duration = self.duration(0.2)
        for _ in range(MOMENTS):
            self.make(0.2)
            self.start_daemon()
            client = self.start_mig("upgrade", "head")
            moment = self.random.uniform(0, duration)
            time.sleep(moment)
            client.kill()
            client.communicate()
            self.expect_completed(f"client killed after {moment:.4f} s of {duration:.4f}")
        print(f"{self.engine.__name__}: client killed at {MOMENTS} random moments")

    def await_long_statement(self):
        deadline = time.monotonic() + 60
        while "b2" not in self.database.ask("SELECT what FROM ran"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        time.sleep(0.5)

    def test_daemon_dies_during_a_long_statement(self):
        """What it left running on the server is awaited or ended, never overtaken."""
        self.make(5)
        self.start_daemon()
        client = self.start_mig("upgrade", "head")
        self.await_long_statement()
        self.end_daemon()
        client.communicate(timeout=120)
        self.write("c", C.format(slow=""))
        self.expect_completed("killed during a statement of five seconds")


    def race(self):
        """Two daemons with stores of their own, one work tree and database: all clients end well, each revision ran once."""
        self.make()
        self.start_daemon()
        second = self.folder / "second.sock"
        config = self.folder / "second.toml"
        config.write_text(f'store = "{self.tree}/store2"\nlisten = ["unix:{second}"]\naccept_urls = true\n')
        tree = self.folder / f"tree{self.round}b"
        shutil.copytree(self.tree, tree, ignore=shutil.ignore_patterns("store*"))
        text = (tree / "mig.toml").read_text().replace(str(self.socket()), str(second))
        (tree / "mig.toml").write_text(text)
        with open(self.folder / "migd.log", "a") as log:
            other = subprocess.Popen([MIGD, "--config", str(config)], stdout=log, stderr=log)
        try:
            while not second.exists():
                time.sleep(0.01)
            clients = [self.start_mig("upgrade", "head"), self.start_mig("upgrade", "head")]
            clients += [subprocess.Popen([MIG, "upgrade", "head"], cwd=tree, text=True, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(2)]
            for client in clients:
                output = client.communicate(timeout=120)[0]
                self.assertEqual(client.returncode, 0, output)
        finally:
            other.kill()
            other.wait()
            second.unlink(missing_ok=True)
        self.expect_completed("after a race")

    def test_daemons_race(self):
        for _ in range(MOMENTS):
            self.race()
        print(f"{self.engine.__name__}: {MOMENTS} races of two daemons and four clients")


class KillSqlite(Kill):
    engine = Sqlite


class KillPostgres(Kill):
    engine = Postgres


class KillServer(Kill):
    """Only the server's own deaths."""
    engine = OwnServer
    test_daemon_dies_at_every_write = test_daemon_dies_at_random_moments = None
    test_client_dies_at_random_moments = test_daemon_dies_during_a_long_statement = test_daemons_race = None

    def setUp(self):
        super().setUp()
        self.addCleanup(self.database.stop)

    def test_server_dies_at_random_moments(self):
        duration = self.duration(0.2)
        for _ in range(MOMENTS):
            self.make(0.2)
            self.start_daemon()
            client = self.start_mig("upgrade", "head")
            moment = self.random.uniform(0, duration)
            time.sleep(moment)
            self.database.crash()
            client.communicate(timeout=120)
            self.expect_completed(f"server killed after {moment:.4f} s of {duration:.4f}")
        print(f"{self.engine.__name__}: server killed at {MOMENTS} random moments")


class BreakConnection(Kill):
    """Only the deaths of connections."""
    engine = Proxied
    test_daemon_dies_at_every_write = test_daemon_dies_at_random_moments = None
    test_client_dies_at_random_moments = test_daemon_dies_during_a_long_statement = test_daemons_race = None

    def setUp(self):
        super().setUp()
        self.addCleanup(self.database.proxy.close)

    def broken(self, what, act):
        duration = self.duration(0.2)
        for _ in range(MOMENTS):
            self.make(0.2)
            self.start_daemon()
            client = self.start_mig("upgrade", "head")
            moment = self.random.uniform(0, duration)
            time.sleep(moment)
            act(self.database.proxy)
            client.communicate(timeout=120)
            self.expect_completed(f"connection {what} after {moment:.4f} s of {duration:.4f}")
        print(f"{self.engine.__name__}: connection {what} at {MOMENTS} random moments")

    def test_connection_is_cut_at_random_moments(self):
        self.broken("cut", Proxy.cut)

    def test_connection_stalls_at_random_moments(self):
        def stall(proxy):
            proxy.flowing.clear()
            time.sleep(0.5)
            proxy.flowing.set()
        self.broken("stalled", stall)

    def test_connection_stalls_and_is_cut(self):
        def stall_and_cut(proxy):
            proxy.flowing.clear()
            time.sleep(0.2)
            proxy.cut()
            proxy.flowing.set()
        self.broken("stalled and cut", stall_and_cut)

    @unittest.skipUnless(SOAK, "takes a minute of waiting: with MIG_SOAK")
    def test_cancelled_run_gives_up_a_silent_server(self):
        """Else it would wait, and whoever cancels it, for as long as the server is silent."""
        self.make(600)
        self.start_daemon()
        client = self.start_mig("upgrade", "head")
        self.await_long_statement()
        self.database.proxy.flowing.clear()
        client.send_signal(signal.SIGINT)
        output = client.communicate(timeout=120)[0]
        self.assertEqual(client.returncode, 7, output)
        self.database.proxy.cut()
        self.database.proxy.flowing.set()
        self.write("c", C.format(slow=""))
        self.expect_completed("cancelled while the server was silent")


if __name__ == "__main__":
    del Kill
    print(f"MIG_SEED={SEED}", flush=True)
    unittest.main(argv=sys.argv, verbosity=2)
