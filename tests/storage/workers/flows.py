"""What workers run: each task leaves a line in a file that no crash takes away. The environment says with what."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from celery import Celery

from wfgraph.celery import CeleryWorkflows
from wfgraph.patterns import PARALLEL_SPLIT, SYNCHRONIZE

TASKS = 4


def step(number: int) -> Any:
    def task(obj: Any, eng: Any) -> None:
        log = os.open(os.environ["FLOWS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, f"{obj['n']} {number} {os.getpid()}\n".encode())
        os.close(log)
        time.sleep(float(os.environ.get("FLOWS_PAUSE", "0")))
        obj.setdefault("done", []).append(number)
        if number == obj.get("halt"):
            eng.halt("look at it", action="approve")
        if number == obj.get("die"):
            os._exit(1)
        if number == obj.get("fail"):
            raise ValueError("broken")

    task.__name__ = task.__qualname__ = f"step{number}"
    return task


def put(key: str) -> Any:
    def task(obj: Any, eng: Any) -> None:
        obj[key] = obj["n"] + 1
        if obj.get("stop") == key and "resumed" not in obj:
            eng.halt(f"{key} needs a look")
        if obj.get("clash"):
            obj["same"] = key

    task.__name__ = task.__qualname__ = f"put_{key}"
    return task


FLOW = [step(0), [step(1), [step(2)]], step(3)]
JOINED = [step(0), SYNCHRONIZE([put("a"), put("b")], put("c"), step(1)), step(2)]
STARTED = [PARALLEL_SPLIT(put("a"), [put("b"), put("c")]), step(0)]

app = Celery("flows", broker=os.environ.get("FLOWS_BROKER", "memory://"))
app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)
app.conf.update(json.loads(os.environ.get("FLOWS_CONF", "{}")))

if "FLOWS_DB" in os.environ:
    workflows = CeleryWorkflows(
        app,
        {"flow": FLOW, "joined": JOINED, "started": STARTED},
        os.environ["FLOWS_DB"],
        branches=True,
        granularity="task",
        **json.loads(os.environ.get("FLOWS_OPTIONS", "{}")),
    )
