"""The command lines in documents and files of `infra/`, held against the program itself."""

import re
import shlex
from dataclasses import dataclass

import click

from tools.main import cli


@dataclass(frozen=True)
class Line:
    """One command line: where it stands, and its words without `coilmark`."""

    where: str
    words: tuple[str, ...]


def in_text(where, text):
    """Every `coilmark …` of the indented or fenced blocks of a text; a line that ends in a backslash goes on."""
    whole = re.sub(r"\\\n\s*", " ", text)
    for block in re.findall(r"```\w*\n(.*?)```", whole, re.DOTALL) or [whole]:
        for found in re.findall(r"^\s*(?:[A-Z_]+=\S+ )*(?:/[\w./-]*/)?coilmark ([a-z].*)$", block, re.MULTILINE):
            yield Line(where, tuple(shlex.split(found.split(" > ")[0].split(" | ")[0], comments=True)))


def wrong(line):
    """What the program does not know of this line, or ""."""
    command: click.Command = cli
    context = click.Context(cli)
    words = list(line.words)
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        found = command.get_command(context, name)
        if found is None:
            return f"there is no command {name}"
        command, context = found, click.Context(found)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [word.partition("=")[0] for word in words if word.startswith("--")]
    return next((f"{line.words[0]} has no option {option}" for option in unknown if option not in known), "")
