"""Mutation testing: change the code in one place, and see whether a test notices. See docs/mutation.md.

::

    pip install mutmut coverage
    python tests/mutation.py wfgraph/graph wfgraph/compiler

What can be changed in a function, mutmut knows. The tests are collected once, then run once to see which of them come to which
line. Each change then has a process of its own, forked from the one with the tests: the code of the function is exchanged there,
and the tests that come to its line are run, those first that noticed a change of the same function before, then the fastest.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import json
import multiprocessing
import os
import pickle
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import libcst
import pytest
from mutmut.mutation import file_mutation, pragma_handling
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parent.parent
# What starts processes anew, which a changed function does not reach, or asks for a server.
LEFT_OUT = (
    "browser",
    "checks/test_precommit.py",
    "migration/test_clients.py",
    "storage/promises/test_crashes.py",
    "storage/workers",
    "test_bench.py",
    "test_docs_blocks.py",
    "test_docs_site.py",
    "test_packaging.py",
    "test_readme.py",
    "test_size.py",
    "test_typing.py",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one function: the text from `start` on, without `cut` characters, but with `put` in their place."""

    path: str
    function: str
    line: int
    start: int
    cut: int
    put: str

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What tells it from others."""
        return self.path, self.start, self.cut, self.put

    def source(self) -> str:
        """Return the text of the module with the change."""
        text = (ROOT / self.path).read_text()
        return text[: self.start] + self.put + text[self.start + self.cut :]

    def shown(self) -> str:
        """Return the lines before and after."""
        text = (ROOT / self.path).read_text()
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.start + self.cut)
        before, after = text[first:last], text[first : self.start] + self.put + text[self.start + self.cut : last]
        return "\n".join([*(f"- {one}" for one in before.splitlines()), *(f"+ {one}" for one in after.splitlines())])


class _Mutations(file_mutation.MutationVisitor):
    """mutmut's changes, in decorated functions, too: they need no copy here."""

    def _skip_node_and_children(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, libcst.FunctionDef):
            return node.name.value in file_mutation.NEVER_MUTATE_FUNCTION_NAMES
        return super()._skip_node_and_children(node)


