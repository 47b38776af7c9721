#!/usr/bin/env python3
"""Every public symbol of Sources has a docstring. Alone, it lists those that have none and exits with 1.

Public is what says `public` or `open`, and what a public type gives without saying so: an enum's cases, a protocol's
requirements, members of a public extension. A function that throws without a type says in words what. What says nothing
that its protocol does not say already needs no docstring (CONFORMANCES), nor does `Sources/System`, which declares nothing
of our own.
"""

import pathlib
import re
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "Sources"

TYPES = "struct|class|enum|actor|protocol|extension"
MODIFIERS = (
    r"(?:(?:public|open|package|internal|fileprivate|private)(?:\(set\))?|static|class(?=\s+(?:func|var|subscript))|final|mutating|nonmutating"
    r"|nonisolated(?:\(unsafe\))?|isolated|override|required|convenience|indirect|lazy|weak|unowned|borrowing|consuming|prefix|postfix|infix"
    r"|dynamic|optional|@[A-Za-z_]\w*(?:\([^()]*\))?)\s+"
)
DECLARATION = re.compile(
    rf"\s*(?P<modifiers>(?:{MODIFIERS})*)(?P<word>{TYPES}|func|var|let|init|subscript|typealias|associatedtype|case|macro|operator)\b\s*(?P<rest>.*)"
)

# Required by Equatable, Hashable, Comparable, Codable, CustomStringConvertible and their kin, of which there is nothing more to say.
CONFORMANCES = re.compile(
    r"(func (==|<|hash\(into|encode\(to)|init\(from decoder|var (description|debugDescription|hashValue|errorDescription)\b)"
)


def without_text(source):
    """The source with the contents of comments and literals blanked, line for line and column for column."""
    out, i, n = [], 0, len(source)

    def blank(until):
        nonlocal i
        out.append(re.sub(r"[^\n]", " ", source[i:until]))
        i = until

    while i < n:
        if source.startswith("//", i):
            end = source.find("\n", i)
            blank(n if end < 0 else end)
        elif source.startswith("/*", i):
            depth, j = 1, i + 2
            while j < n and depth:
                if source.startswith("/*", j):
                    depth, j = depth + 1, j + 2
                elif source.startswith("*/", j):
                    depth, j = depth - 1, j + 2
                else:
                    j += 1
            blank(j)
        elif opening := re.match(r'(#*)("""|")', source[i:]):
            hashes, quote = opening.groups()
            blank(end_of_literal(source, i + len(hashes) + len(quote), hashes, quote))
        else:
            out.append(source[i])
            i += 1
    return "".join(out)


def end_of_literal(source, j, hashes, quote):
    """Where a text literal ends whose contents begin at j; interpolations may hold literals of their own."""
    escape = "\\" + hashes
    while j < len(source):
        if source.startswith(quote + hashes, j):
            return j + len(quote) + len(hashes)
        if source.startswith(escape + "(", j):
            depth, j = 1, j + len(escape) + 1
            while j < len(source) and depth:
                if inner := re.match(r'(#*)("""|")', source[j:]):
                    j = end_of_literal(source, j + len(inner.group(0)), *inner.groups())
                    continue
                depth += {"(": 1, ")": -1}.get(source[j], 0)
                j += 1
        elif source.startswith(escape, j):
            j += len(escape) + 1
        else:
            j += 1
    return j


def is_silent_about_throwing(lines, code, number):
    """Whether a function throws it knows what, and its docstring says nothing of it. Typed throws speak for themselves."""
    signature = re.split(r"[{}]", "\n".join(code[number : number + 20]))[0]
    depth, end = 0, 0
    for end, character in enumerate(signature):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ")" and depth == 0:
            break
    if not re.match(r"\s*(async\s+)?throws(?!\()", signature[end + 1 :]):
        return False
    first = number
    while first > 0 and lines[first - 1].lstrip().startswith(("///", "@", "#")):
        first -= 1
    return not re.search(r"[Tt]hrow|See `", "\n".join(lines[first:number]))


