#!/usr/bin/env python3
"""The disk of a database fills up while mig upgrades: the run says what the database says, and nothing of the revision took effect;
once there is room, the same command completes, and nothing ran twice.

    full_disk_test.py [unittest arguments]

The environment says where things are, as in scene.py, and FULL_DISK_LIBRARY (tests/faults/full_disk.cc), which makes the disk:
needs no mount. With MIG_SOAK the disk fills up at every single growth of a file; without it, at every power of two.
"""
import os
import shutil
import subprocess
import time
import unittest
import urllib.parse

import kill_mariadb_test
import kill_test
from scene import SOAK, C, Scene, main

LIBRARY = os.environ["FULL_DISK_LIBRARY"]
ROLLED_BACK = "c was rolled back: nothing of it took effect|nothing was changed"


class Sqlite(kill_test.Sqlite):
    """The one who writes is the daemon."""
    fat = ("CREATE TABLE fat AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200) "
           "SELECT i, hex(zeroblob(500)) AS x FROM n;\n")
    says = "disk is full"
    nothing = ROLLED_BACK

    def __init__(self, folder):
        super().__init__(folder)
        self.switch = folder / "full"
        self.of_daemon = {"LD_PRELOAD": LIBRARY, "MIG_FULL_DISK": str(self.path), "MIG_FULL_SWITCH": str(self.switch),
                          "ASAN_OPTIONS": "verify_asan_link_order=0"}


class Postgres(kill_test.OwnServer):
    fat = "CREATE TABLE fat AS SELECT i, repeat('x', 1000) AS x FROM generate_series(1, 200) i;\n"
    says = "No space left on device"
    nothing = ROLLED_BACK
    of_daemon = {}

    def start(self):
        self.switch = self.folder / "full"
        self.environment = {"LD_PRELOAD": LIBRARY, "MIG_FULL_DISK": str(self.folder / "data" / "base"),
                            "MIG_FULL_SWITCH": str(self.switch)}
        super().start()


class Mariadb(kill_mariadb_test.Mariadb):
    """A server of this test's own, whose whole data directory is on that disk."""
    fat = "CREATE TABLE fat AS SELECT seq AS i, repeat('x', 1000) AS x FROM seq_1_to_200;\n"
    says = r"28 \"No space left on device\"|135 \"No more room in record file\"|The table '\w+' is full"
    of_daemon = {}
    nothing = "0 of the 2 parts of c took effect"
    sizes = ["--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M", "--aria-log-file-size=8M"]

    def __init__(self, folder):
        self.folder = folder / "server"
        self.folder.mkdir()
        self.switch = self.folder / "full"
        self.socket = self.folder / "socket"
        self.server = urllib.parse.urlsplit(f"mariadb://root@/?unix_socket={urllib.parse.quote(str(self.socket), safe='')}")
        user = []
        if os.geteuid() == 0:
            user = ["setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups"]
            for path in (folder, self.folder):
                path.chmod(0o755)
            shutil.chown(self.folder, "mysql", "mysql")
        data = f"--datadir={self.folder / 'data'}"
        subprocess.run([*user, "mariadb-install-db", "--no-defaults", data, "--auth-root-authentication-method=normal",
                        "--skip-test-db", *self.sizes], check=True, stdout=subprocess.DEVNULL, cwd="/")
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(
                [*user, "mariadbd", "--no-defaults", data, f"--socket={self.socket}", "--skip-networking", *self.sizes],
                stdout=log, stderr=log, cwd="/",
                env={**os.environ, "LD_PRELOAD": LIBRARY, "MIG_FULL_DISK": str(self.folder / "data"),
                     "MIG_FULL_SWITCH": str(self.switch)})
        self.name = ""
        while not self.answers():
            time.sleep(0.02)

    def answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return self.ask("SELECT 1") == ["1"]
        except subprocess.CalledProcessError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()


class FullDisk(Scene):
    def make(self):
        self.database.switch.unlink(missing_ok=True)
        super().make()
        self.write("c", C.format(slow=self.database.fat))
        self.start_daemon(**self.database.of_daemon)

    def upgrade(self):
        return self.mig("upgrade", "head")

    def expect_full(self, upgraded, why):
        self.assertEqual(upgraded.returncode, 7, f"{why}: {upgraded.output}")
        self.assertRegex(upgraded.output, self.database.says, why)
        self.assertIn("[DATABASE_FULL]", upgraded.output, why)
        self.assertIn("state: ", upgraded.output, why)
        self.assertIn("make room on the disk of the database", upgraded.output, why)

    def test_nothing_of_the_revision_takes_effect(self):
        self.make()
        self.assertEqual(self.mig("upgrade", "b").returncode, 0)
        self.database.switch.write_text("0")
        for attempt in ("at first", "again"):
            upgraded = self.upgrade()
            self.expect_full(upgraded, attempt)
            self.assertRegex(upgraded.output, f"state: ({self.database.nothing})")
            self.assertEqual(self.mig("current").output.split()[:1], ["b"])
            self.assertEqual(self.database.ask("SELECT what FROM ran ORDER BY n"), ["a", "b1", "b2"])
        self.database.switch.unlink()
        self.expect_completed("after there was room")

    def test_wherever_it_fills_up(self):
        room, full = 0, 0
        while True:
            self.make()
            self.database.switch.write_text(str(room))
            upgraded = self.upgrade()
            self.database.switch.unlink()
            if upgraded.returncode == 0:
                break
            full += 1
            self.expect_full(upgraded, f"room to grow {room} times")
            self.expect_completed(f"room to grow {room} times")
            room = room + 1 if SOAK or room == 0 else 2 * room
        print(f"{self.engine.__name__}: the disk was full {full} times; room for {room} growths was enough")
        self.assertGreater(full, 3)


class FullDiskSqlite(FullDisk):
    engine = Sqlite


class FullDiskPostgres(FullDisk):
    engine = Postgres

    def setUp(self):
        super().setUp()
        self.addCleanup(self.database.stop)


class FullDiskMariadb(FullDiskPostgres):
    engine = Mariadb


if __name__ == "__main__":
    del FullDisk, Scene
    main()