def changes_of(path: str) -> list[Change]:
    """Return every change of the functions of a module."""
    text = (ROOT / path).read_text()
    tree = libcst.metadata.MetadataWrapper(libcst.parse_module(text))
    visitor = _Mutations(mutation_operators, pragma_handling.get_ignored_lines(path, text, tree))
    module = tree.visit(visitor)
    functions = sorted(_functions(ast.parse(text)), key=lambda one: one[0].lineno)
    statements = {id(node): statement for statement in module.body for node in file_mutation._walk(statement)}
    found = []
    for mutation in visitor.mutations:
        if mutation.contained_by_top_level_function is None:
            continue
        statement = statements[id(mutation.original_node)]
        before = module.code_for_node(statement)
        after = module.code_for_node(
            file_mutation.deep_replace(statement, mutation.original_node, mutation.mutated_node)
        )
        same = _common(before, after)
        start, end = text.index(before) + same, _common(before[same:][::-1], after[same:][::-1])
        line = text.count("\n", 0, start) + 1
        name = next((name for node, name in reversed(functions) if _first(node) <= line <= node.end_lineno), "")
        if name:
            put = after[same : len(after) - end]
            found.append(Change(path, name, line, start, len(before) - same - end, put))
    return found


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[Any, str]]:
    """Yield the functions of a module and of its classes, not those in functions, with their qualified names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from _functions(node, prefix)


def _first(node: Any) -> int:
    """Return the line where a function begins to the compiler: that of its first decorator."""
    return min([node.lineno, *(one.lineno for one in node.decorator_list)])


def lines_of(path: str) -> dict[int, set[int]]:
    """Return, for each line, the lines of the statement that it is a part of, its body not counted."""
    found: dict[int, set[int]] = {}
    nodes = [node for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.stmt)]
    for node in sorted(nodes, key=lambda node: (node.lineno, -node.end_lineno)):
        body = getattr(node, "body", None)
        last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno
        lines = set(range(node.lineno, last + 1))
        if isinstance(node, ast.FunctionDef):  # a default: every test that comes to its first statement
            lines.add(body[1 if len(body) > 1 and ast.get_docstring(node) else 0].lineno)
        for line in range(node.lineno, last + 1):
            found[line] = lines
    return found


def exchange(change: Change, functions: dict[Any, list[FunctionType]]) -> None:
    """Give the function its changed code, in this process."""
    tree = ast.parse(change.source())
    # A property and its setter have one name. What is left of a function may end before the line that was taken out.
    named = (node for node, name in _functions(tree) if name == change.function and _first(node) <= change.line)
    node = max(named, key=_first)
    line = _first(node)
    code = _code(compile(tree, str(ROOT / change.path), "exec"), change.function, line)
    live = functions.get((str(ROOT / change.path), change.function, line), [])
    if not live:
        raise LookupError(f"no function {change.function} of {change.path} is there")
    for function in live:
        function.__code__ = code
        function.__defaults__ = _defaults(node.args.defaults, function.__defaults__)
        if function.__kwdefaults__:
            asked = {one.arg: default for one, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)}
            function.__kwdefaults__.update(
                {name: _default(asked[name], value) for name, value in function.__kwdefaults__.items()}
            )


def _code(code: CodeType, name: str, line: int) -> CodeType | None:
    if code.co_qualname == name and code.co_firstlineno == line:
        return code
    inner = (_code(one, name, line) for one in code.co_consts if isinstance(one, CodeType))
    return next((one for one in inner if one is not None), None)


def _defaults(nodes: list[ast.expr], values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return values and tuple(_default(node, value) for node, value in zip(nodes, values, strict=True))


def _default(node: ast.expr | None, value: Any) -> Any:
    """Return a default as the changed text has it, where it is a constant."""
    return node.value if isinstance(node, ast.Constant) else value


@dataclass(slots=True)
class Seen:
    """What one run of the tests has shown: which come to which line, how long they take, which can't be asked."""

    tests: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Runner:
    """The plugin: instead of running the tests, judge the changes with them."""

    changes: list[Change]
    options: argparse.Namespace
    items: list[pytest.Item] = field(default_factory=list)
    functions: dict[Any, list[FunctionType]] = field(default_factory=lambda: defaultdict(list))
    failed: bool = False
    work: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="mutation")))
    killers: dict[tuple[str, str], Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """Take the first example that fails: nobody wants to see the smallest."""
        from hypothesis import Phase, settings  # only now, as pytest has something to add when it is imported

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", settings.get_profile("default"), phases=phases)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Look once, then judge each change."""
        self.items = [item for item in session.items if item.fspath.basename != "test_boundary.py"]
        for path in {change.path for change in self.changes}:
            importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        self._build_strategies()
        gc.collect()
        for one in gc.get_objects():
            if isinstance(one, FunctionType):
                code = one.__code__
                self.functions[code.co_filename, code.co_qualname, code.co_firstlineno].append(one)
        gc.freeze()
        kept = Path(self.options.kept) if self.options.kept else self.work / "kept"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(self._look()))
        seen: Seen = pickle.loads(kept.read_bytes())  # noqa: S301 - our own
        print(
            f"{len(self.items)} tests, {len(seen.failed)} that can't be asked, {len(self.changes)} changes", flush=True
        )
        for index in seen.failed:
            print("can't be asked:", self.items[index].nodeid)
        try:
            self._judge_all(seen)
        finally:
            shutil.rmtree(self.work, ignore_errors=True)
        return True

    def _build_strategies(self) -> None:
        """Generate examples without running a test with them: building strategies takes seconds, once in a process."""
        for item in self.items:
            handle = getattr(getattr(item, "obj", None), "hypothesis", None)
            if handle is not None:
                test, handle.inner_test = handle.inner_test, lambda *_, **__: None
                self._passes(item, None)
                handle.inner_test = test

    def _look(self) -> Seen:
        """Run the tests in forked processes, and see what they come to."""
        jobs = self.options.jobs
        children = [self._fork(lambda part=part: self._look_at(part)) for part in range(jobs)]
        found = Seen()
        for part, child in enumerate(children):
            os.waitpid(child, 0)
            one: Seen = pickle.loads((self.work / f"seen{part}").read_bytes())  # noqa: S301 - our own
            for place, tests in one.tests.items():
                found.tests.setdefault(place, set()).update(tests)
            found.seconds |= one.seconds
            found.failed += one.failed
        return found

    def _look_at(self, part: int) -> None:
        seen = Seen()
        cov = coverage.Coverage(source=[str(ROOT / "wfgraph")], config_file=False, data_file=None)
        cov.start()
        share = range(part, len(self.items), self.options.jobs)
        for index, following in zip(share, [*share[1:], None], strict=True):
            cov.switch_context(str(index))
            started = time.perf_counter()
            if not self._passes(self.items[index], None if following is None else self.items[following]):
                seen.failed.append(index)
            seen.seconds[index] = time.perf_counter() - started
        cov.stop()
        data = cov.get_data()
        for path in {change.path for change in self.changes}:
            for line, contexts in data.contexts_by_lineno(str(ROOT / path)).items():
                seen.tests[path, line] = {int(one) for one in contexts if one}
        (self.work / f"seen{part}").write_bytes(pickle.dumps(seen))

    def _passes(self, item: pytest.Item, after: pytest.Item | None) -> bool:
        self.failed = False
        item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
        return not self.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep in mind that a test has failed."""
        self.failed |= report.failed

    def _fork(self, work: Any) -> int:
        """Do something in a process of its own, without a word, and return its number."""
        child = os.fork()
        if child:
            return child
        try:
            os.setpgrp()
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 1)
            os.dup2(null, 2)
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
            folder = self.work / str(os.getpid())
            folder.mkdir()
            self.items[0].config._tmp_path_factory._basetemp = folder
            work()
        except BaseException:
            (self.work / f"error{os.getpid()}").write_text(traceback.format_exc())
            os._exit(2)
        os._exit(0)

    def _judge_all(self, seen: Seen) -> None:
        """Judge each change, as many at once as there are jobs, and write down each outcome."""
        statements = {path: lines_of(path) for path in {change.path for change in self.changes}}
        waiting = list(reversed(self.changes))
        running: dict[int, tuple[Change, float, list[int]]] = {}
        with Path(self.options.out).open("a") as out:
            while waiting or running:
                while waiting and len(running) < self.options.jobs:
                    change = waiting.pop()
                    lines = statements[change.path].get(change.line, set()) | {change.line}
                    tests = self._tests(
                        change, set().union(*(seen.tests.get((change.path, one), set()) for one in lines)), seen
                    )
                    if not tests:
                        self._write(out, change, "no test", None)
                        continue
                    running[self._fork(lambda change=change, tests=tests: self._judge(change, tests))] = (
                        change, time.monotonic(), tests)  # fmt: skip
                self._reap(out, running)

    def _tests(self, change: Change, found: set[int], seen: Seen) -> list[int]:
        """Return the tests to ask, the likeliest first, of no more seconds together than the budget."""
        killers = self.killers[change.path, change.function]
        able = found - set(seen.failed)
        chosen, left = [], self.options.budget
        for index in sorted(able, key=lambda one: (-killers[one], seen.seconds[one])):
            if seen.seconds[index] <= self.options.longest and left > 0:
                chosen.append(index)
                left -= seen.seconds[index]
        return chosen

    def _judge(self, change: Change, tests: list[int]) -> None:
        exchange(change, self.functions)
        for index, following in zip(tests, [*tests[1:], None], strict=True):
            if not self._passes(self.items[index], None if following is None else self.items[following]):
                (self.work / f"killer{os.getpid()}").write_text(str(index))
                os._exit(1)

    def _reap(self, out: Any, running: dict[int, tuple[Change, float, list[int]]]) -> None:
        """Wait for a process to end, or for its time to be up, and write down how it went."""
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child:
                break
            for one, (_, started, _) in running.items():
                if time.monotonic() - started > 30 + 4 * self.options.budget:
                    os.killpg(one, signal.SIGKILL)
            time.sleep(0.005)
        change, _, _ = running.pop(child)
        killer = None
        told, error = self.work / f"killer{child}", self.work / f"error{child}"
        if os.WIFSIGNALED(status):
            outcome = "killed"
        elif os.WEXITSTATUS(status) == 1 and told.exists():
            outcome, killer = "killed", int(told.read_text())
            self.killers[change.path, change.function][killer] += 1
        elif os.WEXITSTATUS(status) == 0:
            outcome = "survived"
        else:
            outcome = "error: " + (error.read_text() if error.exists() else str(status))
        self._write(out, change, outcome, killer)
        shutil.rmtree(self.work / str(child), ignore_errors=True)

    def _write(self, out: Any, change: Change, outcome: str, killer: int | None) -> None:
        by = self.items[killer].nodeid if killer is not None else None
        out.write(json.dumps(asdict(change) | {"outcome": outcome, "by": by, "shown": change.shown()}) + "\n")
        out.flush()


def outcomes(path: str) -> list[tuple[Change, str]]:
    """Return the changes that a file tells of, with what came of each."""
    names = [one.name for one in fields(Change)]
    told = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return [(Change(*(one[name] for name in names)), one["outcome"]) for one in told]


def table(found: list[tuple[Change, str]]) -> str:
    """Return how many changes of each module were killed and survived, as a table in Markdown."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for change, outcome in found:
        counts[change.path.removeprefix("wfgraph/")][outcome] += 1
    counts["all"] = sum(counts.values(), Counter())
    rows = [
        f"| `{path}` | {one.total()} | {one['killed']} | {one['survived']} | {one['no test']} |"
        for path, one in counts.items()
    ]
    return "\n".join(["| module | changes | killed | survived | no test |", "|---|---|---|---|---|", *rows])