def is_documented(lines, code, number):
    """Whether a docstring stands above the line, attributes and conditions between them or not."""
    for above in range(number - 1, -1, -1):
        if lines[above].lstrip().startswith("///"):
            return True
        if not code[above].lstrip().startswith(("@", "#")):
            return False
    return False


def undocumented(source):
    """The line numbers and texts of public declarations without a docstring."""
    lines, code = source.split("\n"), without_text(source).split("\n")
    scopes = [("file", False)]  # what each open brace belongs to, and whether its plain members are public
    pending = None  # the type whose brace has not come yet
    parentheses = 0
    for number, line in enumerate(code):
        kind, members_public = scopes[-1]
        if kind != "body" and parentheses == 0 and pending is None and (found := DECLARATION.match(line)):
            word, modifiers = found["word"], found["modifiers"].split()
            said = next((m for m in modifiers if re.fullmatch("public|open|package|internal|fileprivate|private", m)), None)
            given = members_public and (kind != "enum" or word == "case")
            public = said in ("public", "open") or (said is None and given)
            if public and word != "extension":
                if not CONFORMANCES.match(line[found.start("word") :]):
                    if not is_documented(lines, code, number):
                        yield number + 1, lines[number].strip()
                    elif word in ("func", "init") and kind != "protocol" and is_silent_about_throwing(lines, code, number):
                        yield number + 1, f"{lines[number].strip()} (it throws, and does not say what)"
            if re.fullmatch(TYPES, word):
                pending = (word, public and word in ("enum", "protocol", "extension"))
        for character in line:
            if character in "([":
                parentheses += 1
            elif character in ")]":
                parentheses -= 1
            elif character == "{":
                scopes.append(pending if pending and parentheses == 0 else ("body", False))
                pending = None if parentheses == 0 else pending
            elif character == "}":
                scopes.pop()
                if not scopes:
                    raise ValueError(f"line {number + 1}: a brace too many, or this script misreads the file")
    if len(scopes) != 1 or parentheses:
        raise ValueError("a brace or a parenthesis too few, or this script misreads the file")


def all_undocumented():
    for path in sorted(SOURCES.rglob("*.swift")):
        if "System" in path.relative_to(SOURCES).parts:
            continue
        try:
            for number, text in undocumented(path.read_text()):
                yield f"{path.relative_to(SOURCES.parent)}:{number}", text
        except ValueError as fault:
            yield str(path.relative_to(SOURCES.parent)), str(fault)


# What the check must find, lest it finds nothing because it misreads: lines that end with "missing".
SAMPLE = r'''
/// A type.
public struct Sample: Sendable {
    public let size = "} \("{" + ")") {"  // missing
    /// Documented, and its attribute lies between.
    @discardableResult
    public func first() -> Int { let open = 1; return open }
    func own() {}
    /// An enum.
    public enum Kind {
        case one  // missing
        /// Two.
        case two(
            size: Int)
        func own() { switch self { case .one: break; case .two: break } }
        public init(from decoder: any Decoder) throws {}
    }
    enum Own { case one }
}
/// A port.
public protocol Port {
    func call()  // missing
    /// Kind.
    associatedtype Kind
}
public extension Sample {
    var given: Int { 1 }  // missing
}
extension Sample {
    public static func made() -> Sample { Sample() }  // missing
    /// Says nothing of its errors.
    public func silent() async throws -> Int { 1 }  // missing
    /// Takes what throws, and throws what it says itself.
    public func typed(_ body: () throws -> Int) throws(Fault) {}
}
'''


def symbols(report):
    expected = [n for n, line in enumerate(SAMPLE.split("\n"), 1) if line.endswith("missing")]
    report.expect([n for n, _ in undocumented(SAMPLE)] == expected, "docstrings.py", "it does not find what its sample lacks")
    for where, text in all_undocumented():
        report.fault(where, f"public, and its docstring is missing or says too little: {text}")


if __name__ == "__main__":
    missing = list(all_undocumented())
    for where, text in missing:
        print(f"{where}: {text}")
    sys.exit(1 if missing else 0)
