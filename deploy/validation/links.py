"""What the documents and comments point to is there: files, folders and headings."""

import re
import string

from report import ROOT

HIDDEN = {".git", ".build"}
PATH = re.compile(r"(?<![\w./-])((?:Sources|Tests|Benchmarks|deploy|docs)(?:/[\w.+-]+)+)")


def files(*patterns):
    for pattern in patterns:
        for path in sorted(ROOT.rglob(pattern)):
            if not HIDDEN & set(path.relative_to(ROOT).parts):
                yield path


def without_code(text):
    """A document's text without its blocks of code, indented and fenced."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"(?<=\n\n)((?:    .*\n|\n)+)", "\n", text)


def anchors(document):
    """The names by which forges make headings known: lower case, no punctuation, hyphens for spaces."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", without_code(document.read_text()), re.M):
        kept = "".join(c for c in heading.lower() if c in "-_ " or c not in string.punctuation)
        found.add(re.sub(r"[^\w -]", "", kept).strip().replace(" ", "-"))
    return found


def documents(report):
    for document in files("*.md"):
        where = str(document.relative_to(ROOT))
        text = without_code(document.read_text())
        for target in re.findall(r"\]\(([^()\s]+)\)|<img[^>]* src=\"([^\"]+)\"", text):
            target = target[0] or target[1]
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (document.parent / path).resolve() if path else document
            if not there.exists():
                report.fault(where, f"it links to {target}, which is not there")
            elif anchor:
                page = there / "README.md" if there.is_dir() else there
                report.expect(anchor in anchors(page), where, f"it links to {target}, and there is no such heading")
        for path, code in re.findall(r"^<!-- (\S+) -->\n```\w*\n(.*?)^```$", document.read_text(), re.M | re.S):
            there = ROOT / path
            report.expect(there.exists() and there.read_text() == code, where, f"it shows {path}, and not as it is")
        for name in re.findall(r"`([^`\n]+)`", text):
            for path in PATH.findall(name):
                report.expect((ROOT / path).exists(), where, f"it names {path}, which is not there")
    for source in files("*.swift", "*.proto", "*.yml", "*.yaml"):
        for path in re.findall(r"\bdocs/[\w./-]+\.md", source.read_text()):
            report.expect((ROOT / path).exists(), str(source.relative_to(ROOT)), f"it names {path}, which is not there")
