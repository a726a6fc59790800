"""The scene of the kill tests: a database, a work tree and a daemon; who dies, and what is promised afterwards: the next upgrade
completes, and nothing ran twice.

The environment says where things are: see daemon.py. With MIG_SOAK every single write is a moment to die, and MIG_SOAK random moments for each engine and victim, and as many rounds of a race, are
tried; without it, samples of all. MIG_SEED repeats the moments of an earlier run, which printed it.
"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import MIG, NEVER, Daemon

SOAK = int(os.environ.get("MIG_SOAK", "0"))
SEED = int(os.environ.get("MIG_SEED", "0")) or random.randrange(1 << 30)
MOMENTS = SOAK or 2
SAMPLES = 4  # of the writes of an upgrade

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


class Scene(unittest.TestCase):
    """A class of databases to try, and a round with each: a work tree, a daemon, and what has to be true in the end."""
    engine = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-kill-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = self.engine(self.folder)
        self.random = random.Random(SEED)
        self.daemon = Daemon(self.folder, None, settings="accept_urls = true\n")
        self.addCleanup(self.end_daemon)
        self.round = 0

    def make(self, slow=0):
        """A new database, work tree and store, in place of those of the last round: a store whose daemon was killed has 70 MB,
        which RocksDB set aside for its log."""
        self.end_daemon()
        if self.round:
            shutil.rmtree(self.tree, ignore_errors=True)
        self.round += 1
        self.database.make()
        self.tree = self.folder / f"tree{self.round}"
        self.daemon.store = self.tree / "store"
        (self.tree / "migrations").mkdir(parents=True)
        (self.tree / "mig.toml").write_text(
            f'[project]\nname = "shop"\nmigrations = "migrations"\n[daemon]\naddress = "unix:{self.daemon.socket}"\n'
            f'[targets.dev]\nurl = "{self.database.url}"\n')
        self.write("a", A)
        self.write("b", B.format(outside=self.database.outside))
        self.write("c", C.format(slow=self.database.slow(slow) if slow else ""))

    def write(self, name, text):
        (self.tree / "migrations" / f"{name}.sql").write_text(text)

    def start_daemon(self, **environment):
        self.daemon.start(lambda: self.mig("history").returncode == 0, **environment)

    def end_daemon(self):
        self.daemon.kill()

    def start_mig(self, *arguments, tree=None):
        return subprocess.Popen([MIG, *arguments], cwd=tree or self.tree, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end_client(self, client):
        """Its daemon is back at once if it died: a client goes on asking for some time."""
        if client.poll() is None and not self.daemon.runs():
            self.start_daemon()
        client.communicate(timeout=120)

    def mig(self, *arguments):
        client = self.start_mig(*arguments)
        client.output = client.communicate(timeout=120)[0]
        return client

    def expect_completed(self, why):
        """The next upgrade, by a daemon that starts anew where the last one died, completes."""
        if not self.daemon.runs():
            self.start_daemon()
        upgraded = self.mig("upgrade", "head")
        self.assertEqual(upgraded.returncode, 0, f"{why} (MIG_SEED={SEED}): {upgraded.output}\n{self.daemon.log()}")
        current = self.mig("current")
        self.assertEqual(current.output.split()[:1], ["c"], why)
        self.assertEqual(" ".join(self.database.ask("SELECT what FROM ran ORDER BY n")), UNDISTURBED, why)
        self.assertEqual(self.database.indexes(), ["i"], why)
        self.assertEqual(self.database.ask("SELECT count(*) FROM mig_journal"), ["0"], why)
        self.assertEqual(self.database.ask("SELECT name FROM mig_log WHERE outcome = 'done' ORDER BY sequence"),
                         ["a", "b", "c"], why)

    def at_random_moments(self, what, act):
        """An upgrade that takes some time, and this act at any moment of it."""
        duration = self.duration(0.2)
        self.expect_completed("undisturbed")
        for _ in range(MOMENTS):
            self.make(0.2)
            self.start_daemon()
            client = self.start_mig("upgrade", "head")
            moment = self.random.uniform(0, duration)
            time.sleep(moment)
            act(client)
            self.end_client(client)
            self.expect_completed(f"{what} after {moment:.4f} s of {duration:.4f}")
        print(f"{self.engine.__name__}: {what} at {MOMENTS} random moments")

    def await_long_statement(self):
        deadline = time.monotonic() + 60
        while "b2" not in self.database.ask("SELECT what FROM ran"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        time.sleep(0.5)

    def duration(self, slow):
        self.make(slow)
        self.start_daemon()
        begun = time.monotonic()
        self.mig("upgrade", "head")
        return time.monotonic() - begun


class Kill(Scene):
    """Those who die with every engine."""

    def upgrade_dying_at(self, call):
        """Runs an upgrade in a daemon that dies at this write, at the latest while it stops; how many writes there were,
        if it did not."""
        self.make()
        self.start_daemon(**self.daemon.dying_at(call))
        self.daemon.arm()
        doomed = self.daemon.process
        client = self.start_mig("upgrade", "head")
        while client.poll() is None and doomed.poll() is None:
            time.sleep(0.005)
        self.end_client(client)
        if doomed.poll() is not None:
            return None
        return self.daemon.writes() if self.daemon.stop() == 0 else None

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

    def test_daemon_dies_at_random_moments(self):
        self.at_random_moments("daemon killed", lambda _: self.end_daemon())

    def test_client_dies_at_random_moments(self):
        self.at_random_moments("client killed", subprocess.Popen.kill)

    def test_daemon_dies_during_a_long_statement(self):
        """What it left running on the server is awaited or ended, never overtaken."""
        self.make(5)
        self.start_daemon()
        client = self.start_mig("upgrade", "head")
        self.await_long_statement()
        self.end_daemon()
        self.end_client(client)
        self.write("c", C.format(slow=""))
        self.expect_completed("killed during a statement of five seconds")

    def start_second_daemon(self):
        """Another daemon over another store, with a work tree like the first one's; both, to be used together."""
        daemon = Daemon(self.folder, self.tree / "store2", "second", self.daemon.settings)
        tree = self.folder / f"tree{self.round}b"
        shutil.copytree(self.tree, tree, ignore=shutil.ignore_patterns("store*"))
        text = (tree / "mig.toml").read_text().replace(str(self.daemon.socket), str(daemon.socket))
        (tree / "mig.toml").write_text(text)
        daemon.start(lambda: True)
        return daemon, tree

    def race(self):
        """Two daemons with stores of their own, one database: all clients end well, each revision ran once."""
        self.make()
        self.start_daemon()
        daemon, tree = self.start_second_daemon()
        try:
            clients = [self.start_mig("upgrade", "head", tree=of) for of in (self.tree, tree) for _ in range(2)]
            for client in clients:
                output = client.communicate(timeout=120)[0]
                self.assertEqual(client.returncode, 0, output)
        finally:
            daemon.kill()
        self.expect_completed("after a race")

    def test_daemons_race(self):
        for _ in range(MOMENTS):
            self.race()
        print(f"{self.engine.__name__}: {MOMENTS} races of two daemons and four clients")


def main():
    print(f"MIG_SEED={SEED}", flush=True)
    unittest.main(module="__main__", argv=sys.argv, verbosity=2)
