"""``wfgraph run``: JSON tokens through a definition."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import click

from wfgraph.cli.completion import complete_target, key_option
from wfgraph.cli.console import MANY, CommandError, progress, say
from wfgraph.cli.runner import Fate, Report, Story, run_all, run_shared
from wfgraph.cli.targets import compiled, definition_of, load, read_tokens
from wfgraph.cli.teaching import taught
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import StorageError, UnknownRun
from wfgraph.runtime.trace import Trace
from wfgraph.utils import counted
from wfgraph.views.render import write_whole
from wfgraph.views.traces import trace_to_json

__all__ = ["granularity_option", "run", "tell_report"]

granularity_option = click.option(
    "--granularity",
    type=click.Choice(("task", "token", "batch")),
    help="What is stored at once: what may have to be run again after a crash.  [default: token]",
)


@click.command(
    short_help="Run the JSON tokens in a file through a definition.",
    epilog=taught(
        {
            "run flow.py:flow tokens.json": "each element of a JSON array, one after the other",
            "run flow.py:flow tokens.jsonl --output after.jsonl --workers 4": "in four processes; keep the tokens",
            "run flow.py:flow tokens.json --db runs.db": "store the run, so that it survives and can be resumed",
            "run flow.py:flow tokens.json --trace run.json": "record each step, for wfgraph draw --overlay run.json",
        },
        codes="0 no token failed (a halt is no failure), 1 one did, 2 nothing could be run, 130 interrupted.",
        then="wfgraph runs show UUID and wfgraph runs resume UUID for a run that was stored.",
    ),
)
@click.argument("target", shell_complete=complete_target)
@click.argument("tokens", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Write the tokens after the run: .json or .jsonl.")
@click.option(
    "--trace", "recording", type=click.Path(path_type=Path), help="Record the steps to a .json file, for wfgraph draw."
)
@key_option
@click.option("--db", "url", metavar="URL", help="Store the run: in runs.db, or postgresql://host/name.")
@click.option("--name", help="The name of the stored run; the definition's when not given.")
@granularity_option
@click.option("--workers", type=click.IntRange(min=1), help="How many processes share the tokens.")
@click.pass_context
def run(
    ctx: click.Context,
    target: str,
    tokens: Path,
    output: Path | None,
    recording: Path | None,
    key: str | None,
    url: str | None,
    name: str | None,
    granularity: str | None,
    workers: int | None,
) -> None:
    """Run the JSON tokens in a file through a definition.

    TOKENS is a .json file that holds an array, or a .jsonl file with one value per line. A token that halts or fails
    does not keep the others from running.

    A stored run goes on after a crash, or when somebody has looked at what was halted: see `wfgraph runs`. SIGTERM and
    Ctrl-C end it after the task in hand.
    """
    if output is not None and output.suffix.lower() not in (".json", ".jsonl"):
        raise CommandError(f"--output {str(output)!r}: tokens are written to a .json or a .jsonl file")
    if recording is not None and recording.suffix.lower() != ".json":
        raise CommandError(f"--trace {str(recording)!r}: a run is recorded to a .json file")
    if recording is not None and workers is not None:
        raise CommandError("--trace follows one process: leave out --workers")
    if url is None and (name or granularity):
        raise CommandError("--name and --granularity are of stored runs; say where to store it: --db runs.db")
    given = read_tokens(tokens)  # before a database is made for them
    eng = engine_for(target, key) if url is None else _stored_engine(target, key, url, name, granularity)
    if recording is not None:
        eng.trace = Trace()
    report, code = _run(eng, given, workers) if url is None else _run_stored(eng, given, workers)
    if recording is not None:
        _record(recording, eng)
    if output is not None:
        _write(output, given)
    if ctx.find_root().params.get("debug"):
        for story in report.of(Fate.FAILED):
            if story.error is not None:
                traceback.print_exception(story.error)
    tell_report(report, None if url is None else MANY)
    if code:
        from wfgraph.cli.stored import tell_interrupted

        tell_interrupted(eng)  # type: ignore[arg-type]  # only stored runs are interrupted so
    ctx.exit(code or (1 if report.of(Fate.FAILED) else 0))


def _run(eng: GenericWorkflowEngine, tokens: list[Any], workers: int | None) -> tuple[Report, int]:
    with progress("tokens", len(tokens)) as tell:
        return (run_all(eng, tokens, tell) if workers is None else run_shared(eng, tokens, workers, tell)), 0


def _stored_engine(
    target: str, key: str | None, url: str, name: str | None, granularity: str | None
) -> GenericWorkflowEngine:
    from wfgraph.cli.stored import begun  # what stores takes long to import, and most commands need none of it

    return begun(target, key, url, name, granularity)


def _run_stored(eng: Any, tokens: list[Any], workers: int | None) -> tuple[Report, int]:
    from wfgraph.cli.stored import report_of, run_stored

    say(f"run {eng.uuid}")
    given = {"stop_on_error": False, "stop_on_halt": False} | ({} if workers is None else {"workers": workers})
    try:
        done = run_stored(eng, len(tokens), lambda: eng.process(tokens, **given), shared=workers is not None)
    except StorageError as error:
        if _is_stored(eng):
            raise
        raise CommandError(f"{error.message}; this run was not stored") from error
    return report_of(eng), 0 if done else 130


def _is_stored(eng: Any) -> bool:
    try:
        eng.runs.find(eng.uuid)
    except UnknownRun:
        return False
    except StorageError:  # nobody knows
        return True
    return True


def tell_report(report: Report, most: int | None = None) -> None:
    """Say what became of all tokens: a line for each that halted or failed, and how many there are of each kind.

    Args:
        report: what became of them.
        most: how many that halted or failed are told of by themselves; None for all.
    """
    *stories, summary = _lines(report)
    for line in stories[:most]:
        say(line)
    if most is not None and len(stories) > most:
        say(f"and {len(stories) - most} more that halted or failed: `wfgraph runs show` lists them")
    say(summary)


def engine_for(target: str, key: str | None) -> GenericWorkflowEngine:
    """Return an engine with the definition that a target names; the target itself where that is an engine.

    Raises:
        CommandError: the target can't be loaded or compiled.
    """
    found = load(target)
    definition = definition_of(found, target, key)
    compiled(definition, target)  # says what is wrong with it before any token runs
    eng = found if isinstance(found, GenericWorkflowEngine) else GenericWorkflowEngine()
    if eng is not found or key is not None:
        eng.callbacks.replace(definition)
    return eng


def _lines(report: Report) -> list[str]:
    lines = [_line(story) for fate in (Fate.HALTED, Fate.FAILED) for story in report.of(fate)]
    counts = [(fate, len(report.of(fate))) for fate in (Fate.COMPLETED, Fate.HALTED, Fate.FAILED)]
    counts += [(fate, found) for fate in (Fate.LEFT, Fate.WAITING) if (found := len(report.of(fate)))]
    summary = ", ".join(f"{count} {fate.value}" for fate, count in counts)
    return [*lines, f"{counted(len(report.stories), 'token')}: {summary}"]


def _line(story: Story) -> str:
    waits = f" (waits for: {story.action})" if story.action else ""
    return f"token {story.index} {story.fate.value} in {story.task or '?'} at {story.position}: {story.what}{waits}"


def _record(path: Path, eng: GenericWorkflowEngine) -> None:
    """Write what a run did, with the graph of the definition that it ran.

    Raises:
        CommandError: the file can't be written.
    """
    assert eng.trace is not None  # noqa: S101 - set by the caller
    known = eng.callbacks.get(None)
    definition = known["*"] if "*" in known else next(iter(known.values()))  # JSON tokens ask for no other
    _save(path, trace_to_json(compile_graph(definition), eng.trace.steps))


def _write(path: Path, tokens: list[Any]) -> None:
    """Write the tokens as they are now, all of them or none.

    Raises:
        CommandError: one of them is no JSON value any more, or the file can't be written.
    """
    texts = []
    for index, token in enumerate(tokens):
        try:
            texts.append(json.dumps(token, ensure_ascii=False))
        except (TypeError, ValueError, RecursionError) as error:
            why = f"token {index} is no JSON value any more: {error}"
            raise CommandError(f"{str(path)!r} was not written: {why}") from error
    lines = path.suffix.lower() == ".jsonl"
    content = "".join(f"{text}\n" for text in texts) if lines else "[" + ",\n ".join(texts) + "]\n"
    _save(path, content)


def _save(path: Path, content: str) -> None:
    try:
        write_whole(path, content.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise CommandError(f"can't write {str(path)!r}: {error.strerror or error}") from error
