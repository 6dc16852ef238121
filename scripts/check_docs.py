#!/usr/bin/env python3
"""Checks that the public declarations of headers say what a reader needs: each has a `///` comment.

    scripts/check_docs.py [--root ROOT] [FOLDER]...     FOLDERS, or only those named here

A declaration is documented by a `///` comment on the lines directly above it, or by a trailing `///<` on the line
where it ends (or where its body begins). So a type, function, member, constant, alias and macro each have a sentence
of their own. Exempt, because a comment could only repeat what the code says, or because readers have no use for it:

  - private members, everything in detail/ folders, in `namespace detail` and in *_body.hpp, which is no header
  - constructors without arguments, that copy or that move; destructors, operators, overrides, members that are
    deleted or defaulted
  - overloads: one documented declaration of a name in a scope speaks for all (also of a macro's #else branch)
  - enumerators: the comment of the enum speaks for those that have none, and anonymous unions
  - forward declarations, `using a::b;`, friends, static_assert, specialisations and instantiations of templates

It reads text, not C++: enough for headers laid out by clang-format. Prints a line for each declaration without a
comment, then a count; exit code 1 when there is any.
"""
import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

# Folders whose headers must be complete; a new folder is added here.
FOLDERS = ["base", "table", "pipeline", "cli", "generator", "evaluator", "trainer", "kernels", "prepare"]

EXEMPT = re.compile("|".join([
    r"~\s*\w+\s*\(",  # destructors
    r"^(?P<class>\w+)\s*\(\s*((const )?(?P=class)\s*&&?\s*\w*\s*)?\)( noexcept)?$",  # A(), A(const A&), A(A&&)
    r"\boperator\b", r"\boverride\b", r"=\s*(default|delete)$",
    r"^(friend|static_assert)\b", r"^using\s+(namespace\s+)?[\w:]+$",
    r"^(extern\s+)?template\s+(?!<)", r"^template\s*<\s*>",  # instantiations, specialisations
    r"^union\{$", r"^(template\s*<.*>\s*)?(class|struct|enum(\s+class)?)\s+[\w:]+(\s*:\s*[\w:]+)?$",  # forward declarations
]))
TYPE_HEAD = re.compile(r"^(template\s*<.*>\s*)?(typedef\s+)?(class|struct|union)\b(?!.*\()")
ENUM_HEAD = re.compile(r"^(enum)\b(?!.*\()")
ACCESS = re.compile(r"(public|protected|private)\s*:(?!:)")


@dataclass
class Scope:
    kind: str  # "namespace" or "type"
    name: str = ""
    public: bool = True  # what follows is seen by users of the header
    documented: set = field(default_factory=set)  # names that have a comment
    missing: list = field(default_factory=list)  # (line, name) without one


