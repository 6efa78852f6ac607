"""The command line: ``python -m bench.workers``. It needs PostgreSQL and Redis, and measures RabbitMQ where that answers.

They are those at 127.0.0.1, or where ``WFGRAPH_TEST_POSTGRESQL``, ``WFGRAPH_TEST_REDIS`` and ``WFGRAPH_TEST_RABBITMQ`` say.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

from celery import Celery

from bench.durable import places
from bench.report import about
from bench.workers.app import REDIS
from bench.workers.costs import Checked, Cost, Model, check, costs, model_of
from bench.workers.ways import Way, ways

_RABBITMQ = os.environ.get("WFGRAPH_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write tables in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description="Measure workers.")
    parser.add_argument("--quick", action="store_true", help="a short run, for a look, not for quoting")
    quick = parser.parse_args(arguments).quick
    tokens, rounds, size = (100, 2, 40) if quick else (1_000, 5, 400)
    with places() as databases:
        found = {place.name: place.url for place in databases}
        if "postgresql" not in found:
            parser.error("no PostgreSQL answers; say where it is: WFGRAPH_TEST_POSTGRESQL=postgresql://...")
        url = found["postgresql"]
        _say("ways ...")
        measured = ways(url, tokens, rounds)
        work = next(one.seconds.median for one in measured if one.name == "this process")
        print(_table_of_ways(measured))
        redis = _measured_costs("PostgreSQL, Redis", url, size, REDIS)
        _measured_costs("SQLite, Redis", found["sqlite"], size, REDIS)
        if _answers(_RABBITMQ):
            _measured_costs("PostgreSQL, RabbitMQ", url, size, _RABBITMQ)
        _say("each task stored ...")
        few, more = costs(url, size, broker=REDIS, granularity="task")
        print(_table_of_steps(few, more))
        _say("checking the model ...")
        print(_table_of_checks(model_of(redis), work, check(url, model_of(redis), work, tokens, broker=REDIS)))
    print(about())
    return 0


def _measured_costs(name: str, url: str, size: int, broker: str) -> list[Cost]:
    _say(f"costs: {name} ...")
    found = costs(url, size, broker=broker)
    print(_table_of_costs(name, found))
    return found


def _answers(broker: str) -> bool:
    try:
        with Celery(broker=broker, set_as_current=False).connection() as connection:
            connection.ensure_connection(max_retries=1)
    except Exception as error:  # each transport has its own
        _say(f"{broker}: {error}")
        return False
    return True


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f}"


def _table(head: str, rows: Iterable[str]) -> str:
    return "\n".join(["", head, "|---" * (head.count("|") - 1) + "|", *rows])


def _table_of_ways(found: list[Way]) -> str:
    rows = [
        f"| {one.name} | {one.workers} | {_ms(one.seconds.median)} | {one.speed.median:.2f} "
        f"({one.speed.low:.2f}-{one.speed.high:.2f}) |"
        for one in found
    ]
    return _table("| tokens with two tasks | Celery's workers | ms a token | speed (quartiles) |", rows)


def _table_of_costs(name: str, found: list[Cost]) -> str:
    rows = [
        f"| {'an empty message' if one.name == 'message' else f'a token, {one.shard} a message'} | {_ms(one.wall)} "
        f"| {_ms(one.worker)} | {_ms(one.database)} | {_ms(one.broker)} |"
        for one in found
    ]
    return _table(f"| {name}, 1 worker: ms | wall | worker | database | broker |", rows)


def _table_of_steps(few: Cost, more: Cost) -> str:
    step = [(getattr(more, what) - getattr(few, what)) / 3 for what in ("wall", "worker", "database")]
    return _table(
        "| each task stored: ms | wall | worker | database |", ["| a step | " + " | ".join(map(_ms, step)) + " |"]
    )


def _table_of_checks(model: Model, work: float, found: list[Checked]) -> str:
    rows = [
        f"| {one.workers} | {one.shard} | {one.predicted:.0f} | {one.measured:.0f} | {one.measured / one.predicted:.2f} |"
        for one in found
    ]
    fitted = (
        f"\nFitted, in ms: message {_ms(model.message)}, token {_ms(model.token)}; of all processors: message "
        f"{_ms(model.message_processor)}, token {_ms(model.token_processor)}. Work: {_ms(work)}."
    )
    return fitted + "\n" + _table("| workers | tokens a message | predicted tokens/s | measured | ratio |", rows)


if __name__ == "__main__":
    sys.exit(main())
