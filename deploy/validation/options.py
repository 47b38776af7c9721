"""The environment variables that `poste` reads, as its sources declare them."""

import re

from report import ROOT


def variables():
    names = set()
    for source in (ROOT / "Sources/poste").rglob("*.swift"):
        names |= set(re.findall(r'Option\(\s*"([a-z-]+)"', source.read_text()))
    known = {"POSTE_" + name.upper().replace("-", "_") for name in names}
    return known | {name + "_FILE" for name in known}
