#!/usr/bin/python3
"""The layer check refuses each kind of include that the architecture forbids, and passes the tree as it is."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECK = ROOT / "scripts" / "check_layers"


def check(root):
    return subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)


def verdict_on(path, line, *others):
    """What the check says of a tree that holds one file with one line, or several of them."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("store", "drivers", "daemon", "cli"):
            (pathlib.Path(folder) / name).mkdir()
        for name in (path, *others):
            file = pathlib.Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(line + "\n")
        return check(folder)


class Layers(unittest.TestCase):
    def refused(self, path, line, because):
        result = verdict_on(path, line)
        self.assertEqual(result.returncode, 1, f"{path}: {line}")
        self.assertIn(f"{path}:1: {because}", result.stdout)

    def allowed(self, path, line):
        result = verdict_on(path, line)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_the_tree_as_it_is_passes(self):
        result = check(ROOT)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_store_and_drivers_do_not_know_each_other(self):
        self.refused("store/objects.cc", '#include "drivers/session.h"', "store/ may not include")
        self.refused("drivers/session.cc", '#include "store/kv.h"', "drivers/ may not include")

    def test_nothing_below_the_daemon_includes_it(self):
        self.refused("drivers/session.cc", '#include "daemon/lease.h"', "drivers/ may not include")
        self.refused("cli/context.cc", '#include "daemon/lease.h"', "cli/ may not include")

    def test_the_engine_does_not_know_the_api(self):
        self.refused("daemon/engine.cc", '#include "mig/v1/run.pb.h"', "daemon/ may not include")
        self.allowed("daemon/rpc/messages.cc", '#include "mig/v1/run.pb.h"')

    def test_pure_halves_do_no_io(self):
        self.refused("store/core/graph.cc", "#include <fstream>", "<fstream> in a pure folder")
        self.refused("daemon/plan/plan.cc", "#include <thread>", "<thread> in a pure folder")
        self.allowed("store/rocks_kv.cc", "#include <thread>")

    def test_private_names_are_one_in_a_half(self):
        for private in ("int Twice(int a,\n          const Id& id) {", "constexpr int kTwice = 2;", "struct Twice {"):
            text = f"namespace {{\n\n{private}\n\n}}  // namespace"
            result = verdict_on("cli/a.cc", text, "cli/commands/b.cc")
            self.assertIn("wice is the name of something in cli/a.cc, too", result.stdout)
            self.assertEqual(verdict_on("cli/a.cc", text, "cli/render/b.cc").stdout, "")

    def test_a_library_has_one_home(self):
        self.refused("daemon/engine.cc", "#include <rocksdb/db.h>", "rocksdb/db.h belongs to")
        self.refused("daemon/engine.cc", "#include <sqlite3.h>", "sqlite3.h belongs to")
        self.allowed("store/rocks_kv.cc", "#include <rocksdb/db.h>")

    def test_relative_includes_are_refused(self):
        self.refused("store/core/graph.cc", '#include "../kv.h"', "relative include")

    def test_try_inside_braces_is_refused(self):
        self.refused("store/refs.cc", "  return Pair{TRY(First()), TRY(Second())};", "TRY inside braces")


if __name__ == "__main__":
    unittest.main()
