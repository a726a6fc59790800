#!/usr/bin/env python3
"""migd(8) says of every option what `migd --help` knows, and nothing else.

    manual_page_test.py MIGD docs/migd.8
"""
import pathlib
import re
import subprocess
import sys

MIGD, PAGE = sys.argv[1:3]
VERBS = ([], ["token", "add"], ["token", "list"], ["token", "revoke"], ["restore-store"])


def options(text):
    return set(re.findall(r"--[a-z]+(?:-[a-z]+)*", text))


known = set()
for verb in VERBS:
    shown = subprocess.run([MIGD, *verb, "--help"], check=True, text=True, capture_output=True).stdout
    known |= options(shown.partition("Examples:")[0])
page = pathlib.Path(PAGE).read_text().replace("\\-", "-")
described = options("\n".join(line for line in page.splitlines() if line.startswith("\\fB--")))
named = options(page.replace("enable --now", ""))
assert described == known, f"described, or known, but not both: {sorted(described ^ known)}"
assert named <= known, f"no options: {sorted(named - known)}"
