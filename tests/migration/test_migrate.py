"""What `wfgraph migrate` changes, what it leaves and tells, and that nothing else of a file is touched."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import pytest
from differential.real import REAL

from wfgraph._legacy import replacements
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.migrate import Unreadable, migrate_paths, migrate_text, write
from wfgraph.migrate.names import MODULES, exists, table

ROOT = Path(__file__).resolve().parents[2]
ENGINE = "from wfgraph.engine import GenericWorkflowEngine\n"


def looks(text: str) -> list[tuple[int, str]]:
    return [(look.line, look.message) for look in migrate_text(text).looks]


def changed(text: str) -> str:
    """Return what a text becomes, of which nothing has to be looked at, and which changes no further."""
    found = migrate_text(text)
    assert () == found.looks
    assert found.text == migrate_text(found.text).text
    return found.text


# Imports --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import workflow.engine\n", "import wfgraph.engine\n"),
        ("import workflow.engine as x, os\n", "import wfgraph.engine as x, os\n"),
        ("import os,workflow . engine\n", "import os,wfgraph . engine\n"),
        ("from workflow import engine, errors as e\n", "from wfgraph import engine, errors as e\n"),
        ("from  workflow.patterns  import IF  # why\n", "from  wfgraph.patterns  import IF  # why\n"),
        (
            "from workflow.engine import (GenericWorkflowEngine,  # it\n    HaltProcessing,\n)\n",
            "from wfgraph.engine import (GenericWorkflowEngine,  # it\n    HaltProcessing,\n)\n",
        ),
        ("from workflow.engine import \\\n    Break\n", "from wfgraph.engine import \\\n    Break\n"),
        (
            "def task(obj, eng):\n\tfrom workflow.errors import SkipToken\n\traise SkipToken\n",
            "def task(obj, eng):\n\tfrom wfgraph.errors import SkipToken\n\traise SkipToken\n",
        ),
        (
            "try:\n    from workflow.engine_db import EnumLabel\nexcept ImportError:\n    EnumLabel = None\n",
            "try:\n    from wfgraph.engine_db import EnumLabel\nexcept ImportError:\n    EnumLabel = None\n",
        ),
        (
            "import workflow.engine, workflow.errors\nclass E(workflow.engine.GenericWorkflowEngine): x = workflow.errors\n",
            "import wfgraph.engine, wfgraph.errors\nclass E(wfgraph.engine.GenericWorkflowEngine): x = wfgraph.errors\n",
        ),
        (
            "import workflow.errors\ndef f(workflow): return workflow.engine\ndef g(): return workflow.errors.SkipToken\n",
            "import wfgraph.errors\ndef f(workflow): return workflow.engine\ndef g(): return wfgraph.errors.SkipToken\n",
        ),
        ('é = "日本"; import workflow.utils as w; "é"; w\n', 'é = "日本"; import wfgraph.utils as w; "é"; w\n'),
    ],
)
def test_imports_are_changed_in_every_spelling(old: str, new: str) -> None:
    assert new == changed(old)


@pytest.mark.parametrize(
    "text",
    [
        "from .workflow import engine\n",
        "from . import workflow\n",
        "import workflows.engine\nfrom my.workflow.engine import X\n",
        "workflow = [1]\nprint(workflow, obj.workflow.engine)\n",
        '"workflow.engine is fine"\nx = "workflow"\n',
    ],
)
def test_what_only_looks_like_the_library_stays(text: str) -> None:
    assert text == changed(text)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("from workflow.config import config_reader\n", 1, "no configuration reader"),
        ("\nfrom workflow.tasks import fetch\n", 2, "another package of that name"),
        ("from workflow.engine import Break, get_logger\n", 1, "wfgraph.engine has no get_logger"),
        ("from workflow.engine import Break, get_logger\n", 1, "; use `logging.getLogger(name)`"),
        ("from workflow.engine import *\nraise SkipToken\n", 1, "write out those used here: SkipToken"),
        ("import workflow.engine\nworkflow.engine.LOG\n", 1, "has no engine.LOG (line 2); use `logging."),
        ("import workflow.engine\nworkflow = 3\n", 1, "name of something else"),
        ("import workflow.engine\nwfgraph = 3\nworkflow.engine.Break\n", 1, "`wfgraph` is the name of something else"),
        ("import workflow.engine\nf'{workflow.engine}'\n", 1, "f-string in line 2"),
        ('x = "workflow.engine.Break"\n', 1, "text left"),
        ('patch("workflow.engine.LOG")\n', 1, "text left"),
        ('logging.getLogger("workflow")\n', 1, "loggers of wfgraph"),
    ],
)
def test_what_has_no_counterpart_is_left_and_told(text: str, line: int, told: str) -> None:
    assert text == migrate_text(text).text
    [(at, message)] = looks(text)
    assert line == at
    assert told in message


def test_the_version_is_told_because_it_is_another_ones() -> None:
    found = migrate_text("import workflow\nprint(workflow.__version__)\n")
    assert "import wfgraph\nprint(wfgraph.__version__)\n" == found.text
    assert [(2, "`__version__` is now that of wfgraph")] == [(look.line, look.message) for look in found.looks]


@pytest.mark.parametrize("function", ["mock.patch", "patch", "import_module", "importlib.import_module", "__import__"])
def test_a_text_that_finds_something_by_its_dotted_name_is_changed(function: str) -> None:
    old = f"{function}('workflow.engine.GenericWorkflowEngine.process', 1)  # text\n"
    assert old.replace("workflow.", "wfgraph.") == changed(old)


def test_each_module_of_2_1_6_is_known() -> None:
    folder = Path(str(REAL.engine.__file__)).parent
    files = [path.relative_to(folder.parent).with_suffix("") for path in folder.rglob("*.py")]
    modules = {".".join(path.parts).removesuffix(".__init__") for path in files}
    assert modules - set(MODULES) == {"workflow.config", "workflow.deprecation", "workflow.version"}
    assert all(map(exists, MODULES))


# Deprecated names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("eng.abortProcessing()", "eng.abort()"),
        ("eng.skipToken( )  # it", "eng.skip_token( )  # it"),
        ("eng.store['a'] = eng.store", "eng.extra_data['a'] = eng.extra_data"),
        ("eng.setWorkflow([a,\n  b])", "eng.callbacks.replace([a,\n  b])"),
        ("eng.setWorkflow(list_or_tuple=a)", "eng.callbacks.replace(a)"),
        ("eng.setPosition(1, [2])", "eng.state.token_pos, eng.state.callback_pos = 1, [2]"),
        ("eng.setPosition(\n  1,\n  [2],\n)", "eng.state.token_pos, eng.state.callback_pos = 1, [2]"),
        (
            "eng.setPosition(callback_pos=p, token_pos=t)",
            "eng.state.token_pos, eng.state.callback_pos = t, p",
        ),
        ("x = eng.getCallbacks(key=None)", "x = eng.callbacks.get(key=None)"),
        ("eng.addCallback('*', f)  # f", "eng.callbacks.add(key='*', func=f)  # f"),
        ("eng.addCallback(\n  '*',  # k\n  f,\n)", "eng.callbacks.add(\n  key='*',  # k\n  func=f,\n)"),
        ("eng.addManyCallbacks('*', [f])", "eng.callbacks.add_many(key='*', list_or_tuple=[f])"),
        ("eng.removeAllCallbacks()", "eng.callbacks.clear_all()"),
        ("eng.removeCallbacks('a')", "eng.callbacks.clear('a')"),
        ("eng.replaceCallbacks('a', funcs=[f])", "eng.callbacks.replace(key='a', funcs=[f])"),
        ("x = -eng.getCurrObjId()", "x = -eng.state.token_pos"),
        ("x = eng.getCurrTaskId()[-1]", "x = eng.state.callback_pos[-1]"),
        ("for i, o in eng.getObjects(): pass", "for i, o in enumerate(eng.objects): pass"),
        ("eng.jumpTokenForward(2)", "eng.jump_token(2)"),
        ("eng.jumpCallBack(-1)", "eng.jump_call(-1)"),
        ("eng.setVar('a', b)", "eng.extra_data['a'] = b"),
        ("eng.setVar(f(), g())", "eng.extra_data.update({f(): g()})"),
        ("x = lambda o, eng: eng.setVar('a', 1)", "x = lambda o, eng: eng.extra_data.update({'a': 1})"),
        ("eng.setVar('a', (b := 1))", "eng.extra_data['a'] = (b := 1)"),
        ("eng.setVar('a', b +\n  c)", "eng.extra_data['a'] = (b +\n  c)"),
        (
            "eng.setVar('n', eng.getVar('n', 0) + eng.getCurrObjId())",
            "eng.extra_data['n'] = eng.extra_data.setget('n', 0) + eng.state.token_pos",
        ),
        ("x = eng.getVar('a')", "x = eng.extra_data.get('a')"),
        ("x = eng.getVar('a', default=[])", "x = eng.extra_data.setget('a', [])"),
        ("if eng.hasVar('a'): pass", "if 'a' in eng.extra_data: pass"),
        ("if not eng.hasVar(a or b): pass", "if not ((a or b) in eng.extra_data): pass"),
        ("eng.delVar('a')", "eng.extra_data.pop('a', None)"),
        ("eng.haltProcessing(msg='m', action=None)", "eng.halt(msg='m', action=None)"),
        ("stop = eng.stopProcessing", "stop = eng.stop"),
        ("eng.continueNextToken(); x = 1", "eng.continue_next_token(); x = 1"),
        ("eng.breakFromThisLoop()", "eng.break_current_loop()"),
        ("eng.jumpToken(offset=n)", "eng.jump_token(offset=n)"),
        ("eng.jumpCall(n)", "eng.jump_call(n)"),
        ("self.eng.stopProcessing()", "self.eng.stop()"),
    ],
)
def test_deprecated_names_are_changed(old: str, new: str) -> None:
    assert f"{new}\n" == changed(f"{old}\n")


@pytest.mark.parametrize("one", replacements().values(), ids=lambda one: one.name)
def test_every_replacement_is_there(one: object) -> None:
    """A form names only what an engine has."""
    eng = GenericWorkflowEngine()
    for form in one.forms:  # type: ignore[attr-defined]
        for node in ast.walk(ast.parse(form)):
            if isinstance(node, ast.Attribute):
                assert eval(ast.unparse(node), {"eng": eng}) is not NotImplemented  # noqa: S307
                assert node.attr not in replacements()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ENGINE + "my = GenericWorkflowEngine()\nmy.setVar(1, 2)\n", "my.extra_data[1] = 2"),
        (ENGINE + "class E(GenericWorkflowEngine):\n  def f(me): me.setVar(1, 2)\n", "me.extra_data[1] = 2"),
        (ENGINE + "class E(GenericWorkflowEngine): pass\nclass F(E): pass\nx = F()\nx.store\n", "x.extra_data"),
        (ENGINE + "def f(x: GenericWorkflowEngine): x.store\n", "x.extra_data"),
        ("from db import MyDbWorkflowEngine as M\nx = M.from_uuid(1)\nx.stopProcessing()\n", "x.stop()"),
        (ENGINE + "engine.stopProcessing()\n", "engine.stop()"),
        (
            "try:\n  from workflow.engine_db import DbWorkflowEngine as D\nexcept ImportError: D = None\nx = None\n"
            "class E(D): pass\nx = E(1)\nx.stopProcessing()\n",
            "x.stop()",
        ),
    ],
)
def test_engines_are_known_by_their_class(old: str, new: str) -> None:
    assert new in changed(old).splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("record.getVar(1)\n", 1, "`record.getVar`: if this is an engine, write `eng.extra_data.get(key)` or"),
        ("make()[0].getVar(1)\n", 1, "`(...).getVar`: if this is"),
        ("engine.stopProcessing()\n", 1, "if this is an engine"),
        ("class T:\n  def getVar(self): 0\neng = T()\neng.getVar(1)\n", 4, "if this is an engine"),
        ("eng.jumpCallBack(n)\n", 1, "does not refuse an offset of the other sign"),
        ("eng.jumpCallBack(1)\n", 1, "does not refuse an offset of the other sign"),
        ("eng.setVar('a',  # why\n 1)\n", 1, "there is a comment inside"),
        ("eng.replaceCallbacks([f], 'a')\n", 1, "takes the definition first"),
        ("eng.setVar(*args)\n", 1, "not written out"),
        ("eng.addCallback('*', f, before=g)\n", 1, "are not those of `eng.callbacks.add(key=key, func=func)`"),
        ("x = lambda o, eng: eng.setPosition(1, [2])\n", 1, "or its place"),
        ("x = eng.delVar('a')\n", 1, "or its place"),
        ("x = eng.getCurrTaskId\n", 1, "it is no call"),
        ("f'''\n{eng.getCurrTaskId()}'''\n", 1, "inside an f-string"),
        ("eng.duplicate()\n", 1, "subclass it and make a new one"),
        ("eng.extra_data = {}\neng.getVar('a', 1)\n", 2, "a plain dict has no `setget`"),
        ("class A:\n  def JumpTokenBack(obj, eng, callbacks, step): 0\n", 2, "raises JumpToken"),
    ],
)
def test_what_may_be_something_else_is_left_and_told(text: str, line: int, told: str) -> None:
    assert text == migrate_text(text).text
    [(at, message)] = looks(text)
    assert line == at
    assert told in message


@pytest.mark.parametrize(
    "text",
    [
        "session.store(1)\npath.duplicate()\nengine.store\n",
        "class Template:\n  def getVar(self, k): return k\n  def show(self): return self.getVar(1)\n",
    ],
)
def test_names_that_anything_may_have_are_not_even_told(text: str) -> None:
    assert text == changed(text)


def test_a_deprecated_name_that_an_engine_defines_anew_is_left_in_all_files(tmp_path: Path) -> None:
    (tmp_path / "engines.py").write_text(ENGINE + "class Mine(GenericWorkflowEngine):\n  def setVar(self, k, v): 0\n")
    (tmp_path / "tasks.py").write_text("def task(obj, eng):\n    eng.setVar(1, 2)\n    eng.delVar(1)\n")
    engines, tasks = migrate_paths([tmp_path])
    assert engines.rewritten is not None
    assert tasks.rewritten is not None
    assert not engines.changed
    assert "def task(obj, eng):\n    eng.setVar(1, 2)\n    eng.extra_data.pop(1, None)\n" == tasks.rewritten.text
    assert [3] == [look.line for look in engines.rewritten.looks]
    [look] = tasks.rewritten.looks
    assert f"`eng.setVar` left: {tmp_path / 'engines.py'}:3 defines it anew" == look.message


def test_engines_of_one_file_are_known_in_another(tmp_path: Path) -> None:
    (tmp_path / "engines.py").write_text(ENGINE + "class Curation(GenericWorkflowEngine): pass\n")
    (tmp_path / "main.py").write_text("from engines import Curation\nc = Curation()\nc.setVar(1, 2)\n")
    _, main = migrate_paths([tmp_path])
    assert main.rewritten is not None
    assert "c.extra_data[1] = 2" == main.rewritten.text.splitlines()[-1]


def test_a_class_in_between_is_seen_though_its_file_has_nothing_to_migrate(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(ENGINE + "class Base(GenericWorkflowEngine): pass\n")
    (tmp_path / "b.py").write_text("from a import Base\nclass Middle(Base): pass\n")
    (tmp_path / "c.py").write_text("from b import Middle\nclass Last(Middle):\n  def setVar(self, k, v): 0\n")
    (tmp_path / "d.py").write_text("eng.setVar(1, 2)\n")
    *_, tasks = migrate_paths([tmp_path])
    assert tasks.rewritten is not None
    assert not tasks.changed
    assert "c.py:3 defines it anew" in tasks.rewritten.looks[0].message


# Bytes and files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfimport workflow.engine\r\neng.stopProcessing()\r\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'; import workflow.engine; '\xe9'\n",
        b"import workflow.engine\reng.stopProcessing()\r# \xc3\xa9",
        b"if 1:\n\timport workflow.engine\n\x0c\n\teng.stopProcessing()   \n\n\n",
    ],
)
def test_all_bytes_but_the_names_stay(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "client.py"
    path.write_bytes(text)
    [result] = migrate_paths([path])
    write(result)
    expected = text.replace(b"workflow", b"wfgraph").replace(b"stopProcessing", b"stop")
    assert expected == path.read_bytes()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"x = 1\nprint 'old'\n", "client.py:2: not Python 3: "),
        (b"try:\n  pass\nexcept X, e:\n  pass\n", "client.py:3: not Python 3: "),
        (b"x = '\xff'\n", "client.py: not readable as Python source: "),
        (b"# coding: klingon\n", "client.py: not readable as Python source: "),
        (b"x = 1\0\n", "not Python 3: "),
    ],
)
def test_what_is_no_python_3_gets_one_line(text: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "client.py").write_bytes(text)
    [result] = migrate_paths([tmp_path])
    assert result.error is not None
    assert told in result.error
    assert 1 == len(result.error.splitlines())


def test_each_name_of_the_library_has_a_counterpart_or_is_told_of() -> None:
    told = set(re.findall(r"^\| `(workflow\.[\w.]+)` \|", "\n".join(table()), re.MULTILINE)) - MODULES.keys()
    own = {
        f"{module}.{name}"
        for module in MODULES
        for name, value in vars(importlib.import_module(module)).items()
        if not name.startswith("_") and (name.isupper() or getattr(value, "__module__", None) == module)
    }
    assert {name for name in own if not exists(name)} == {name for name in told if name in own}
    assert not {name for name in told if exists(name)}


def test_the_page_of_names_is_the_one_that_its_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("make_names", ROOT / "docs" / "make_names.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = (ROOT / "docs" / "compat" / "names.md").read_text(encoding="utf-8")
    assert script.page() == text, "run python docs/make_names.py"
    assert set(replacements()) == set(re.findall(r"^\| `eng\.(\w+)", text, re.MULTILINE))


def test_a_text_that_is_no_python_3_names_its_line() -> None:
    with pytest.raises(Unreadable, match=r"^tasks\.py:1: not Python 3: .*2to3"):
        migrate_text("print 'x'", "tasks.py")


def test_a_very_long_expression_is_no_trouble() -> None:
    text = "x = " + " + ".join(["'a'"] * 900) + "\neng.stopProcessing()\n"
    assert text.replace("stopProcessing", "stop") == changed(text)


def test_a_workflow_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "workflow.py").write_text("x = 1\n")
    (tmp_path / "inner").mkdir()
    text = "from workflow.engine import Break\n"
    (tmp_path / "inner" / "main.py").write_text(text)
    results = {result.path.name: result for result in migrate_paths([tmp_path])}
    assert not results["main.py"].changed
    assert results["main.py"].rewritten is not None
    assert (
        f"imports left: `workflow` is {tmp_path / 'workflow.py'} here" in results["main.py"].rewritten.looks[0].message
    )
