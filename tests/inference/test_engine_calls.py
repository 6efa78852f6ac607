"""What is read of calls of the engine's methods, of those of its parts, of tokens, and of lists and dicts."""

from __future__ import annotations

import pytest

from inference.bodies import refuted, told
from wfgraph.engine import GenericWorkflowEngine

UNKNOWN = "?: something of which nothing is known is called"
STORED = "?: the engine, or its position, is stored in an object"
PUT_IN = "?: code, or the engine, is put into a list or dict"

READ = {
    # What steers.
    "eng.jump_call(2)": "jump_call:2",
    "eng.jump_call(offset=2)": "jump_call:2",
    "eng.jump_call()": "jump_call:?",
    "eng.jump_call(*obj)": "jump_call:?; reads obj[?]",
    "eng.jump_call(2 if obj else -1)": "jump_call:-1 jump_call:2",
    "eng.jumpCallForward(0)": "jump_call:0",
    "eng.jumpCallForward(-1)": "error",
    "eng.jumpCallForward(-1 if obj else 2)": "jump_call:2",
    "eng.jumpCallForward(obj['by'])": "jump_call:?; reads obj['by']",
    "eng.jumpCallBack(0)": "jump_call:0",
    "eng.jumpCallBack(-2)": "jump_call:-2",
    "eng.jumpCallBack(1)": "error",
    "eng.jump_token(offset=-1)": "jump_token:-1",
    "eng.rewind('current', 'next')": "jump_token:?",
    "eng.setPosition(0, [1])": "?: eng.setPosition() is called; moves setPosition",
    "eng.restart('current', 'first')": "?: eng.restart() is called; restarts restart",
    "eng.process([])": "?: eng.process() is called",
    "eng.leave()": "?: eng.leave() is called; no method leave",
    "x = eng.leave()\nx.halt()": "?: eng.leave() is called; no method leave",
    "eng.execute_callback(callback=halts, obj=obj)": "halt",
    "eng.execute_callback(looks, obj)": "return; reads obj['seen']",
    "eng.execute_callback(looks, obj=obj)": "return; reads obj['seen']",
    "eng.execute_callback(looks)": "return",
    "eng.execute_callback()": UNKNOWN,
    # The position.
    "eng.getCurrTaskId()[-1] += 1": "?: the position is set by hand; moves state",
    "eng.curr_task_id[-1] = 1": "?: the position is set by hand; moves state",
    "eng.curr_task_id.append(1)": "?: eng.state.callback_pos.append() is called; moves state.append",
    "obj['at'] = eng.curr_task_id": STORED + "; writes obj['at']",
    "obj['at'] = eng.getCurrTaskId()": STORED + "; writes obj['at']",
    "obj['at'] = list(eng.getCurrTaskId())": "return; writes obj['at']",
    "obj['at'] = eng.state.callback_pos.copy()": "return; writes obj['at']",
    "eng.state.callback_pos.index(0)": "return",
    "eng.state.callback_pos.count(0)": "return",
    "eng.state.callback_pos.append(0)": "?: eng.state.callback_pos.append() is called; moves state.append",
    "eng.state.other.count(0)": "?: eng.state.other.count() is called; moves state.count",
    "eng.state.token_pos.bit_length()": "return",
    "eng.state.__getstate__()": "return",
    "eng.state.reset()": "?: eng.state.reset() is called; moves state.reset",
    "sorted(eng.state.callback_pos)": "?: the position itself is handed out; elsewhere",
    # Data that is kept.
    "eng.getVar('a')": "return; reads eng.extra_data['a']; writes eng.extra_data['a']",
    "eng.getVar(default=1, key='a')": "return; reads eng.extra_data['a']; writes eng.extra_data['a']",
    "eng.getVar(obj['by'])": "return; reads eng.extra_data, obj['by']; writes eng.extra_data",
    "eng.hasVar('a')": "return; reads eng.extra_data['a']",
    "eng.setVar('a', 1)": "return; reads eng.extra_data['a']; writes eng.extra_data['a']",
    "eng.delVar('a')": "return; reads eng.extra_data['a']; writes eng.extra_data['a']",
    "eng.setVar('a', eng)": (
        "?: the engine is given to eng.setVar(); reads eng.extra_data['a']; writes eng.extra_data['a']"
    ),
    "eng.getVar('a')()": UNKNOWN + "; reads eng.extra_data['a']; writes eng.extra_data['a']",
    "eng.has_completed()()": "return; elsewhere",
    "eng.extra_data.get('a')": "return; reads eng.extra_data['a']",
    "eng.extra_data.setget(key='a', default=1)": ("return; reads eng.extra_data['a']; writes eng.extra_data['a']"),
    "eng.extra_data.update(a=1)": "return; reads eng.extra_data; writes eng.extra_data",
    "eng.store.pop('a', None)": "return; reads eng.extra_data['a']; writes eng.extra_data['a']",
    "eng.extra_data.get('a')()": UNKNOWN + "; reads eng.extra_data['a']",
    "eng.extra_data.get('a', eng)": "?: eng.extra_data.get() is called; reads eng.extra_data['a']",
    # Other parts.
    "eng.save()": "return",
    "eng.save()\neng.halt()": "halt; acts",
    "eng.has_completed()\neng.halt()": "halt",
    "eng.db_obj.save()\neng.halt()": "halt; acts",
    "eng.save()\neng.name.upper()\neng.halt()": "halt; acts",
    "eng.name.upper()\neng.halt()": "halt",
    "eng.log.info('%s', eng)": "return",
    "eng.objects.index(obj)": "return",
    "eng.objects.append(eng)": "?: eng.objects.append() is called",
    "eng.uuid.upper() + eng.idempotency_key.upper()": "return",
    "eng.uuid.upper()()": "return; elsewhere",
    "eng.trace.go()": "?: eng.trace.go() is called",
    "eng.callbacks.get('*')": "return",
    "eng.callbacks.get('*')[0](obj)": UNKNOWN,
    "eng.getCallbacks()[0](obj)": UNKNOWN,
    "obj['n'] = eng.get_object().title": "return; reads obj.title; writes obj['n']",
    "obj['n'] = eng.getObjects().title": "return; reads obj.title; writes obj['n']",
    "obj['n'] = eng.getCurrObjId().title": "return; writes obj['n']",
    # Tokens.
    "obj()": "return; writes obj",
    "obj.get('a')": "return; reads obj.get, obj['a']",
    "obj.get(default=1, key='a')": "return; reads obj.get, obj['a']",
    "obj.get('a').b.c": "return; reads obj.get, obj['a'], obj['a'].b, obj['a'].b.c",
    "obj.meta.get('a').b": "return; reads obj.meta, obj.meta.get, obj.meta['a'], obj.meta['a'].b",
    "obj.update(a=1)": "return; reads obj.update; writes obj",
    "obj.meta.update(a=1)": "return; reads obj.meta, obj.meta.update; writes obj.meta",
    "obj.values().a": "return; reads obj.?.a, obj.values",
    "obj.meta.items().a": "return; reads obj.meta, obj.meta.?.a, obj.meta.items",
    "obj.copy().a": "return; reads obj.?.a, obj.copy",
    "obj.pop('b').a": "return; reads obj.?.a, obj.pop; writes obj",
    "obj.keys().a": "return; reads obj.keys",
    "obj.run(eng)": "?: the engine is given to a method of the token; reads obj.run; writes obj",
    "obj.get(eng).a": ("?: the engine is given to a method of the token; reads obj.get, obj[?], obj[?].a"),
    "obj.each(lambda one: quiet())": "return halt; reads obj.each; writes obj",
    # Lists and dicts that the task writes down.
    "eng.jump_call({'a': 1}.get('a', 3))": "jump_call:1",
    "eng.jump_call({'a': 1, 'b': 2}.get('a'))": "jump_call:1",
    "eng.jump_call({'a': 1, 'b': 2}.get('a', 3))": "jump_call:1",
    "eng.jump_call({'a': 1, 'b': 2}.get('c', 3))": "jump_call:3",
    "eng.jump_call({'a': 1, 'b': 2}.get('c' if obj else 'a', 3))": "jump_call:1 jump_call:3",
    "eng.jump_call({'a': 1, 'b': 2}.get(obj['by'], 3))": "jump_call:1 jump_call:2 jump_call:3; reads obj['by']",
    "eng.jump_call({'a': 1, 'b': 2}.get('c'))": "jump_call:?",
    "if {'a': 1}.get('c'): eng.halt()": "return",
    "obj['n'] = {'a': eng}.keys()": "return; writes obj['n']",
    "obj['n'] = [eng].index(eng)": "return; writes obj['n']",
    "obj['n'] = [1].count(eng)": "return; writes obj['n']",
    "obj['n'] = {'a': eng}.values()": STORED + "; writes obj['n']",
    "obj['n'] = {'a': eng}.items()": STORED + "; writes obj['n']",
    "obj['n'] = {'a': eng}.copy()": STORED + "; writes obj['n']",
    "{'a': eng.halt}.pop('a')()": UNKNOWN,
    "{'a': 1}.pop('b', eng.halt)()": UNKNOWN,
    "{'a': quiet}.popitem()[1]()": UNKNOWN,
    "{'a': eng.halt}.setdefault('a', 1)()": UNKNOWN,
    "[quiet].__getitem__(0)()": UNKNOWN,
    "[].append(eng)": PUT_IN,
    "[].append(halts)": PUT_IN,
    "[].extend([eng.halt])": PUT_IN,
    "[].insert(0, eng.halt)": PUT_IN,
    "{}.update(a=eng.halt)": PUT_IN,
    "{}.setdefault('a', eng.halt)": PUT_IN,
    "[].__iadd__([eng.halt])": PUT_IN,
    "[].append(1)": "return",
    "a = [eng]\nb = a.pop\na.reverse()\nb().halt()": UNKNOWN,
    "a = []\nb = a.append\nb(1)\nb(2)": "return; elsewhere",
    "a = [eng]\nb = a if obj else (eng, 2)\na.append(1)\nobj['n'] = b": STORED + "; writes obj['n']",
    "[2, 1].sort(key=lambda one: eng.halt())": "return halt",
    # What hands out what is in something that may hold code.
    "{quiet}.pop()()": UNKNOWN + "; elsewhere",
    "{1: quiet}.get(1)()": UNKNOWN + "; elsewhere",
    "[quiet for _ in (1,)].pop()()": UNKNOWN + "; elsewhere",
    "a = [1, quiet]\na[0] = 1\na.pop()()": UNKNOWN + "; elsewhere",
    "{1}.pop()()": "return; elsewhere",
    "eng.extra_data['a'].get('b')()": UNKNOWN + "; reads eng.extra_data['a']; elsewhere",
    "eng.extra_data['a'].get('b', eng)": UNKNOWN + "; reads eng.extra_data['a']",
    "eng.extra_data['a'].get(quiet)": "return halt; reads eng.extra_data['a']; elsewhere",
    "eng.extra_data['a'].items.b()": "return; reads eng.extra_data['a']; elsewhere",
    "eng.extra_data['a'].items.b.c()": "return; reads eng.extra_data['a']; elsewhere",
    "eng.extra_data['a'].__call__()": UNKNOWN + "; reads eng.extra_data['a']",
    "[quiet].pop.__call__()()": UNKNOWN,
    "BY_NAME.get('a')()": "halt; elsewhere",
    "BY_NAME.get(obj, None)()": "halt; elsewhere",
    "BY_NAME.get('b', lambda: eng.stop())()": UNKNOWN + "; elsewhere",
    "BY_NAME.get('b', stops)(obj, eng)": "halt stop; elsewhere",
    "BY_NAME.get(*obj)()": "return halt; reads obj[?]; writes obj; elsewhere",
    "BY_NAME.get('b', eng)": UNKNOWN + "; elsewhere",
    "BY_NAME.__getitem__('a')()": "halt; elsewhere",
    "BY_NAME.copy()['a']()": UNKNOWN + "; elsewhere",
    "for one in BY_NAME.values(): one()": "return halt; elsewhere",
    "for _, one in BY_NAME.items(): one()": "return halt; elsewhere",
    "for one in BY_NAME.keys(): one()": "return; elsewhere",
    "if BY_NAME.keys(): eng.halt()": "return halt; elsewhere",
    "obj[BY_NAME.keys()]": "return; reads obj[?]; elsewhere",
    "for one in BY_FUNCTION.keys(): one()": "return halt; elsewhere",
    "IN_ORDER.get('a')()": UNKNOWN + "; elsewhere",
    "for one in IN_ORDER.values(): one()": UNKNOWN + "; elsewhere",
    "WAITING.copy().pop()()": UNKNOWN + "; elsewhere",
    "sorted(BY_NAME, key=BY_NAME.get)": "return; elsewhere",
    "sorted([2, 1], key=eng.extra_data['a'])": (
        "?: sorted() calls something of which nothing is known; reads eng.extra_data['a']; elsewhere"
    ),
    "sorted(eng.extra_data['a'], reverse=eng.extra_data['b'])": (
        "return; reads eng.extra_data['a'], eng.extra_data['b']; elsewhere"
    ),
    "sorted(eng.extra_data['a'], key=obj.get)": "return; reads eng.extra_data['a'], obj.get; writes obj.get; elsewhere",
    "list(map(eng.extra_data['a'], obj))": (
        "?: map() calls something of which nothing is known; reads eng.extra_data['a']; writes obj; elsewhere"
    ),
    "list(map(len, eng.extra_data['a']))": "return; reads eng.extra_data['a']; elsewhere",
    "[].append(LEVELS.copy())": "return; elsewhere",
    "[].append(SIZES.get('a'))": "return; elsewhere",
    "[].append(LAST.copy())": "return; elsewhere",
    "[].append(JOBS.get())": PUT_IN + "; elsewhere",
    "math.floor(1, key=eng.extra_data['a'])": "return; reads eng.extra_data['a']; elsewhere",
    "list.pop([1])()": "return; elsewhere",
    "obj['n'] = KEPT.get('a')": "return; writes obj['n']; elsewhere",
    "KEPT.get('a')()": UNKNOWN + "; elsewhere",
    "KEPT.title()()": UNKNOWN + "; elsewhere",
    "JOBS.get()()": UNKNOWN + "; elsewhere",
    "JOBS.get_nowait()()": UNKNOWN + "; elsewhere",
    "LAYERS.new_child()['a']()": UNKNOWN + "; elsewhere",
    "CHOSEN.get()()": UNKNOWN + "; elsewhere",
    "OWN_JOBS.get()(obj, eng)": "stop; elsewhere",
    "OWN_JOBS.qsize()()": "return; elsewhere",
    "obj['n'] = BY_NAME.get('a')": "return; writes obj['n']; elsewhere",
    "TEXT.copy()()": UNKNOWN + "; elsewhere",
    "OFFSETS.__iter__().a()": "return; elsewhere",
    # Code that is handed to other code.
    "sorted([2, 1], key=eng.halt)": "return halt; elsewhere",
    "sorted([2, 1], key=lambda one: eng.halt())": "return halt; elsewhere",
    "sorted([2, 1], key=partial(halts, obj, eng))": "return halt; elsewhere",
    "sorted([2, 1], key=eng.log.info)": "return; elsewhere",
    "sorted([2, 1], key=eng.state.reset)": "?: eng.state.reset() is called; elsewhere; moves state.reset",
    "sorted([2, 1], key=eng.state.callback_pos.append)": (
        "?: eng.state.callback_pos.append() is called; elsewhere; moves state.append"
    ),
    "sorted([2, 1], key=eng.state.token_pos)": "return; elsewhere",
    "sorted([2, 1], key=eng.state)": "return; elsewhere",
    "sorted([2, 1], key=HELD)": "return; elsewhere",
    "sorted([2, 1], key=Made)": "?: Made() is made by a class of the project; elsewhere",
    "sorted([2, 1], key=Quiet)": "return halt; elsewhere",
    "max([2, 1], [Quiet])": "return halt; elsewhere",
    "sorted([2, 1], key=Step)": "return; elsewhere",
    "sorted([2, 1], key=Step, reverse=quiet)": "?: code is stored in an object; elsewhere",
    "sorted([eng], key=Step)": STORED + "; elsewhere",
    "isinstance(obj, Quiet)": "return",
    "sorted([2, 1], key=Pair)": "return; elsewhere",
    "Pair(1, 2)": "return; elsewhere",
    "sorted([2, 1], key=[(quiet, 1)])": "return halt; elsewhere",
    "sorted([2, 1], key={'a': quiet})": "return halt; elsewhere",
    "sorted(obj)": "return; writes obj; elsewhere",
    "sorted(obj.rows)": "return; reads obj.rows; writes obj.rows; elsewhere",
    "ADD(1, 2)": "return; elsewhere",
    "ADD(one for one in obj)": "return; reads obj[?]; elsewhere",
    "ADD(eng.halt() for one in obj)": "?: a generator that steers and is kept; reads obj[?]; elsewhere",
    "LEAVE(one for one in obj)": "halt; reads obj[?]",
    "max(quiet, len)()": "?: something of which nothing is known is called; elsewhere",
    "obj['n'] = max(1, 2)": "return; writes obj['n']; elsewhere",
}

