"""``wfgraph completion``: shells complete verbs, options, and the definitions in Python files."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from wfgraph.cli.teaching import taught

__all__ = ["complete_target", "completion", "key_option"]

_SHELLS = ("bash", "zsh", "fish")
_LARGEST = 1_000_000
"""Files of more bytes are not looked into: a shell waits for the answer."""


@click.command(
    short_help="Make the shell complete verbs, options and definitions.",
    epilog=taught(
        {
            "completion bash >> ~/.bashrc": "for bash, from the next shell on",
            "completion zsh >> ~/.zshrc": "for zsh; after the line there with compinit",
            "completion fish > ~/.config/fish/completions/wfgraph.fish": "for fish",
        },
        then='for this shell alone: eval "$(wfgraph completion bash)"',
    ),
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the lines that make a shell complete this command: verbs, options, definitions as FILE.py:NAME, stored runs.

    Files are read for that, and not run. Runs are those of the database that --db names before, or of $WFGRAPH_DB.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows these three
    click.echo(kind(ctx.find_root().command, {}, "wfgraph", "_WFGRAPH_COMPLETE").source())


key_option = click.option("--key", help="Which of an engine's definitions; the one under '*' when not given.")


# What can stand for a target -----------------------------------------------------------------------------------------


def complete_target(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what a target may become: directories and Python files, and, after the colon, the definitions in one."""
    place, colon, name = incomplete.partition(":")
    if colon:
        return [CompletionItem(f"{place}:{found}") for found in _definitions(Path(place)) if found.startswith(name)]
    found = sorted(_entries(incomplete))
    files = [path for path in found if not path.endswith("/")]
    if files == found and len(files) == 1 and files[0].endswith(".py"):
        return [CompletionItem(f"{files[0]}:{name}") for name in _definitions(Path(files[0]))]
    return [CompletionItem(f"{path}:" if path.endswith(".py") else path) for path in found]


def _entries(start: str) -> Iterator[str]:
    """Yield the directories, Python files and stored graphs whose path begins so, directories with a slash."""
    folder, name = os.path.split(start)
    try:
        entries = list(os.scandir(folder or "."))
    except OSError:
        return
    for entry in entries:
        if not entry.name.startswith(name) or entry.name.startswith(".") > name.startswith("."):
            continue
        path = os.path.join(folder, entry.name)
        if entry.is_dir():
            yield f"{path}/"
        elif entry.name.endswith((".py", ".json")):
            yield path


def _definitions(path: Path) -> list[str]:
    """Return the names in a Python file that may stand for definitions: of lists, of engines; else of functions."""
    try:
        text = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
        body = ast.parse(text).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    assigned = [one for one in body if isinstance(one, ast.Assign | ast.AnnAssign) and _may_be_definition(one.value)]
    names = [name for one in assigned for name in _names(one)]
    functions = [one.name for one in body if isinstance(one, ast.FunctionDef)]
    return [name for name in names or functions if not name.startswith("_")]


def _may_be_definition(value: ast.expr | None) -> bool:
    return isinstance(value, ast.List | ast.Tuple | ast.Call | ast.BinOp | ast.ListComp) and not (
        isinstance(value, ast.List | ast.Tuple) and any(isinstance(item, ast.Constant) for item in value.elts)
    )


def _names(assigned: ast.Assign | ast.AnnAssign) -> list[str]:
    goals = assigned.targets if isinstance(assigned, ast.Assign) else [assigned.target]
    return [goal.id for goal in goals if isinstance(goal, ast.Name)]


# Bash ----------------------------------------------------------------------------------------------------------------


class _Bash(BashComplete):
    """Bash takes ``flow.py:flow`` for three words: it is asked for its whole line, and told the last of them."""

    source_template: ClassVar[str] = """\
%(complete_func)s() {
    local IFS=$'\\n' type value found
    COMPREPLY=()
    for found in $(env COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \
%(complete_var)s=bash_complete "$1"); do
        IFS=',' read -r type value <<< "$found"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
        [[ $value == *[:/] ]] && compopt -o nospace
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one at the cursor, and what there is of that."""
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        unfinished = words.pop() if words and not line[-1:].isspace() else ""
        return words[1:], unfinished

    def complete(self) -> str:
        """Return what bash is told."""
        args, unfinished = self.get_completion_args()
        known = unfinished[: unfinished.rfind(":") + 1] if ":" in os.environ.get("COMP_BREAKS", ":") else ""
        found = self.get_completions(args, unfinished)
        return "\n".join(f"{item.type},{item.value.removeprefix(known)}" for item in found)

    def source(self) -> str:
        """Return the script. Unlike click's it does not ask for bash's version: it may be printed for another machine."""
        return self.source_template % self.source_vars()


# Zsh and fish --------------------------------------------------------------------------------------------------------


class _Zsh(ZshComplete):
    """No space is put behind a directory or a file that is to be followed by a name."""

    source_template: ClassVar[str] = ZshComplete.source_template.replace(
        "        compadd -U -V unsorted -a completions\n",
        """\
        local -a open=(${(M)completions:#*[:/]}) whole=(${completions:#*[:/]})
        (( $#open )) && compadd -U -V unsorted -S '' -a open
        (( $#whole )) && compadd -U -V unsorted -a whole
""",
    )


class _Fish(FishComplete):
    """Only the first comma of an answer is fish's: names of files, and helps, have others."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


for _kind in (_Bash, _Zsh, _Fish):
    add_completion_class(_kind)
