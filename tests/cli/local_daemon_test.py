#!/usr/bin/env python3
"""The private daemon from outside: started once however many ask, replaced when killed or reinstalled, gone when idle.

    local_daemon_test.py MIGD RUNNER [unittest arguments]

RUNNER is private_daemon_runner. MIG_SOAK_ROUNDS raises the number of rounds of clients and kills (20 and more).
"""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

MIGD, RUNNER = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
SOAK_ROUNDS = int(os.environ.get("MIG_SOAK_ROUNDS", "0"))
ROUNDS = SOAK_ROUNDS or 2
CLIENTS = 40 if SOAK_ROUNDS else 12
KILLS_IN_A_ROUND = 3


class LocalDaemon(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.tree = self.folder / "tree"
        self.tree.mkdir()
        self.runtime = self.folder / "run"
        self.runtime.mkdir(mode=0o700)
        self.migd = MIGD
        self.addCleanup(self.stop)

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "MIG_MIGD": self.migd, "XDG_RUNTIME_DIR": str(self.runtime), "MIG_IDLE": "60", **more}

    def start_client(self, **environment):
        return subprocess.Popen([RUNNER, str(self.tree)], env=self.environment(**environment), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def answer(self, client):
        text = client.communicate(timeout=120)[0]
        self.assertEqual(client.returncode, 0, text + self.log())
        pid, binary, draining = text.split()
        return int(pid), binary

    def ask(self, **environment):
        return self.answer(self.start_client(**environment))

    def log(self):
        log = self.tree / ".mig" / "daemon.log"
        return log.read_text() if log.exists() else ""

    def holder(self):
        try:
            return int((self.tree / ".mig" / "daemon.lock").read_text())
        except (OSError, ValueError):
            return None

    def kill(self, number=signal.SIGKILL):
        pid = self.holder()
        if pid:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def stop(self):
        self.kill()

    def await_end(self, pid, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                return True
            if state == "Z":
                return True
            time.sleep(0.02)
        return False

    def test_forty_at_once_meet_one_daemon(self):
        clients = [self.start_client() for _ in range(CLIENTS)]
        pids = {self.answer(client)[0] for client in clients}
        self.assertEqual(pids, {self.holder()})

    def test_every_client_is_answered_while_daemons_are_killed(self):
        chance = random.Random(7)
        for _ in range(ROUNDS):
            clients = [self.start_client() for _ in range(CLIENTS)]
            for _ in range(KILLS_IN_A_ROUND):
                time.sleep(chance.uniform(0, 0.15))
                self.kill()
            for client in clients:
                self.answer(client)
            self.assertEqual(self.ask()[0], self.holder())

    def test_a_killed_daemons_socket_is_taken_over(self):
        first, _ = self.ask()
        self.kill()
        self.await_end(first, 5)
        self.assertTrue(list(self.runtime.glob("mig/*.sock")), "a killed daemon leaves its socket")
        self.assertNotEqual(self.ask()[0], first)

    def test_a_daemon_whose_state_was_removed_is_replaced(self):
        first, _ = self.ask()
        shutil.rmtree(self.tree / ".mig")
        second, _ = self.ask()
        self.assertNotEqual(first, second)
        self.assertTrue(self.await_end(first, 1), "it is gone before the next one opens a store in its place")
        self.assertEqual(self.holder(), second)

    def test_another_binary_replaces_the_daemon(self):
        self.migd = str(self.folder / "migd")
        shutil.copy(MIGD, self.migd)
        first, first_binary = self.ask()
        shutil.copy(MIGD, self.migd + ".new")
        os.rename(self.migd + ".new", self.migd)
        second, second_binary = self.ask()
        self.assertNotEqual((first, first_binary), (second, second_binary))
        self.assertTrue(self.await_end(first, 40), "the old daemon ends")
        self.assertEqual(self.ask(), (second, second_binary))

    def test_without_idle_time_it_ends_with_its_client(self):
        pid, _ = self.ask(MIG_IDLE="0")
        self.assertTrue(self.await_end(pid, 30))
        self.assertEqual(list(self.runtime.glob("mig/*.sock")), [])

    def test_it_stays_for_its_idle_time(self):
        pid, _ = self.ask(MIG_IDLE="5")
        time.sleep(0.5)
        self.assertEqual(self.ask()[0], pid)
        self.assertTrue(self.await_end(pid, 40))

    def test_an_idle_time_that_is_none_is_refused_whether_it_runs_or_not(self):
        for running in (False, True):
            for idle in ("abc", "-1", "5s", "99999999999999999999"):
                client = self.start_client(MIG_IDLE=idle)
                text = client.communicate(timeout=60)[0]
                self.assertEqual((client.returncode, text),
                                 (1, f"CONFIG_INVALID: MIG_IDLE is a whole number, not `{idle}`\n"))
            self.assertEqual(self.holder() is not None, running)
            self.ask()

    def test_it_takes_nothing_of_the_shell_along(self):
        inherited = os.open("/etc/passwd", os.O_RDONLY)
        self.addCleanup(os.close, inherited)
        os.set_inheritable(inherited, True)
        client = subprocess.Popen([RUNNER, str(self.tree)], env=self.environment(PGPASSWORD="hunter2"), text=True,
                                  stdout=subprocess.PIPE, close_fds=False)
        pid, _ = self.answer(client)
        proc = pathlib.Path(f"/proc/{pid}")
        self.assertNotIn(b"PGPASSWORD", (proc / "environ").read_bytes())
        self.assertEqual(os.readlink(proc / "cwd"), "/")
        self.assertEqual(os.getsid(pid), pid)
        self.assertEqual(os.readlink(proc / "fd/0"), "/dev/null")
        self.assertEqual(os.readlink(proc / "fd/2"), str(self.tree.resolve() / ".mig" / "daemon.log"))
        open_files = [os.readlink(entry) for entry in (proc / "fd").iterdir()]
        self.assertNotIn("/etc/passwd", open_files)

    def test_only_its_owner_can_reach_it(self):
        self.ask()
        [socket] = self.runtime.glob("mig/*.sock")
        self.assertEqual(socket.stat().st_mode & 0o777, 0o600)
        self.assertEqual(socket.parent.stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.tree / ".mig").stat().st_mode & 0o777, 0o700)

    def test_a_long_runtime_path_gives_way_to_the_temporary_folder(self):
        long = self.folder / ("x" * 90)
        long.mkdir(mode=0o700)
        self.ask(XDG_RUNTIME_DIR=str(long), TMPDIR=str(self.folder))
        self.assertEqual(len(list(self.folder.glob(f"mig-{os.geteuid()}/*.sock"))), 1)

    def test_another_runtime_folder_leads_to_the_same_daemon(self):
        pid, _ = self.ask()
        for other in ({"XDG_RUNTIME_DIR": ""}, {"XDG_RUNTIME_DIR": str(self.folder / "cron")}):
            self.assertEqual(self.ask(TMPDIR=str(self.folder), **other)[0], pid)

    def test_a_copied_work_tree_has_a_daemon_of_its_own(self):
        pid, _ = self.ask()
        original = self.tree
        self.tree = self.folder / "copy"
        shutil.copytree(original, self.tree, ignore=shutil.ignore_patterns("store"))
        copys, _ = self.ask()
        self.assertNotEqual(copys, pid)
        self.stop()
        self.tree = original
        self.assertEqual(self.ask()[0], pid)

    def test_a_moved_work_tree_gets_another_daemon_at_once(self):
        before, _ = self.ask()
        moved = self.folder / "moved"
        self.tree.rename(moved)
        self.tree = moved
        after, _ = self.ask()
        self.assertNotEqual(after, before)
        self.assertTrue(self.await_end(before, 10))

    def test_clients_of_two_runtime_folders_at_once_meet_one_daemon(self):
        clients = [self.start_client(TMPDIR=str(self.folder), **({} if i % 2 else {"XDG_RUNTIME_DIR": ""}))
                   for i in range(CLIENTS)]
        self.assertEqual({self.answer(client)[0] for client in clients}, {self.holder()})

    def test_a_runtime_folder_open_to_others_is_refused(self):
        (self.folder / f"mig-{os.geteuid()}").mkdir(mode=0o755)
        client = self.start_client(XDG_RUNTIME_DIR="", TMPDIR=str(self.folder))
        text = client.communicate(timeout=30)[0]
        self.assertEqual((client.returncode, text.split(":")[0]), (1, "PERMISSION_DENIED"))

    def test_without_a_writable_state_folder_it_uses_the_runtime_folder(self):
        (self.tree / ".mig").write_text("in the way, as a read-only file system would be")
        pid, _ = self.ask(MIG_IDLE="0")
        [lock] = self.runtime.glob("mig/*/daemon.lock")
        self.assertEqual(int(lock.read_text()), pid)
        self.assertTrue(self.await_end(pid, 30))

    def test_a_daemon_that_cannot_start_says_why(self):
        (self.tree / ".mig").mkdir(mode=0o700)
        (self.tree / ".mig" / "daemon.lock").mkdir()
        client = self.start_client()
        text = client.communicate(timeout=60)[0]
        self.assertEqual((client.returncode, text.split(":")[0]), (1, "FILE_UNWRITABLE"))

    def test_a_missing_migd_is_named(self):
        self.migd = str(self.folder / "absent")
        client = self.start_client()
        text = client.communicate(timeout=30)[0]
        self.assertEqual(client.returncode, 1)
        self.assertRegex(text, "^DAEMON_UNREACHABLE: .*absent")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
