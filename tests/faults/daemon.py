"""A migd of a test's own, and how it is started, killed and stopped. The environment says where things are: MIG_BINARY,
MIGD_BINARY, KILL_AT_LIBRARY (tests/faults/kill_at.cc)."""
import os
import resource
import signal
import subprocess
import time

MIG, MIGD, LIBRARY = (os.environ[name] for name in ("MIG_BINARY", "MIGD_BINARY", "KILL_AT_LIBRARY"))
NEVER = 1 << 40


class Daemon:
    """Listens on `NAME.sock` in the folder; `NAME.log` there is its log, over all starts. `store` may be changed between them."""

    def __init__(self, folder, store, name="migd", settings=""):
        self.folder, self.store, self.name, self.settings = folder, store, name, settings
        self.socket = folder / f"{name}.sock"
        self.process = None

    def start(self, answers, file_limit=None, **environment):
        """Starts it anew and waits until `answers()`. With a limit, files may not grow beyond that many bytes: a full disk, for
        which its log has no room either."""
        self.kill()
        config = self.folder / f"{self.name}.toml"
        config.write_text(f'store = "{self.store}"\nlisten = ["unix:{self.socket}"]\n{self.settings}')

        def limit():
            if file_limit:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
        with open(os.devnull if file_limit else self.log_file(), "a") as log:
            self.process = subprocess.Popen([MIGD, "--config", config], stdout=log, stderr=log, preexec_fn=limit,
                                            env={**os.environ, **environment})
        deadline = time.monotonic() + 60
        while not self.socket.exists() or not answers():
            if time.monotonic() > deadline or not self.runs():
                raise AssertionError(self.log())
            time.sleep(0.01)

    def dying_at(self, call):
        """The environment in which it dies at this write after `arm()`; see kill_at.cc."""
        for path in (self.armed(), self.counted()):
            path.unlink(missing_ok=True)
        return {"LD_PRELOAD": LIBRARY, "MIG_KILL_ARMED": str(self.armed()), "MIG_KILL_AT": str(call),
                "MIG_KILL_COUNT": str(self.counted()), "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def arm(self):
        self.armed().touch()

    def writes(self):
        """How many there were after `arm()`, once it has stopped."""
        return int(self.counted().read_text())

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        self.socket.unlink(missing_ok=True)

    def stop(self):
        """In an orderly way; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.process = None
        return status

    def log(self):
        return self.log_file().read_text()

    def log_file(self):
        return self.folder / f"{self.name}.log"

    def armed(self):
        return self.folder / f"{self.name}.armed"

    def counted(self):
        return self.folder / f"{self.name}.count"
