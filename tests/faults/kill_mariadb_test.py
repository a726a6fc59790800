#!/usr/bin/env python3
"""kill -9 of daemon, client and server while they upgrade MariaDB, where a revision is no transaction: the next upgrade completes
without anybody's help, and schema, rows and log equal those of an undisturbed one.

    with_mariadb kill_mariadb_test.py [unittest arguments]

The scene, promises and deaths are those of scene.py; MIG_TEST_MARIADB_URL and MIG_TEST_MARIADB_PID say where the server is, which starts
again when it is killed.
"""
import itertools
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

from scene import Kill, main

# Between statements that commit by themselves stand rows, and settings that later statements rely on.
B = """-- parents: a

-- mig:up
SET @what = 'b1';
INSERT INTO ran (what) VALUES (@what);
CREATE TABLE b (id integer PRIMARY KEY, a integer);
ALTER TABLE b ADD COLUMN price decimal(10, 2) NOT NULL DEFAULT 0, ADD KEY prices (price);
{outside}
CREATE TRIGGER watch BEFORE INSERT ON b FOR EACH ROW BEGIN SET new.price = 1; END;
ALTER TABLE b MODIFY price decimal(12, 2) NOT NULL DEFAULT 0;
RENAME TABLE b TO goods;
INSERT INTO ran (what) SELECT replace(@what, '1', '2');

-- mig:down
DROP TABLE goods;
"""


class Mariadb:
    outside = "CREATE INDEX i ON a (id);\nANALYZE TABLE a;\n"
    numbers = itertools.count(1)  # of databases, over all tests

    def __init__(self, _):
        self.server = urllib.parse.urlsplit(os.environ["MIG_TEST_MARIADB_URL"])
        self.socket = urllib.parse.parse_qs(self.server.query)["unix_socket"][0]
        self.name = ""

    @staticmethod
    def slow(seconds):
        return f"SELECT SLEEP({seconds});"

    def ask(self, sql):
        database = [self.name] if self.name else []
        return subprocess.run(["mariadb", "--no-defaults", "--user=root", f"--socket={self.socket}", "-BNe", sql, *database],
                              check=True, text=True, capture_output=True).stdout.split()

    def make(self):
        self.name = ""
        name = f"shop_{os.getpid()}_{next(self.numbers)}"
        self.ask(f"CREATE DATABASE {name}")
        self.name = name
        self.url = f"mariadb://root@/{name}?{self.server.query}"
        self.ask("CREATE TABLE ran (n bigint AUTO_INCREMENT PRIMARY KEY, what text)")

    def indexes(self):
        return self.ask("SELECT index_name FROM information_schema.statistics WHERE table_schema = database() AND table_name = 'a'")

    def schema(self):
        """Everything but mig's own tables and the next values of counters."""
        dump = subprocess.run(["mariadb-dump", "--no-defaults", "--user=root", f"--socket={self.socket}", "--skip-comments", "--no-data",
                               "--triggers", self.name], check=True, text=True, capture_output=True).stdout
        lines = [line.split(" AUTO_INCREMENT=")[0] for line in dump.split("\n")]
        return "\n".join(lines)

    def crash(self):
        """The server at once and without farewell; then its recovery."""
        pid = pathlib.Path(os.environ["MIG_TEST_MARIADB_PID"])
        os.kill(int(pid.read_text()), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("SELECT 1")
                return
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


class KillMariadb(Kill):
    engine = Mariadb
    undisturbed = None

    def make(self, slow=0):
        super().make(slow)
        self.write("b", B.format(outside=self.database.outside))

    def expect_completed(self, why):
        super().expect_completed(why)
        schema = self.database.schema()
        if KillMariadb.undisturbed is None:
            KillMariadb.undisturbed = schema
        self.assertIn("`goods`", schema)
        self.assertEqual(schema, KillMariadb.undisturbed, why)

    def test_server_dies_at_random_moments(self):
        self.at_random_moments("server killed", lambda _: self.database.crash())


if __name__ == "__main__":
    del Kill
    main()
