"""A history of many revisions in one file: as files of mig, and as the plain SQL of its up sections, for a client of the
database's own.

A line `=== name` starts a revision's file, which follows the one above unless it says `-- parents:` itself. Revisions stand
behind those they follow. What stands between `=== for WORD: VALUE...` and `=== end` is there once for each value, in place of <WORD>.
"""
import re

REPEATED = re.compile(r"^=== for (\w+): ([^\n]*)\n(.*?)^=== end\n", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^-- mig:(\w+)(.*)\n", re.MULTILINE)


class Revision:
    def __init__(self, name, text, previous):
        self.name = name
        self.text = text if "-- parents:" in text else f"-- parents: {previous}\n{text}"

    @property
    def parents(self):
        return re.findall(r"\w+", re.search(r"^-- parents:(.*)$", self.text, re.MULTILINE)[1])

    def sections(self, kind):
        """[(options, SQL)] of this kind of section."""
        parts = MARK.split(self.text)[1:]
        marks = zip(parts[::3], parts[1::3], parts[2::3])
        return [(dict(re.findall(r"(\w+)=(\S+)", options)), sql) for found, options, sql in marks if found == kind]


def repeat(match):
    word, values, text = match.groups()
    return "".join(text.replace(f"<{word}>", value) for value in values.split())


def read_history(path):
    text = REPEATED.sub(repeat, path.read_text())
    parts = re.split(r"^=== (\w+)\n", text, flags=re.MULTILINE)[1:]
    names, texts = parts[::2], parts[1::2]
    return [Revision(name, text, previous) for name, text, previous in zip(names, texts, [None, *names])]
