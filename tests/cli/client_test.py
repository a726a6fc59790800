#!/usr/bin/env python3
"""mig from outside, where its surroundings misbehave: connections that break under a run, an index that lies.

    client_test.py MIG MIGD [unittest arguments]
"""
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

MIG, MIGD = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
PATIENCE = 120  # seconds after which a test that waits has failed


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain: {condition}")
        time.sleep(0.01)
    return answer


class Proxy:
    """Passes connections to a Unix socket on, and cuts them when told to."""

    def __init__(self, path, behind):
        self.behind = str(behind)
        self.accepted = 0
        self.passed = 0  # bytes, either way
        self.sockets = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            front = self.listener.accept()[0]
            back = socket.socket(socket.AF_UNIX)
            try:
                back.connect(self.behind)
            except OSError:
                front.close()
                back.close()
                continue
            self.sockets += [front, back]
            for source, sink in ((front, back), (back, front)):
                threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()
            self.accepted += 1

    def copy(self, source, sink):
        try:
            while data := source.recv(65536):
                self.passed += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:  # one side was reset, which the other is to see
            Proxy.end(sink)
        finally:
            source.close()

    @staticmethod
    def end(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def cut(self):
        cut, self.sockets = self.sockets, []
        for one in cut:
            Proxy.end(one)


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mig-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.tree = self.folder / "tree"
        (self.tree / "migrations").mkdir(parents=True)
        for name in ("a", "b"):
            parents = "" if name == "a" else "-- parents: a\n"
            (self.tree / "migrations" / f"{name}.sql").write_text(
                f"{parents}\n-- mig:up\nCREATE TABLE {name} (id integer);\n\n-- mig:down\nDROP TABLE {name};\n")
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = {**kept, "MIG_MIGD": MIGD, "XDG_RUNTIME_DIR": str(self.folder), "MIG_IDLE": "60"}

    def configure(self, address):
        (self.tree / "mig.toml").write_text(
            f'[project]\nname = "shop"\n[daemon]\naddress = "{address}"\n[targets.dev]\nurl = "sqlite:dev.db"\n')

    def run_mig(self, *arguments, status=0):
        done = subprocess.run([MIG, *arguments], cwd=self.tree, env=self.environment, text=True, capture_output=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def mig(self, *arguments, status=0):
        return self.run_mig(*arguments, status=status).stdout

    def start(self, *arguments):
        client = subprocess.Popen([MIG, *arguments], cwd=self.tree, env=self.environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(client.communicate)
        self.addCleanup(client.kill)
        return client


def state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "gone"


def watches_a_process(pid):
    try:
        return any("pidfd" in os.readlink(file) for file in pathlib.Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:  # a file that was closed meanwhile
        return False


class SharedDaemon(ClientTest):
    """A run on a shared daemon that waits for a lock that the test holds, so that it lasts as long as the test wants."""
    user = []  # what makes the daemon somebody else's
    settings = "accept_urls = true\n"

    def setUp(self):
        super().setUp()
        self.start_daemon()
        self.proxy = Proxy(self.folder / "proxy.sock", self.folder / "migd.sock")
        self.configure(f"unix:{self.folder}/migd.sock")
        sqlite3.connect(self.tree / "dev.db").close()
        self.lock = open(self.tree.resolve() / "dev.db-mig-lock", "w")
        self.addCleanup(self.lock.close)
        fcntl.flock(self.lock, fcntl.LOCK_EX)

    def start_daemon(self):
        config = self.folder / "migd.toml"
        config.write_text(f'store = "{self.folder}/store"\nlisten = ["unix:{self.folder}/migd.sock"]\n'
                          + self.settings.format(folder=self.folder))
        self.daemon = subprocess.Popen([*self.user, MIGD, "--config", str(config)], env=self.environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        daemon = self.daemon
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        wait_for(self.daemon_answers)

    def daemon_answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"{self.folder}/migd.sock") == 0

    def runs(self):
        return json.loads(self.mig("runs", "--json"))["runs"]

    def start_upgrade(self):
        client = self.start("upgrade", "--json")
        self.assertIn("runStarted", json.loads(client.stdout.readline()))
        return client


class BrokenConnections(SharedDaemon):
    def setUp(self):
        super().setUp()
        self.configure(f"unix:{self.folder}/proxy.sock")

    def expect_every_event_once(self, lines):
        sequences = [int(json.loads(line)["sequence"]) for line in lines.splitlines()]
        self.assertGreater(len(sequences), 3)
        self.assertEqual(sequences, list(range(2, 2 + len(sequences))))

    def await_reconnection(self):
        accepted = self.proxy.accepted
        self.proxy.cut()
        wait_for(lambda: self.proxy.accepted > accepted)

    def test_a_client_follows_its_run_through_them(self):
        client = self.start_upgrade()
        for _ in range(3):
            self.await_reconnection()
        self.lock.close()
        out, err = client.stdout.read(), client.stderr.read()
        self.assertEqual(client.wait(PATIENCE), 0, out + err)
        self.expect_every_event_once(out)
        self.assertIn("connecting again", err)
        self.assertEqual(len(self.runs()), 1)

    def test_a_watcher_follows_through_them(self):
        client = self.start_upgrade()
        watcher = self.start("watch", self.runs()[0]["id"], "--json")
        self.assertEqual(json.loads(watcher.stdout.readline())["sequence"], "1")
        self.await_reconnection()
        self.lock.close()
        out, err = watcher.stdout.read(), watcher.stderr.read()  # communicate() forgets what readline() had read beyond its line
        self.assertEqual((watcher.wait(PATIENCE), client.wait(PATIENCE)), (0, 0), err)
        self.expect_every_event_once(out)

    def test_a_client_says_what_became_of_a_run_whose_daemon_was_killed(self):
        client = self.start_upgrade()
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        self.lock.close()
        self.start_daemon()
        out, err = client.communicate(timeout=PATIENCE)
        self.assertEqual(client.returncode, 7, out + err)
        self.assertIn("daemon ended", err)
        self.assertEqual(self.mig("current"), "")
        self.mig("upgrade")
        self.assertEqual(self.mig("current"), "b (head)\n")

    def test_a_client_does_not_look_for_a_run_that_nobody_knows(self):
        self.mig("watch", "0123456789abcdef", status=2)


class ClosedPipe(SharedDaemon):
    def passed_by(self, command, stdout):
        before = self.proxy.passed
        subprocess.run([MIG, command], cwd=self.tree, env=self.environment, stdout=stdout, check=True)
        return self.proxy.passed - before

    def test_nothing_is_asked_for_that_nobody_reads(self):
        self.configure(f"unix:{self.folder}/proxy.sock")
        for number in range(3000):  # several pages
            parent = f"r{number - 1}" if number else "b"
            (self.tree / "migrations" / f"r{number}.sql").write_text(f"-- parents: {parent}\n\n-- mig:up\nSELECT 1;\n")
        self.mig("heads")
        read_end, closed = os.pipe()
        os.close(read_end)
        self.addCleanup(os.close, closed)
        for command in ("history", "log"):
            self.assertLess(self.passed_by(command, closed), self.passed_by(command, subprocess.DEVNULL) / 2, command)


class Terminated(SharedDaemon):
    def test_a_client_says_that_its_run_goes_on(self):
        client = self.start_upgrade()
        run = self.runs()[0]["id"]
        client.send_signal(signal.SIGTERM)
        out, err = client.communicate(timeout=PATIENCE)
        self.assertEqual(client.returncode, 143, out + err)
        self.assertIn(f"told to end: the run goes on in the daemon: `mig watch {run}` follows it", err)
        self.lock.close()
        self.mig("watch", run)
        self.assertEqual(self.mig("current"), "b (head)\n")


class ServedTargets(SharedDaemon):
    settings = ('[targets.staging]\nurl = "sqlite:{folder}/staging.db"\n'
                '[targets.prod]\nurl = "sqlite:{folder}/prod.db"\nrequire_applied_on = "staging"\n')

    def test_one_takes_what_the_other_has_that_it_requires(self):
        (self.tree / "mig.toml").write_text(
            f'[project]\nname = "shop"\n[daemon]\naddress = "unix:{self.folder}/migd.sock"\n'
            "[targets.staging]\n[targets.prod]\n")
        self.mig("upgrade", "a", "-t", "staging")
        refused = self.run_mig("upgrade", "b", "-t", "prod", status=2)
        self.assertIn("b is not applied on staging, where target prod requires it first", refused.stderr)
        self.mig("upgrade", "a", "-t", "prod")
        self.assertEqual(self.mig("current", "-t", "prod"), "a\n")


class Unwanted(SharedDaemon):
    def test_a_client_is_told_who_could_let_it_in(self):
        user = []
        if os.geteuid() == 0:
            user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
            for path in (self.folder, self.tree):
                shutil.chown(path, "nobody", "nogroup")
        (self.folder / "migd.sock").chmod(0)
        done = subprocess.run([*user, MIG, "heads"], cwd=self.tree, env=self.environment, text=True, capture_output=True)
        self.assertIn("[PERMISSION_DENIED]", done.stderr)
        self.assertIn("allow_uids", done.stderr)


class HungUp(SharedDaemon):
    def setUp(self):
        usual = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever these tests run under
        self.addCleanup(signal.signal, signal.SIGHUP, usual)
        super().setUp()

    def test_a_daemon_ends_in_order(self):
        self.daemon.send_signal(signal.SIGHUP)
        self.assertEqual(self.daemon.wait(PATIENCE), 0)
        self.assertFalse((self.folder / "migd.sock").exists())


class Stopping(SharedDaemon):
    """`mig daemon stop` returns when the daemon is gone, and says so where it is not."""

    def test_a_shared_daemon_is_gone(self):
        self.assertEqual(self.stop(), "the daemon has stopped\n")
        self.assertEqual(self.daemon.poll(), 0)
        self.assertFalse((self.folder / "migd.sock").exists())

    def test_a_private_daemon_is_gone_and_so_is_its_lock(self):
        self.configure("local")
        for _ in range(5):
            self.mig("heads")
            pid = (self.tree / ".mig" / "daemon.lock").read_text()
            self.assertEqual(self.stop(), "the daemon has stopped\n")
            self.assertIn(state_of(pid), ("gone", "Z"))
            with open(self.tree / ".mig" / "daemon.lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.assertEqual(self.stop(), "no daemon is running\n")

    def test_a_daemon_behind_something_else_is_silent(self):
        self.configure(f"unix:{self.folder}/proxy.sock")
        self.assertEqual(self.stop(), "the daemon has stopped\n")
        self.assertEqual(self.daemon.wait(PATIENCE), 0)

    def test_a_run_may_end_first(self):
        client = self.start_upgrade()
        stop = self.start("daemon", "stop")
        self.assertEqual(stop.stderr.readline(), "1 run is active and has some seconds to end\n")
        wait_for(lambda: not (self.folder / "migd.sock").exists())
        self.assertIsNone(stop.poll())
        self.lock.close()
        self.assertEqual((client.wait(PATIENCE), stop.wait(PATIENCE), self.daemon.poll()), (0, 0, 0))
        self.assertEqual(stop.stderr.read(), "the daemon has stopped\n")

    def test_a_run_that_goes_on_is_named_and_waited_for_again(self):
        self.configure("local")
        client = self.start_upgrade()
        pid = (self.tree / ".mig" / "daemon.lock").read_text()
        told = self.stop("--timeout", "0", status=7)
        self.assertIn(f"the daemon (process {pid}) is still stopping after 0s: 1 run is active [DRAINING]", told)
        stop = self.start("daemon", "stop")
        wait_for(lambda: watches_a_process(stop.pid))
        self.lock.close()
        self.assertEqual((client.wait(PATIENCE), stop.wait(PATIENCE)), (0, 0))
        self.assertEqual(stop.stderr.read(), "the daemon has stopped\n")
        self.assertIn(state_of(pid), ("gone", "Z"))

    def stop(self, *options, status=0):
        return self.run_mig("daemon", "stop", *options, status=status).stderr


class NoMoreThreads(SharedDaemon):
    """The system gives the daemon none. Root would not be bound by that."""

    def start_daemon(self):
        if os.geteuid() == 0:
            self.user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
            for path in (self.folder, self.tree):
                shutil.chown(path, "nobody", "nogroup")
        super().start_daemon()

    def prlimit(self, *arguments):
        return subprocess.run([*self.user, "prlimit", f"--pid={self.daemon.pid}", *arguments], check=True, text=True,
                              capture_output=True).stdout.strip()

    def test_are_said_and_survived(self):
        if self.user:
            shutil.chown(self.tree / "dev.db", "nobody")
        self.lock.close()
        (self.tree / "dev.db-mig-lock").unlink()
        self.mig("heads")
        most = self.prlimit("--nproc", "--output=HARD", "--noheadings")
        self.prlimit("--nproc=0:")
        for command in ("upgrade", "fsck"):
            refused = subprocess.run([MIG, command], cwd=self.tree, env=self.environment, text=True, capture_output=True)
            self.assertEqual(refused.returncode, 2, refused.stderr)
            self.assertRegex(refused.stderr, r"gives the daemon no more threads: .* \[LIMIT_EXCEEDED\]")
        self.assertEqual(self.mig("heads"), "b (head)\n")
        self.prlimit(f"--nproc={most}:")
        self.mig("upgrade")
        self.assertEqual(self.mig("current"), "b (head)\n")
        self.assertEqual([run["outcome"] for run in self.runs()], ["OUTCOME_DONE", "OUTCOME_FAILED"])
        self.assertIsNone(self.daemon.poll())


class PrivateDaemon(ClientTest):
    def setUp(self):
        super().setUp()
        self.configure("local")
        self.addCleanup(subprocess.run, [MIG, "daemon", "stop"], cwd=self.tree, env=self.environment,
                        capture_output=True)


class Sharing(SharedDaemon):
    """Between a work tree's private daemon and the shared one."""
    settings = SharedDaemon.settings + '[projects.shop.refs.wide]\npolicy = "heads"\n'

    def setUp(self):
        super().setUp()
        self.configure("local")
        with open(self.tree / "mig.toml", "a") as config:
            config.write(f'[remotes.origin]\naddress = "unix:{self.folder}/migd.sock"\n')
        self.addCleanup(subprocess.run, [MIG, "daemon", "stop"], cwd=self.tree, env=self.environment,
                        capture_output=True)

    def git(self, *arguments):
        subprocess.run(["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *arguments], cwd=self.tree,
                       env=self.environment, check=True)

    def test_a_detached_head_of_git_names_no_ref(self):
        self.git("init", "-q", "-b", "main")
        self.mig("push")
        self.git("commit", "-q", "--allow-empty", "-m", "first")
        self.git("checkout", "-q", "--detach")
        for command in ("push", "pull"):
            self.assertIn("HEAD is detached", self.run_mig(command, status=2).stderr, command)
            self.mig(command, "--ref", "main")


    def test_what_was_pushed_is_told_also_where_it_cannot_be_noted_here(self):
        ref = "r" * 250
        pushed = self.run_mig("push", "--ref", ref)
        self.assertEqual(pushed.stdout, f"{ref}: created at b (2 revisions)\n")
        self.assertRegex(pushed.stderr, f"(?m)^warning: it was pushed, but not noted here as origin/{ref}: .*too long$")
        self.assertEqual(self.mig("push", "--ref", ref), f"{ref}: is at b\n")


    def test_a_dry_run_goes_by_the_policy_that_a_new_ref_will_have(self):
        (self.tree / "migrations" / "c.sql").write_text("-- parents: a\n\n-- mig:up\nCREATE TABLE c (id integer);\n")
        for would in (["--dry-run"], []):
            self.assertIn("[MULTIPLE_HEADS]", self.run_mig("push", *would, status=2).stderr)
            self.assertRegex(self.mig("push", "--ref", "wide", *would), r"^wide: created at (b, c|c, b) \(3 revisions\)\n$")


    def test_a_clone_that_fails_leaves_no_work_tree_and_can_be_repeated(self):
        self.mig("push")
        copy = self.folder / "copy"
        (copy / "migrations").mkdir(parents=True)
        (copy / "migrations" / "a.sql").write_text("-- mig:up\nSELECT 1;\n")
        self.addCleanup(subprocess.run, [MIG, "daemon", "stop"], cwd=copy, env=self.environment, capture_output=True)
        clone = ["clone", f"unix:{self.folder}/migd.sock", "shop", str(copy)]
        self.assertIn("[NAME_TAKEN]", self.run_mig(*clone, status=2).stderr)
        self.assertEqual({path.name for path in copy.iterdir()} - {".mig"}, {"migrations"})
        (copy / "migrations" / "a.sql").unlink()
        self.mig(*clone)
        for name in ("a.sql", "b.sql"):
            self.assertEqual((copy / "migrations" / name).read_text(), (self.tree / "migrations" / name).read_text())


    def test_a_head_that_another_one_depends_on_is_none_to_be_merged(self):
        (self.tree / "migrations" / "c.sql").write_text("-- depends: b\n\n-- mig:up\nCREATE TABLE c (id integer);\n")
        self.mig("push")
        self.assertNotIn("heads now", self.run_mig("pull").stderr)


    def test_a_first_revision_of_its_own_stays_a_head_that_is_told_of(self):
        self.mig("push")
        for name in ("a.sql", "b.sql"):
            (self.tree / "migrations" / name).unlink()
        (self.tree / "migrations" / "c.sql").write_text("-- mig:up\nCREATE TABLE c (id integer);\n")
        self.assertIn("[NOT_FAST_FORWARD]", self.run_mig("push", status=5).stderr)
        told = self.run_mig("pull", "--rebase").stderr
        self.assertRegex(told, "(?m)^the work tree has 2 heads now: (b, c|c, b)\nhint: `mig merge heads` joins them$")
        self.assertEqual(self.mig("heads").count("(head)"), 2)


class EndedRuns(PrivateDaemon):
    def newest(self):
        return json.loads(self.mig("runs", "--json"))["runs"][0]["id"]

    def watch_from_behind(self, run, status):
        """What is told from behind the last event but one, the last one, and one that never was."""
        events = [json.loads(line) for line in self.mig("watch", run, "--json", status=status).splitlines()]
        for after in range(len(events) - 1, len(events) + 2):
            shown = self.mig("watch", run, "--json", "--after", str(after), status=status)
            self.assertEqual([json.loads(line) for line in shown.splitlines()], events[-1:])
            yield self.run_mig("watch", run, "--after", str(after), status=status).stderr

    def test_are_watched_to_their_end_from_behind_any_event(self):
        self.mig("upgrade")
        done = self.newest()
        (self.tree / "migrations" / "c.sql").write_text("-- parents: b\n\n-- mig:up\nCREATE TABLE a (id integer);\n")
        self.mig("upgrade", status=6)
        failed = self.newest()
        for _ in range(2):
            for told in self.watch_from_behind(done, 0):
                self.assertRegex(told, r"^dev is at b \(2 steps.*\)\n$")
            for told in self.watch_from_behind(failed, 6):
                self.assertIn("[STATEMENT_FAILED]", told)
            self.mig("daemon", "stop")  # the next one has them from the store

    def test_give_their_id_to_who_wanted_to_leave_them_alone(self):
        for _ in range(2):  # the second one has nothing to do
            run = self.mig("upgrade", "--detach")
            self.assertEqual(run, self.newest() + "\n")
            self.mig("watch", run.strip())


class UnreachableTarget(PrivateDaemon):
    def test_is_done_without_where_nobody_asked_for_it(self):
        self.mig("upgrade")
        self.environment["EDITOR"] = "true"
        config = (self.tree / "mig.toml").read_text()
        for url, status in (("${MIG_TEST_UNSET}", 2), ("postgresql://nobody@127.0.0.1:1/shop", 7)):
            (self.tree / "mig.toml").write_text(config.replace("sqlite:dev.db", url))
            for command in (["show", "head"], ["cat-file", "a"], ["edit", "b"], ["restore", "a"]):
                self.assertIn("warning: the target was not asked: ", self.run_mig(*command).stderr, command)
            for command in (["show", "current"], ["show", "head", "-t", "dev"], ["cat-file", "nonsense"]):
                self.assertNotIn("warning", self.run_mig(*command, status=status).stderr, command)


class LyingIndex(PrivateDaemon):
    def test_is_found_out_before_anything_is_made_of_it(self):
        self.mig("heads")
        lines = []
        for name in ("a", "b"):
            status = os.stat(self.tree / "migrations" / f"{name}.sql")
            lines.append(f"{'0' * 64} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_size} {status.st_ino} "
                         f"migrations/{name}.sql\0")
        text = f"mig-index 1\n{2**62} {'1' * 64}\n" + "".join(lines)
        (self.tree / ".mig" / "index").write_text(text + hashlib.sha256(text.encode()).hexdigest())
        self.assertEqual(self.mig("heads"), "b (head)\n")
        self.assertNotIn("0" * 64, (self.tree / ".mig" / "index").read_text())

    def test_a_daemon_identity_that_lies_costs_a_question_only(self):
        self.mig("heads")
        pid = (self.tree / ".mig" / "daemon.lock").read_text()
        (self.tree / ".mig" / "daemon.identity").write_text("pid 1\napi 99\nbinary x\n")
        self.assertEqual(self.mig("heads"), "b (head)\n")
        self.assertEqual((self.tree / ".mig" / "daemon.lock").read_text(), pid)


class Adopting(PrivateDaemon):
    def setUp(self):
        super().setUp()
        self.addCleanup(subprocess.run, [MIG, "-C", "adopted", "daemon", "stop"], cwd=self.tree, env=self.environment,
                        capture_output=True)

    def database(self, script):
        with sqlite3.connect(self.tree / "old.db") as connection:
            connection.executescript(script)
        connection.close()

    def adopt(self, status):
        return self.run_mig("init", "adopted", "--from", "sqlite:old.db", status=status)

    def test_a_database_with_a_history_is_refused_and_nothing_is_left(self):
        self.database("CREATE TABLE t (a integer)")
        self.mig("init", "first", "--from", "sqlite:old.db")
        self.mig("-C", "first", "daemon", "stop")
        told = self.adopt(status=2).stderr
        self.assertIn("has a history of mig already", told)
        self.assertIn("`mig recover --from dev`", told)
        self.assertFalse((self.tree / "adopted").exists())
        self.assertEqual(len(self.mig("-C", "first", "current").splitlines()), 1)
        self.mig("-C", "first", "daemon", "stop")

    def test_where_the_stamp_fails_everything_is_taken_back_and_the_command_can_be_repeated(self):
        self.database("CREATE TABLE t (a integer); CREATE VIEW mig_lease AS SELECT 1")
        self.assertIn("mig_lease", self.adopt(status=6).stderr)
        self.assertFalse((self.tree / "adopted").exists())
        self.database("DROP VIEW mig_lease")
        self.adopt(status=0)
        self.assertEqual(len(self.mig("-C", "adopted", "current").splitlines()), 1)


class OnATerminal(PrivateDaemon):
    def start_there(self, *arguments, **more):
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(self.tree)
            os.execve(MIG, [MIG, *arguments], {**self.environment, "NO_COLOR": "1", **more})
        self.addCleanup(os.close, self.terminal)
        self.pid, self.shown = pid, b""

    def read_until(self, text):
        while text not in self.shown:
            self.shown += os.read(self.terminal, 4096)

    def expect_end(self, status=0):
        try:
            while more := os.read(self.terminal, 4096):
                self.shown += more
        except OSError:  # nobody is at its other end any more
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), status, self.shown)

    def test_ctrl_c_in_a_pager_is_the_pagers(self):
        pager = 'trap "" INT; echo shows; read answer < /dev/tty; cat; echo "left after $answer"'
        self.start_there("log", MIG_PAGER=pager)
        self.read_until(b"shows")
        os.write(self.terminal, b"\x03enough\n")
        self.read_until(b"left after enough")
        self.expect_end()
        self.assertIn(b"b (head)", self.shown)

    def test_a_history_is_long_output(self):
        for command in (["history"], ["history", "--graph"], ["log"], ["diff", "a", "b"]):
            self.start_there(*command, MIG_PAGER="sed 's/^/paged: /'")
            self.expect_end()
            self.assertRegex(self.shown, rb"(?m)^paged: .*\bb\b", command)
            self.start_there(*command, "--no-pager", MIG_PAGER="sed 's/^/paged: /'")
            self.expect_end()
            self.assertNotIn(b"paged", self.shown, command)

    def test_a_history_is_shown_where_there_is_no_pager(self):
        for command in (["history"], ["log"], ["diff", "a", "b"]):
            self.start_there(*command, MIG_PAGER="no-such-pager")
            self.expect_end()
            self.assertIn(b"warning: the pager cannot be run", self.shown, command)
            self.assertRegex(self.shown, rb"\bb\b.*\n", command)
            self.start_there(*command, PATH=str(self.folder))
            self.expect_end()
            self.assertNotIn(b"warning", self.shown, command)
            self.assertRegex(self.shown, rb"\bb\b.*\n", command)

    def test_errors_of_usage_are_plain_where_that_is_asked_for(self):
        for command in (["upgarde"], ["upgrade", "--sqll"], ["upgrade", "a", "b"], ["heads", "-t", "prod", "x"]):
            for plain in ([], ["--no-color"]):
                self.start_there(*plain, *command, NO_COLOR="")
                self.expect_end(2)
                self.assertIn(b"[USAGE]" if plain else b"\x1b[", self.shown, command)
                self.assertEqual(b"\x1b" in self.shown, not plain, command)

    def test_sql_does_not_steer_it(self):
        file = self.tree / "migrations" / "b.sql"
        file.write_text(file.read_text().replace("(id", "(/* \x1b[2J */ id"))
        for command in (["show", "b"], ["cat-file", "b"], ["diff", "a", "b"], ["diff", "a", "b", "--no-pager"],
                        ["plan", "upgrade", "b", "-v"], ["upgrade", "b", "--sql"]):
            self.start_there(*command, MIG_PAGER="sed p")
            self.expect_end()
            self.assertIn(b"\\x1b[2J", self.shown, command)
            self.assertNotIn(b"\x1b", self.shown, command)
            self.assertIn("\x1b[2J", self.mig(*command), command)

    def test_a_question_takes_either_y_for_yes(self):
        self.mig("upgrade")
        file = self.tree / "migrations" / "b.sql"
        original = file.read_text()
        for answer, status in ((b"n\n", 3), (b"\n", 3), (b"y\n", 0), (b"Y\n", 0), (b"Yes\n", 0)):
            edited = original + "-- edited\n"
            file.write_text(edited)
            self.start_there("restore", "b")
            self.read_until(b"[y/N] ")
            os.write(self.terminal, answer)
            self.expect_end(status)
            self.assertEqual(file.read_text(), original if status == 0 else edited, answer)


class Surroundings(PrivateDaemon):
    def shell(self, script, status):
        done = subprocess.run(["sh", "-c", script, MIG], cwd=self.tree, env=self.environment, text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_a_path_that_cannot_be_is_refused_in_a_sentence(self):
        name = "x" * 300
        for command in (["export", name], ["import", name], ["restore", f"migrations/{name}"], ["init", name],
                        ["backup", ""], ["clone", "unix:", "shop"]):
            told = self.run_mig(*command, status=2).stderr
            self.assertRegex(told, r"^error: .* \[[A-Z_]+\]\n", command)

    def test_the_files_for_tls_of_a_clone_are_read_where_it_runs(self):
        for option in ("--ca-file", "--certificate-file", "--key-file"):
            told = self.run_mig("clone", "https://127.0.0.1:1", "shop", option, "nobody.pem", status=2).stderr
            self.assertIn(f"cannot read {self.tree.resolve()}/nobody.pem for TLS [FILE_UNREADABLE]", told, option)
            self.assertFalse((self.tree / "shop").exists())

    def test_files_for_tls_that_cannot_be_used_are_told_of(self):
        (self.tree / "some.pem").write_text("no PEM\n")
        clone = ["clone", "https://127.0.0.1:1", "shop"]
        for option, told in (("--certificate-file", "there is a client certificate without its key"),
                             ("--key-file", "there is a key without its client certificate")):
            self.assertIn(f"{told} [CONFIG_INVALID]", self.run_mig(*clone, option, "some.pem", status=2).stderr)
        told = self.run_mig(*clone, "--ca-file", "some.pem", status=7).stderr
        self.assertIn("no connection to the daemon can be made with these files for TLS [DAEMON_UNREACHABLE]", told)
        self.assertFalse((self.tree / "shop").exists())

    def test_why_a_file_cannot_be_opened_is_told(self):
        with socket.socket(socket.AF_UNIX) as file:
            file.bind(str(self.tree / "shop.mig"))
        self.assertIn("cannot read shop.mig: No such device or address [FILE_UNREADABLE]",
                      self.run_mig("import", "shop.mig", status=2).stderr)

    def test_json_is_given_where_there_is_nothing_to_do_and_of_the_log_too(self):
        self.mig("upgrade")
        self.assertEqual(self.mig("restore", "b", "--json"), self.mig("cat-file", "b", "--json"))
        for _ in range(2):  # the second one finds no daemon
            self.assertEqual(json.loads(self.mig("daemon", "stop", "--json")), {"stopping": True})
        lines = [json.loads(line) for line in self.mig("daemon", "log", "--json").splitlines()]
        self.assertGreater(len(lines), 0)
        self.assertEqual("".join(line["line"] + "\n" for line in lines), self.mig("daemon", "log"))
        self.environment["HOME"] = str(self.folder)
        address = "https://migd.example:7433"
        self.assertEqual(json.loads(self.mig("logout", address, "--json")), {"address": address, "forgotten": False})

    def test_drafts_of_one_moment_get_a_name_each_and_stand_on_each_other(self):
        self.environment["MIG_NOW"] = "2026-01-05T09:00:00Z"
        self.mig("heads")
        clients = [self.start("revision", "-m", "same") for _ in range(8)]
        for client in clients:
            out, err = client.communicate(timeout=PATIENCE)
            self.assertEqual(client.returncode, 0, out + err)
        names = ["20260105090000_same"] + [f"20260105090000_same_{n}" for n in range(2, 9)]
        self.assertEqual({path.stem for path in (self.tree / "migrations").iterdir()}, {"a", "b", *names})
        self.assertEqual(self.mig("heads"), names[-1] + " (head)\n")

    def test_a_text_that_is_not_utf_8_is_named(self):
        told = self.run_mig("upgrade", os.fsdecode(b"\xff"), status=2).stderr
        self.assertRegex(told, r"^error: the revision is not UTF-8 \[INVALID_ARGUMENT\]\n")
        self.environment.update(GIT_AUTHOR_NAME=os.fsdecode(b"Jos\xe9"), GIT_AUTHOR_EMAIL="jose@example.com")
        self.assertIn("error: the actor is not UTF-8 [INVALID_ARGUMENT]\n", self.run_mig("upgrade", status=2).stderr)
        self.assertEqual(self.mig("heads"), "b (head)\n")

    def test_a_closed_stdout_is_told_and_nothing_else_gets_its_text(self):
        told = self.shell('exec "$0" heads >&-', status=2)
        self.assertIn("cannot write to stdout: Bad file descriptor [FILE_UNWRITABLE]", told.stderr)
        self.shell('exec "$0" upgrade <&- >&- 2>&-', status=0)
        self.assertEqual(self.mig("current"), "b (head)\n")

    def test_a_pipe_that_does_not_block_gets_everything(self):
        file = self.tree / "migrations" / "b.sql"
        file.write_text(file.read_text() + "-- filling\n" * 20_000)
        shown = self.mig("cat-file", "b")
        self.assertGreater(len(shown), 200_000)
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        client = subprocess.Popen([MIG, "cat-file", "b"], cwd=self.tree, env=self.environment, stdout=write_end)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            self.assertEqual(pipe.read(), shown)
        self.assertEqual(client.wait(PATIENCE), 0)

    def test_a_folder_that_is_gone_is_told(self):
        for command, path in (("backup copy", "copy"), ("init", "."), ("init shop", "shop"), ("heads", ".")):
            told = self.shell(f'mkdir gone; cd gone; rmdir ../gone; exec "$0" {command}', status=2).stderr
            self.assertEqual(told, f"error: cannot tell where `{path}` is: No such file or directory [FILE_UNREADABLE]\n"
                                   "hint: give a path that begins with /\n", command)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