def blank_out(text: str) -> str:
    """The text with comments, strings and characters replaced by blanks; same length, same lines."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def matching_brace(code: str, at: int) -> int:
    """Position after the brace that closes the one at `at`."""
    depth = 0
    for position in range(at, len(code)):
        depth += {"{": 1, "}": -1}.get(code[position], 0)
        if depth == 0:
            return position + 1
    return len(code)


def outside_angles(text: str) -> str:
    """The text without what stands in <...>, such as std::function<void(int)>."""
    before = None
    while before != text:
        before, text = text, re.sub(r"<[^<>;{}]*>", " ", text)
    return text


def name_of(statement: str) -> str:
    """The name that a declaration declares; for messages and to know overloads."""
    plain = re.sub(r"\[\[.*?\]\]|\b(alignas|noexcept|explicit|__attribute__)\s*\(+[^()]*\)+", " ", outside_angles(statement))
    head = re.split(r"[({=\[,]|(?<!:):(?!:)", plain)[0]
    words = re.findall(r"\w+", head)
    return words[-1] if words else statement[:40]


class HeaderCheck:
    def __init__(self, text: str):
        self.lines = text.split("\n")
        self.code = blank_out(text)
        self.scopes = [Scope("namespace")]
        self.problems = []
        self.n_declarations = 0

    def line_of(self, position: int) -> int:
        return self.code.count("\n", 0, position)

    def is_documented(self, start: int, ends: list) -> bool:
        above = self.line_of(start) - 1
        while above >= 0 and self.lines[above].lstrip().startswith("#"):  # a macro within #if
            above -= 1
        comment = self.lines[above].lstrip() if above >= 0 else ""
        if re.match(r"///(?!<)", comment) and not self.is_file_comment(above):
            return True
        return any("///<" in self.lines[self.line_of(end)] for end in ends)

    def is_file_comment(self, line: int) -> bool:
        """Whether a comment is that of the whole file, which stands above #pragma once or #include."""
        return all(text.lstrip().startswith("///") for text in self.lines[: line + 1]) and self.lines[line + 1].startswith("#pragma")

    def declare(self, start: int, ends: list, statement: str, name: str = ""):
        scope = self.scopes[-1]
        if not all(s.public for s in self.scopes) or EXEMPT.search(statement):
            return
        name = name or name_of(statement)
        self.n_declarations += 1
        if self.is_documented(start, ends):
            scope.documented.add(name)
        else:
            scope.missing.append((self.line_of(start) + 1, name))

    def close_scope(self):
        scope = self.scopes.pop()
        self.problems += [(line, f"{scope.name}{name}") for line, name in scope.missing if name not in scope.documented]

    def check_preprocessor(self, at: int) -> int:
        end = at
        while (newline := self.code.find("\n", end)) >= 0 and self.code[newline - 1] == "\\":
            end = newline + 1
        newline = len(self.code) if newline < 0 else newline
        found = re.match(r"#\s*define\s+(\w+)", self.code[at:newline])
        if found:
            self.declare(at, [newline], "#define", found.group(1))
        return newline

    def open_brace(self, start: int, at: int) -> tuple:
        """Handles `{` of the statement that began at `start`: where to go on, and whether a new statement begins."""
        statement = " ".join(self.code[start:at].split())
        outer = self.scopes[-1].name
        if re.match(r"(inline\s+)?namespace\b|extern\s*$", statement):
            inner = Scope("namespace", public="detail" not in statement.split("::")[-1])
            self.scopes.append(inner)
            return at + 1, True
        if ENUM_HEAD.match(statement):
            self.declare(start, [at], statement + "{")
            return matching_brace(self.code, at), False
        if TYPE_HEAD.match(statement):
            self.declare(start, [at], statement + "{")
            is_class = TYPE_HEAD.match(statement).group(3) == "class"
            self.scopes.append(Scope("type", f"{outer}{name_of(statement)}::", public=not is_class))
            return at + 1, True
        end = matching_brace(self.code, at)
        following = self.code[end:].lstrip()[:1]
        in_parentheses = statement.count("(") > statement.count(")")  # a default argument such as int64_t{1}
        if "(" in outside_angles(statement) and not in_parentheses and following not in (";", ",", "{", ")"):
            self.declare(start, [at, end - 1], statement)
            return end, True
        return end, False

    def run(self):
        at, start = 0, None
        while at < len(self.code):
            character = self.code[at]
            if start is None and character.isspace():
                at += 1
            elif start is None and character == "#":
                at = self.check_preprocessor(at)
            elif start is None and (label := ACCESS.match(self.code, at)):
                self.scopes[-1].public = label.group(1) != "private"
                at = label.end()
            elif start is None and character == "}":
                if len(self.scopes) > 1:
                    was_type = self.scopes[-1].kind == "type"
                    self.close_scope()
                    at = self.code.index(";", at) if was_type else at
                at += 1
            elif start is None and character == ";":
                at += 1
            elif character == "{":
                start = at if start is None else start
                at, ended = self.open_brace(start, at)
                start = None if ended else start
            elif character == ";":
                statement = " ".join(self.code[start:at].split())
                if not ENUM_HEAD.match(statement) or "{" not in statement:
                    self.declare(start, [at], statement)
                at, start = at + 1, None
            else:
                start = at if start is None else start
                at += 1
        while self.scopes:
            self.close_scope()
        return sorted(self.problems)


def headers_of(root: Path, folders: list):
    for folder in folders:
        for path in sorted((root / folder).rglob("*.hpp")):
            if "detail" not in path.relative_to(root).parts and not path.name.endswith("_body.hpp"):
                yield path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", default=FOLDERS)
    arguments = parser.parse_args()
    n_declarations = n_missing = 0
    for path in headers_of(arguments.root, arguments.folders):
        check = HeaderCheck(path.read_text(encoding="utf-8"))
        for line, name in check.run():
            print(f"{path.relative_to(arguments.root)}:{line}: {name} has no /// comment")
            n_missing += 1
        n_declarations += check.n_declarations
    print(f"public declarations: {n_declarations}, without a comment: {n_missing}")
    return 1 if n_missing else 0


if __name__ == "__main__":
    sys.exit(main())
