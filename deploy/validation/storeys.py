"""Dependencies point down: what docs/architecture.md says of the storeys holds in Package.swift and in every import."""

import re

from report import ROOT

TARGET = re.compile(r"\.(target|executableTarget|systemLibrary)\(\s*name: \"(\w+)\"(.*?)(?=\n        \.(?:target|executableTarget|systemLibrary|testTarget)\(|\n    \])", re.S)
# What uses Swift's standard library alone.
PURE = ("Sources/Mailbox", "Sources/Protocol", "Sources/Cryptography")


def targets():
    """The targets of Sources in the order of Package.swift, each with its folder and what it says that it depends on."""
    found = []
    for _, name, rest in TARGET.findall((ROOT / "Package.swift").read_text()):
        path = re.search(r"path: \"([^\"]+)\"", rest)
        folder = path.group(1) if path else f"Sources/{name}"
        depends = re.search(r"dependencies: \[(.*?)\]", rest, re.S)
        if folder.startswith("Sources/"):
            found.append((name, folder, re.findall(r"\"(\w+)\"", depends.group(1)) if depends else []))
    return found


def dependencies(report):
    all_targets = targets()
    report.expect(len(all_targets) > 30, "Package.swift", "storeys.py cannot read it")
    place = {name: number for number, (name, _, _) in enumerate(all_targets)}
    described = (ROOT / "docs/architecture.md").read_text()
    for name, folder, depends in all_targets:
        if not folder.startswith("Sources/System"):
            report.expect(f"`{name}`" in described, "docs/architecture.md", f"it does not have the target {name}")
        for other in depends:
            report.expect(other in place and place[other] > place[name], "Package.swift", f"{name} depends on {other}, which does not stand below it")
        for source in sorted((ROOT / folder).rglob("*.swift")):
            where = str(source.relative_to(ROOT))
            for other in re.findall(r"^(?:@preconcurrency |public |package )*import (?:\w+ )?(\w+)", source.read_text(), re.M):
                if other in place:
                    report.expect(place[other] > place[name], where, f"it imports {other}, which does not stand below {name}")
                elif where.startswith(PURE):
                    report.expect(other == "Synchronization", where, f"it imports {other}: nothing but the standard library may be used here")
