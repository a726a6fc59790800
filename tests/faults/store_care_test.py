#!/usr/bin/env python3
"""The care of the store under faults: kill -9 of the daemon at its writes, and full disks, during gc, backup and import.

    store_care_test.py [unittest arguments]

The environment says where things are: see daemon.py. With MIG_SOAK every single write is a moment to die; without it, a sample.
Afterwards `mig fsck` finds nothing, and nothing that was there is gone.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from daemon import MIG, MIGD, NEVER, Daemon

SOAK = int(os.environ.get("MIG_SOAK", "0"))
SEED = int(os.environ.get("MIG_SEED", "0")) or random.randrange(1 << 30)
SAMPLES = 3
REVISIONS = 12


class Scene:
    """A daemon with a project of a few revisions, on a ref and in a database, and as many that nobody needs any more."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.tree = self.folder / "tree"
        self.daemon = Daemon(self.folder, self.folder / "store", settings="accept_urls = true\n")
        (self.tree / "migrations").mkdir(parents=True)
        (self.tree / "mig.toml").write_text(
            f'[project]\nname = "shop"\n[daemon]\naddress = "unix:{self.daemon.socket}"\n'
            f'[targets.dev]\nurl = "sqlite:{self.folder}/dev.db"\n')

    def write(self, comment):
        for number in range(REVISIONS):
            parent = f"-- parents: r{number - 1}\n" if number else ""
            (self.tree / "migrations" / f"r{number}.sql").write_text(
                f"{parent}-- mig:up\n-- {comment}\nCREATE TABLE t{number} (id integer);\n-- mig:down\nDROP TABLE t{number};\n")

    def fill(self):
        """Each revision as edited once: the first edition is garbage now."""
        self.write("first")
        self.expect("upgrade", "head")
        self.write("second")
        self.expect("reapply")

    def start(self, **environment):
        self.daemon.start(lambda: self.mig("daemon").returncode == 0, **environment)

    def mig(self, *arguments):
        return subprocess.run([MIG, *arguments], cwd=self.tree, text=True, stdin=subprocess.DEVNULL, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def expect(self, *arguments):
        answer = self.mig(*arguments)
        if answer.returncode != 0:
            raise AssertionError(f"mig {' '.join(arguments)} ended with {answer.returncode}: {answer.stdout}")
        return answer.stdout

    def objects(self):
        """What the store has of the second edition."""
        names = [f"r{number}" for number in range(REVISIONS)]
        return {name: self.expect("cat-file", name) for name in names}


class StoreCareTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.mkdtemp(prefix="mig-care-")
        scene = Scene(cls.made)
        scene.start()
        scene.fill()
        cls.texts = scene.objects()
        scene.expect("export", str(pathlib.Path(cls.made) / "shop.mig"))
        scene.daemon.stop()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.made, ignore_errors=True)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-care-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.random = random.Random(SEED)

    def scene(self, with_store=True):
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        scene = Scene(self.folder)
        self.addCleanup(scene.daemon.kill)
        scene.write("second")
        shutil.copy(pathlib.Path(self.made) / "dev.db", self.folder)
        if with_store:
            shutil.copytree(pathlib.Path(self.made) / "store", scene.daemon.store)
        return scene

    def check(self, scene, why):
        if not scene.daemon.runs():
            scene.start()
        answer = scene.mig("fsck")
        self.assertEqual(answer.returncode, 0, f"{why} (MIG_SEED={SEED}): {answer.stdout}")
        self.assertEqual(scene.objects(), self.texts, why)

    def dying_at(self, call, arguments, with_store):
        """Runs a command with a daemon that dies at this write, at the latest while it stops; how many there were, if it did
        not."""
        scene = self.scene(with_store)
        scene.start(**scene.daemon.dying_at(call))
        scene.daemon.arm()
        scene.mig(*arguments)
        if not scene.daemon.runs():
            return scene, None
        status = scene.daemon.stop()
        if call != NEVER and status == -signal.SIGKILL:
            return scene, None
        self.assertEqual(status, 0)
        return scene, scene.daemon.writes()

    def die_everywhere(self, arguments, after, with_store=True):
        scene, total = self.dying_at(NEVER, arguments, with_store)
        after(scene, "undisturbed")
        scene.daemon.kill()
        calls = range(1, total + 1) if SOAK else sorted(self.random.sample(range(1, total), min(SAMPLES, total - 1)))
        for call in calls:
            scene, _ = self.dying_at(call, arguments, with_store)
            after(scene, f"killed at write {call} of {total}")
            scene.daemon.kill()
        print(f"{arguments[0]}: killed at {len(calls)} of {total} writes")

    def test_killed_while_it_collects_garbage(self):
        def after(scene, why):
            self.check(scene, why)
            scene.expect("gc", "--prune", "--grace", "0")
            left = json.loads(scene.expect("gc", "--grace", "0", "--json", "-q").splitlines()[-1])
            self.assertEqual(left["counts"]["removed"], "0", why)
            self.check(scene, why)
        self.die_everywhere(("gc", "--prune", "--grace", "0"), after)

    def test_killed_while_it_backs_up(self):
        def after(scene, why):
            self.check(scene, why)
            if not (self.folder / "backup").exists():
                scene.expect("backup", str(self.folder / "backup"))
            scene.daemon.stop()
            restored = subprocess.run([MIGD, "restore-store", self.folder / "backup", "--store", self.folder / "again"],
                                      capture_output=True, text=True, check=False)
            self.assertEqual(restored.returncode, 0, restored.stderr)
            scene.daemon.store = self.folder / "again"
            self.check(scene, why)
        self.die_everywhere(("backup", str(self.folder / "backup")), after)

    def test_killed_while_it_imports(self):
        exported = pathlib.Path(self.made) / "shop.mig"

        def after(scene, why):
            if not scene.daemon.runs():
                scene.start()
            answer = scene.mig("fsck")
            self.assertEqual(answer.returncode, 0, f"{why}: {answer.stdout}")
            scene.expect("import", str(exported))
            self.check(scene, why)
            scene.expect("export", str(self.folder / "again.mig"))
            self.assertEqual((self.folder / "again.mig").read_bytes(), exported.read_bytes(), why)
        self.die_everywhere(("import", str(exported)), after, with_store=False)

    def test_a_full_disk_loses_nothing(self):
        scene = self.scene()
        small = self.folder / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", small], check=False).returncode != 0:
            self.skipTest("may not mount")
        self.addCleanup(subprocess.run, ["umount", small], check=False)
        scene.start()
        answer = scene.mig("backup", str(small / "backup"))
        self.assertEqual(answer.returncode, 7, answer.stdout)
        self.assertIn("STORE_FULL", answer.stdout)
        self.assertEqual(list(small.iterdir()), [], "half a copy is no copy")
        answer = scene.mig("export", str(small / "a.mig"))
        self.assertIn(answer.returncode, (0, 2))
        self.check(scene, "after a full disk")

    def test_restoring_overwrites_nothing_and_notices_damage(self):
        scene = self.scene()
        scene.start()
        scene.expect("backup", str(self.folder / "backup"))
        scene.daemon.stop()

        def restore(to):
            return subprocess.run([MIGD, "restore-store", self.folder / "backup", "--store", to], capture_output=True,
                                  text=True, check=False)
        self.assertIn("there is something at", restore(scene.daemon.store).stderr)
        [seal] = (self.folder / "backup").glob("SEAL")
        whole = seal.read_bytes()
        seal.write_bytes(bytes(len(whole)))
        answer = restore(self.folder / "new")
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn("SEAL", answer.stderr)
        self.assertIn("take another one", answer.stderr)
        self.assertFalse((self.folder / "new").exists())
        seal.write_bytes(whole)
        tables = sorted((self.folder / "backup" / "db").glob("*.sst"), key=lambda path: path.stat().st_size)
        bytes_of = bytearray(tables[-1].read_bytes())
        bytes_of[len(bytes_of) // 3] ^= 1
        tables[-1].unlink()  # it may be a hard link
        tables[-1].write_bytes(bytes_of)
        answer = restore(self.folder / "new")
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn(".sst", answer.stderr)
        self.assertFalse((self.folder / "new").exists())


if __name__ == "__main__":
    print(f"MIG_SEED={SEED}", flush=True)
    unittest.main(argv=sys.argv, verbosity=2)