CHANGED = {
    "a = [1]\na[0] = 5\neng.jump_call(a[0])": "?",
    "a = [1]\na[0] += 4\neng.jump_call(a[0])": "?",
    "a = [1, 2]\na.reverse()\neng.jump_call(a[0])": "?",
    "a = [1, 2]\ndel a[0]\neng.jump_call(a[0])": "?",
    "a = [1, 2]\na.pop(0)\neng.jump_call(a[0])": "?",
    "a = [1]\na.insert(0, 5)\neng.jump_call(a[0])": "?",
    "a = [1]\na += [5]\neng.jump_call(a[-1])": "?",
    "a = [1]\nb = a\nb += [5]\neng.jump_call(a[-1])": "?",
    "a = {'by': 1}\na['by'] = 5\neng.jump_call(a['by'])": "?",
    "a = {'by': 1}\na.update(by=5)\neng.jump_call(a['by'])": "?",
    "a = {}\na['by'] = 5\nhop(eng, **a)": "?",
    "a = []\na.append(5)\nhop(eng, *a)": "?",
    # By another name.
    "a = [1]\nb = a\nb[0] = 5\neng.jump_call(a[0])": "?",
    "a = [1]\nb = (0, a)\na[0] = 5\neng.jump_call(b[1][0])": "?",
    "a = [1]\nb = {'a': a}\nb['a'][0] = 5\neng.jump_call(a[0])": "?",
    "a = [1]\nb = a if obj else [2]\nb[0] = 5\neng.jump_call(a[0])": "?",
    "a = [1]\nb = a if obj else (3,)\na[0] = 5\neng.jump_call(b[0])": "?",
    "a = [1]\nb = a.append\nb(5)\neng.jump_call(a[-1])": "?",
    "a = {'by': 1}\nb = partial(hop, eng, **a)\na['by'] = 5\nb()": "1",
    "a = [1]\nb = partial(lambda a: hop(eng, a[0]), a)\na[0] = 5\nb()": "?",
    "a = [1]\nb = partial(lambda a: hop(eng, a[0]), a=a)\na[0] = 5\nb()": "?",
    "a = [1]\ndef b(c=a): hop(eng, c[0])\na[0] = 5\nb()": "?",
    "a = [1]\nb = {'a': a}\na[0] = 5\neng.jump_call(b['a'][0])": "?",
    "a = {'by': 1}\nb = a.get\na['by'] = 5\neng.jump_call(b('by'))": "?",
    "a = {}\nb = a\nc = [1]\nc[0] = 2\nb['by'] = 5\nhop(eng, **a)": "?",
    # By another function.
    "a = [1]\nchange(a)\neng.jump_call(a[0])": "?",
    "a = [1]\ndef b(): a[0] = 5\nb()\neng.jump_call(a[0])": "?",
    "a = [1]\ndef b(): eng.jump_call(a[0])\na[0] = 5\nb()": "?",
    "a = [1]\ntry:\n    a[0] = 5\n    len(3)\nexcept TypeError:\n    eng.jump_call(a[0])": "?",
    (
        "def make():\n    a = [1]\n    def b(): a[0] = 5\n    def c(): eng.jump_call(a[0])\n    return b, c\n"
        "b, c = make()\nb()\nc()"
    ): "?",
    # Not changed.
    "a = [1]\nb = [2]\nb[0] = 5\neng.jump_call(a[0])": "1",
    "a = [1]\nb = (a, {'b': a}, partial(hop, a), lambda c=a: c, a.copy)\nchange([3])\neng.jump_call(b[0][0])": "1",
    "a = [1]\na.index(1)\na.copy()\neng.jump_call(a[0])": "1",
    "a = {}\nb = {}\nb['by'] = 5\nhop(eng, **a)": "1",
    "def b(*a, **named):\n    named.pop('times', 3)\n    hop(*a, **named)\nb(eng)": "1",
}

OWN = {
    "eng.leave()": "halt",
    "eng.hop_by(5)": "jump_call:5",
    "eng.leave_quietly()": "?: eng.leave_quietly() is called",
    "eng.go()": "?: eng.go() is called; no method go",
}


class Own(GenericWorkflowEngine):
    leave_quietly = len

    def leave(self) -> None:
        self.halt()

    def hop_by(self, offset: int) -> None:
        self.jump_call(offset)


@pytest.mark.parametrize("body", READ)
def test_calls_are_read_as_it_is_written_down(body: str) -> None:
    assert told(body) == READ[body]


@pytest.mark.parametrize("body", CHANGED)
def test_what_was_written_down_counts_until_it_is_changed(body: str) -> None:
    assert told(body).partition(";")[0].removeprefix("return ") == f"jump_call:{CHANGED[body]}"


@pytest.mark.parametrize("body", OWN)
def test_methods_that_a_class_of_engines_adds_are_read(body: str) -> None:
    assert told(body, Own) == OWN[body]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("body", [*READ, *CHANGED])
def test_no_run_refutes_what_is_read_of_calls(body: str) -> None:
    assert refuted(body) == []
