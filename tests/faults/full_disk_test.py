#!/usr/bin/env python3
"""The disk of a database fills up while mig upgrades: the run says what the database says, and nothing of the revision took effect;
once there is room, the same command completes, and nothing ran twice.

    full_disk_test.py [unittest arguments]

The environment says where things are, as in scene.py, and FULL_DISK_LIBRARY (tests/faults/full_disk.cc), which makes the disk:
needs no mount. With MIG_SOAK the disk fills up at every single growth of a file; without it, at every power of two.
"""
import os
import unittest

import kill_test
from scene import SOAK, C, Scene, main

LIBRARY = os.environ["FULL_DISK_LIBRARY"]


class Sqlite(kill_test.Sqlite):
    """The one who writes is the daemon."""
    fat = ("CREATE TABLE fat AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200) "
           "SELECT i, hex(zeroblob(500)) AS x FROM n;\n")
    says = "disk is full"

    def __init__(self, folder):
        super().__init__(folder)
        self.switch = folder / "full"
        self.of_daemon = {"LD_PRELOAD": LIBRARY, "MIG_FULL_DISK": str(self.path), "MIG_FULL_SWITCH": str(self.switch),
                          "ASAN_OPTIONS": "verify_asan_link_order=0"}


class Postgres(kill_test.OwnServer):
    fat = "CREATE TABLE fat AS SELECT i, repeat('x', 1000) AS x FROM generate_series(1, 200) i;\n"
    says = "No space left on device"
    of_daemon = {}

    def start(self):
        self.switch = self.folder / "full"
        self.environment = {"LD_PRELOAD": LIBRARY, "MIG_FULL_DISK": str(self.folder / "data" / "base"),
                            "MIG_FULL_SWITCH": str(self.switch)}
        super().start()


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
        self.assertIn(self.database.says, upgraded.output, why)
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
            self.assertRegex(upgraded.output, "state: (c was rolled back: nothing of it took effect|nothing was changed)")
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


if __name__ == "__main__":
    del FullDisk, Scene
    main()
