#!/usr/bin/env python3
"""kill -9 of daemon and client while they upgrade: the next upgrade completes, and nothing ran twice.

    with_postgres kill_test.py [unittest arguments]

The environment says where things are: MIG_BINARY, MIGD_BINARY, KILL_AT_LIBRARY (tests/faults/kill_at.cc), and
MIG_TEST_POSTGRES_URL. With MIG_SOAK every single write is a moment to die, and MIG_SOAK random moments for each engine and
victim are tried; without it, samples of both.
"""
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

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

    def test_daemon_dies_during_a_long_statement(self):
        """What it left running on the server is awaited or ended, never overtaken."""
        self.make(5)
        self.start_daemon()
        client = self.start_mig("upgrade", "head")
        deadline = time.monotonic() + 60
        while "b2" not in self.database.ask("SELECT what FROM ran"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        time.sleep(0.5)
        self.end_daemon()
        client.communicate(timeout=120)
        self.write("c", C.format(slow=""))
        self.expect_completed("killed during a statement of five seconds")


class KillSqlite(Kill):
    engine = Sqlite


class KillPostgres(Kill):
    engine = Postgres


if __name__ == "__main__":
    del Kill
    print(f"MIG_SEED={SEED}", flush=True)
    unittest.main(argv=sys.argv, verbosity=2)
