"""wfgraph under the name `workflow`, in processes that do not have the real one."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import blinker
import pytest
from differential.real import REAL

import wfgraph
from wfgraph.compat import install_as_workflow
from wfgraph.errors import WorkflowAPIError

SCRIPT = """
import sys
from workflow.engine import GenericWorkflowEngine
from workflow.errors import HaltProcessing
from workflow.patterns.controlflow import IF, HALT
import workflow, wfgraph.errors
assert workflow.errors.HaltProcessing is wfgraph.errors.HaltProcessing is HaltProcessing
eng = GenericWorkflowEngine()
eng.setWorkflow([lambda obj, eng: obj.append(len(sys.argv)), IF(lambda obj, eng: True, [HALT()])])
obj = []
try:
    eng.process([obj])
except HaltProcessing:
    print("halted", obj, eng.getCurrTaskId())
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python without site-packages, which hold the real `workflow`, but with what wfgraph needs."""
    paths = [str(Path(wfgraph.__file__).parents[1])]
    lone = f"import sys; sys.path[:0] = {paths!r}"
    program = (
        f"{lone}; import importlib.util as u; s = u.spec_from_file_location('blinker', {blinker.__file__!r},"
        f" submodule_search_locations=[{str(Path(blinker.__file__).parent)!r}]); m = u.module_from_spec(s);"
        " sys.modules['blinker'] = m; s.loader.exec_module(m); import runpy; sys.argv[1:] = sys.argv[1:];"
    )
    return subprocess.run(
        [sys.executable, "-S", "-E", "-c", program + arguments[0], *arguments[1:]],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_script_runs_unchanged(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(SCRIPT)
    done = python("runpy.run_module('wfgraph.compat', run_name='__main__')", str(script), "more")
    assert ("halted [2] [1, 1, 0]\n", 0) == (done.stdout, done.returncode), done.stderr


def test_installing_twice_changes_nothing() -> None:
    code = "from wfgraph.compat import install_as_workflow as i; i(); w = sys.modules['workflow']; i(); "
    done = python(code + "print(sys.modules['workflow'] is w, w.__version__)")
    assert "True 2.1.6\n" == done.stdout, done.stderr


def test_a_module_runs_unchanged(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "client.py").write_text(SCRIPT)
    code = f"sys.path.insert(0, {str(tmp_path)!r}); runpy.run_module('wfgraph.compat', run_name='__main__')"
    done = python(code, "-m", "package.client", "more")
    assert ("halted [2] [1, 1, 0]\n", 0) == (done.stdout, done.returncode), done.stderr


def test_all_modules_of_2_1_6_but_its_configuration_are_there() -> None:
    imports = "import workflow.engine_db, workflow.patterns.utils, workflow.patterns.controlflow, workflow.signals\n"
    code = (
        "from wfgraph.compat import install_as_workflow as i; i()\n"
        + imports
        + "from workflow.version import __version__; from workflow import errors, utils\n"
        "from workflow.deprecation import deprecated\nimport warnings\n"
        "@deprecated('old')\ndef f(x): return x\n"
        "with warnings.catch_warnings(record=True) as found:\n"
        "    warnings.simplefilter('always'); print(f(1), __version__)\n"
        "print([(str(w.message), w.category.__name__, w.lineno) for w in found])"
    )
    done = python(code)
    assert "1 2.1.6\n[('old', 'DeprecationWarning', 9)]\n" == done.stdout, done.stderr


def test_a_state_that_was_pickled_by_2_1_6_is_read() -> None:
    state = REAL.engine.MachineState(3, [1, 0, 2])
    code = "from wfgraph.compat import install_as_workflow as i; i(); import pickle; "
    done = python(
        code + f"s = pickle.loads({pickle.dumps(state)!r}); print(type(s).__module__, s.token_pos, s.callback_pos)"
    )
    assert "wfgraph.runtime.state 3 [1, 0, 2]\n" == done.stdout, done.stderr


def test_a_folder_that_is_only_called_workflow_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "workflow").mkdir()
    (tmp_path / "client.py").write_text(SCRIPT)
    done = python("runpy.run_module('wfgraph.compat', run_name='__main__')", str(tmp_path / "client.py"))
    assert 0 == done.returncode, done.stderr


def test_a_module_workflow_of_ones_own_is_named(tmp_path: Path) -> None:
    (tmp_path / "workflow.py").touch()
    (tmp_path / "client.py").write_text(SCRIPT)
    done = python("runpy.run_module('wfgraph.compat', run_name='__main__')", str(tmp_path / "client.py"))
    assert (2, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert f"installed ({tmp_path / 'workflow.py'})" in done.stderr


def test_the_exit_code_and_the_error_are_those_of_the_script(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text("import workflow.errors\nraise SystemExit(7)\n")
    done = python("runpy.run_module('wfgraph.compat', run_name='__main__')", str(tmp_path / "client.py"))
    assert (7, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("arguments", [(), ("no-such-script.py",), ("-m",), ("-m", "no_such_module")])
def test_without_a_script_one_line_says_so(arguments: tuple[str, ...]) -> None:
    done = python("runpy.run_module('wfgraph.compat', run_name='__main__')", *arguments)
    assert 2 == done.returncode
    assert 1 == len(done.stderr.splitlines()), done.stderr


def test_it_refuses_to_stand_in_for_the_real_one() -> None:
    with pytest.raises(WorkflowAPIError, match=r"the real one is (installed|imported)"):
        install_as_workflow()