def _modules(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def main() -> int:
    """Run the changes of the modules that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+", help="modules or folders")
    parser.add_argument(
        "--out", default="mutation.jsonl", help="where outcomes are added to; what stands there is not run again"
    )
    parser.add_argument("--again", help="a file of outcomes: only what has not been killed in it")
    parser.add_argument("--function", default="", help="only functions whose qualified name contains this")
    parser.add_argument(
        "--kept", help="where what the tests come to is kept for the next time, with the same tests and modules"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many processes at a time")
    parser.add_argument("--budget", type=float, default=4.0, help="seconds of tests for each change")
    parser.add_argument("--longest", type=float, default=1.0, help="seconds of the longest test to ask")
    parser.add_argument("--tests", nargs="*", default=["tests"], help="where the tests are")
    options = parser.parse_args()
    modules = dict.fromkeys(one for path in options.paths for one in _modules(ROOT / path))
    with multiprocessing.Pool(options.jobs) as pool:
        found = pool.map(changes_of, [str(one.relative_to(ROOT)) for one in modules], chunksize=1)
    done = {one.place for one, outcome in outcomes(options.out)} if Path(options.out).exists() else set()
    changes = [one for part in found for one in part if options.function in one.function and one.place not in done]
    if options.again:
        alive = {one.place for one, outcome in outcomes(options.again) if outcome != "killed"}
        changes = [one for one in changes if one.place in alive]
    args = ["-n", "0", "-q", "--capture=sys", "--tb=no", "--examples", "20", "--timeout", "20", "-p", "no:cacheprovider",
            "-k", "not postgresql", *(f"--ignore=tests/{one}" for one in LEFT_OUT), *options.tests]  # fmt: skip
    status = int(pytest.main(args, plugins=[Runner(changes, options)]))
    print(table(outcomes(options.out)))
    return status


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
