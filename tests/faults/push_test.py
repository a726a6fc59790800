#!/usr/bin/env python3
"""Pushes while the shared daemon dies, its disk fills up, or everybody pushes at once.

    push_test.py [unittest arguments]

The environment says where things are: see daemon.py. What must hold: a push
that was acknowledged is there, whole, after the daemon starts again; one that was not is there wholly or not at all, and
repeating it completes it; `mig fsck` finds nothing at any time. MIG_SOAK is how many deaths, and clients at once, are tried; without it, a few.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import MIG, MIGD, NEVER, Daemon

SOAK = int(os.environ.get("MIG_SOAK", "0"))
SEED = int(os.environ.get("MIG_SEED", "0")) or random.randrange(1 << 30)
DEATHS = SOAK or 4
CLIENTS = SOAK or 6
REFUSED, UNREACHABLE = 5, 7


def revision(name, parent, filling=""):
    parents = f"-- parents: {parent}\n" if parent else ""
    return f"{parents}\n-- mig:up\nCREATE TABLE {name} (id integer);\n{filling}\n-- mig:down\nDROP TABLE {name};\n"


class Pushes(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-push-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.random = random.Random(SEED)
        self.daemon = Daemon(self.folder, self.folder / "store", "shared")
        self.trees = []
        self.addCleanup(self.end_everything)

    # The scene.

    def start_daemon(self, file_limit=None, **environment):
        self.daemon.start(lambda: self.mig(self.looker(), "refs").returncode == 0, file_limit, **environment)

    def end_everything(self):
        self.daemon.kill()
        for tree in self.trees:
            self.mig(tree, "daemon", "stop")

    def tree(self, name, daemon="local"):
        """A work tree; its own daemon is a private one, or the shared one."""
        tree = self.folder / name
        if not tree.exists():
            (tree / "migrations").mkdir(parents=True)
            (tree / "mig.toml").write_text(
                f'[project]\nname = "shop"\n[daemon]\naddress = "{daemon}"\n[remotes.origin]\naddress = "unix:{self.daemon.socket}"\n')
            if daemon == "local":
                self.trees.append(tree)
        return tree

    def looker(self):
        return self.tree("looker", f"unix:{self.daemon.socket}")

    def start_mig(self, tree, *arguments):
        return subprocess.Popen([MIG, *arguments], cwd=tree, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                env={**os.environ, "MIG_MIGD": MIGD, "GIT_CEILING_DIRECTORIES": str(self.folder)})

    def mig(self, tree, *arguments):
        client = self.start_mig(tree, *arguments)
        client.output = client.communicate(timeout=300)[0]
        return client

    def add(self, tree, names, parent, filling=""):
        for name in names:
            (tree / "migrations" / f"{name}.sql").write_text(revision(name, parent, filling))
            parent = name
        return parent

    def heads(self):
        """Names of the heads of the shared ref `main`, as the daemon says."""
        shown = self.mig(self.looker(), "refs", "--json")
        self.assertEqual(shown.returncode, 0, shown.output)
        refs = json.loads(shown.output)["refs"]
        return [head["name"] for ref in refs if ref["name"] == "main" for head in ref["heads"]]

    def expect_whole(self, tree, why):
        """A clone of the shared history has the files of this work tree, byte for byte."""
        copy = self.folder / "copy"
        cloned = self.mig(self.folder, "clone", f"unix:{self.daemon.socket}", "shop", str(copy))
        self.trees.append(copy)
        self.assertEqual(cloned.returncode, 0, f"{why}: {cloned.output}\n{self.daemon.log()}")
        files = {path.name: path.read_bytes() for path in (tree / "migrations").iterdir()}
        self.assertEqual({path.name: path.read_bytes() for path in (copy / "migrations").iterdir()}, files, why)
        self.mig(copy, "daemon", "stop")
        self.trees.remove(copy)
        shutil.rmtree(copy)

    def expect_sound(self, why):
        """Every revision is whole, and every ref agrees with its log."""
        checked = self.mig(self.looker(), "fsck")
        self.assertEqual(checked.returncode, 0, f"{why}: {checked.output}")

    # The deaths.

    def writes_of(self, tree):
        self.start_daemon(**self.daemon.dying_at(NEVER))
        self.daemon.arm()
        pushed = self.mig(tree, "push")
        self.assertEqual(pushed.returncode, 0, pushed.output)
        self.assertEqual(self.daemon.stop(), 0)
        return self.daemon.writes()

    def expect_kept(self, tree, before, after, client, why):
        self.start_daemon()
        now = self.heads()
        if client.returncode == 0:
            self.assertEqual(now, [after], f"acknowledged, and gone: {why}")
        else:
            self.assertEqual(client.returncode, UNREACHABLE, f"{why}: {client.output}")
            self.assertIn(now, ([before], [after]), why)
        self.expect_sound(why)
        again = self.mig(tree, "push")
        self.assertEqual(again.returncode, 0, f"{why}: {again.output}")
        self.assertEqual(self.heads(), [after], why)

    def test_daemon_dies_at_chosen_writes(self):
        tree = self.tree("team")
        head = self.add(tree, [f"first{n}" for n in range(120)], None)
        total = self.writes_of(tree)
        died = 0
        for number in range(DEATHS):
            why = f"death {number} (MIG_SEED={SEED})"
            before, head = head, self.add(tree, [f"d{number}_{n}" for n in range(120)], head)
            self.start_daemon(**self.daemon.dying_at(self.random.randint(1, max(total, 2))))
            self.daemon.arm()
            client = self.mig(tree, "push")
            died += not self.daemon.runs()
            self.expect_kept(tree, before, head, client, why)
        self.expect_whole(tree, "at the end")
        print(f"daemon killed at {died} chosen writes of {DEATHS} pushes; an undisturbed one has {total}")
        self.assertGreater(died, 0)

    def test_daemon_dies_at_random_moments(self):
        tree = self.tree("team")
        head = self.add(tree, [f"first{n}" for n in range(120)], None)
        self.start_daemon()
        begun = time.monotonic()
        self.assertEqual(self.mig(tree, "push").returncode, 0)
        duration = time.monotonic() - begun
        for number in range(DEATHS):
            before, head = head, self.add(tree, [f"d{number}_{n}" for n in range(120)], head)
            client = self.start_mig(tree, "push")
            moment = self.random.uniform(0, duration)
            time.sleep(moment)
            self.daemon.kill()
            client.output = client.communicate(timeout=300)[0]
            self.expect_kept(tree, before, head, client, f"killed after {moment:.4f} s (MIG_SEED={SEED})")
        self.expect_whole(tree, "at the end")

    def test_client_dies_at_random_moments(self):
        tree = self.tree("team")
        head = self.add(tree, [f"first{n}" for n in range(120)], None)
        self.start_daemon()
        begun = time.monotonic()
        self.assertEqual(self.mig(tree, "push").returncode, 0)
        duration = time.monotonic() - begun
        for number in range(DEATHS):
            before, head = head, self.add(tree, [f"d{number}_{n}" for n in range(120)], head)
            client = self.start_mig(tree, "push")
            moment = self.random.uniform(0, duration)
            time.sleep(moment)
            client.kill()
            client.communicate()
            why = f"client killed after {moment:.4f} s (MIG_SEED={SEED})"
            self.assertIn(self.heads(), ([before], [head]), why)
            self.expect_sound(why)
            again = self.mig(tree, "push")
            self.assertEqual(again.returncode, 0, f"{why}: {again.output}")
            self.assertEqual(self.heads(), [head], why)
        self.expect_whole(tree, "at the end")

    # A disk that is full. A limit of the size of files stands for it: the kernel refuses the write in its middle.

    def test_a_disk_that_fills_up(self):
        tree = self.tree("team")
        before = self.add(tree, ["first"], None)
        self.start_daemon()
        self.assertEqual(self.mig(tree, "push").returncode, 0)
        head = self.add(tree, [f"r{n}" for n in range(300)], before, filling="-- " + "x" * 10_000 + "\n")
        self.start_daemon(file_limit=1 << 20)
        refused = self.mig(tree, "push")
        self.assertEqual(refused.returncode, UNREACHABLE, refused.output)
        self.assertRegex(refused.output, "STORE_FULL|File too large")
        self.assertEqual(self.heads(), [before])
        self.start_daemon()
        self.assertEqual(self.heads(), [before])
        self.expect_sound("after the disk was full")
        again = self.mig(tree, "push")
        self.assertEqual(again.returncode, 0, again.output)
        self.assertEqual(self.heads(), [head])
        self.expect_whole(tree, "after there was room")

    # Everybody at once.

    def test_of_many_clients_at_once_one_wins(self):
        self.start_daemon()
        shared = f"unix:{self.daemon.socket}"
        first = self.tree("first", shared)
        self.add(first, ["root"], None)
        pushed = self.mig(first, "push")
        self.assertEqual(pushed.returncode, 0, pushed.output)
        trees = []
        for number in range(CLIENTS):
            trees.append(self.tree(f"team{number}", shared))
            self.add(trees[-1], ["root"], None)
            self.add(trees[-1], [f"by{number}"], "root")
        clients = [self.start_mig(tree, "push") for tree in trees]
        outputs = [client.communicate(timeout=600)[0] for client in clients]
        winners = [number for number, client in enumerate(clients) if client.returncode == 0]
        self.assertEqual(len(winners), 1, outputs)
        self.assertEqual(self.heads(), [f"by{winners[0]}"])
        for number, client in enumerate(clients):
            if number == winners[0]:
                continue
            self.assertEqual(client.returncode, REFUSED, outputs[number])
            self.assertIn("NOT_FAST_FORWARD", outputs[number])
            self.assertIn(f"is at by{winners[0]}", outputs[number])
        moves = self.mig(first, "refs", "log", "main").output.splitlines()
        self.assertEqual(len(moves), 2, moves)


if __name__ == "__main__":
    print(f"MIG_SEED={SEED}", flush=True)
    unittest.main(argv=sys.argv, verbosity=2)
