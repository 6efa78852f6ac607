"""What a message, a token and a step cost each process that has to do with them; and how far that tells what more workers do.

The model: a token takes a worker ``work + token + message / n`` seconds, with n tokens a message, and ``step`` more for each
task where each is stored. W workers do W tokens in that time, unless a processor is full before: what a token takes of the
processors, worker, database and broker together, is measured apart, and sets the limit for those that share a machine.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from bench.workers.scene import Scene, scene

__all__ = ["Checked", "Cost", "Model", "check", "costs", "model_of"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds per token (or per message, where nothing else is in it).

    Attributes:
        name: what was run.
        shard: how many tokens a message had.
        wall: from asking for the work to its end, with one worker.
        worker: of the processor, for the workers.
        database: of the processor, for the server.
        broker: likewise.
    """

    name: str
    shard: int
    wall: float
    worker: float
    database: float
    broker: float

    @property
    def processor(self) -> float:
        """All that was counted of the processor."""
        return self.worker + self.database + self.broker


def _costs_of(found: Scene, name: str, shard: int, count: int) -> Cost:
    before = found.seconds_of_workers(), found.seconds_of_database(), found.seconds_of_broker()
    if name == "message":
        wall = found.send("bench.empty", [(number == count - 1,) for number in range(count)], 1)
    else:
        wall = found.run(name, count, shard, pause=0.05)
    after = found.seconds_of_workers(), found.seconds_of_database(), found.seconds_of_broker()
    used = [(late - early) / count for early, late in zip(before, after, strict=True)]
    return Cost(name, shard, wall / count, *used)


def costs(url: str, size: int, *, broker: str, granularity: str = "token", workers: int = 1) -> list[Cost]:
    """Measure what messages and tokens cost, with tasks that do nothing.

    Args:
        url: the database.
        size: how many messages of each kind, about.
        broker: where messages go.
        granularity: what is stored at once.
        workers: how many there are.
    """
    wanted = [("message", 1, size), ("nothing", 1, size), ("nothing", 10, 5 * size), ("nothing", 100, 20 * size)]
    if granularity == "task":
        wanted = [("nothing", 100, 10 * size), ("five", 100, 5 * size)]
    with scene(url, workers, broker=broker, granularity=granularity) as found:
        return [_costs_of(found, *one) for one in wanted]


@dataclass(frozen=True, slots=True)
class Model:
    """What follows from the costs, in seconds.

    Attributes:
        message: what each message takes a worker, with the claim and the end of its part of a run.
        token: what each token takes a worker that is stored once.
        message_processor: what each message takes of all processors together.
        token_processor: likewise for each token.
    """

    message: float
    token: float
    message_processor: float
    token_processor: float

    def rate(self, work: float, shard: int, workers: int, cores: int) -> float:
        """Return how many tokens a second so many workers do that share a machine with database and broker."""
        free = workers / (work + self.token + self.message / shard)
        full = cores / (work + self.token_processor + self.message_processor / shard)
        return min(free, full)


def model_of(found: list[Cost]) -> Model:
    """Fit the model to the costs of messages with one token, and with the most."""
    one, most = (next(cost for cost in found if (cost.name, cost.shard) == ("nothing", shard)) for shard in (1, 100))
    message = (one.wall - most.wall) / (1 - 1 / most.shard)
    processor = (one.processor - most.processor) / (1 - 1 / most.shard)
    return Model(message, most.wall - message / most.shard, processor, most.processor - processor / most.shard)


@dataclass(frozen=True, slots=True)
class Checked:
    """A prediction, and what was measured.

    Attributes:
        workers: how many.
        shard: how many tokens a message.
        predicted: tokens a second.
        measured: likewise.
    """

    workers: int
    shard: int
    predicted: float
    measured: float


def check(url: str, model: Model, work: float, count: int, *, broker: str) -> list[Checked]:
    """Hold the model to what it was not fitted to: tasks that compute, other messages, and two workers.

    Args:
        url: the database.
        model: the model.
        work: how many seconds the tasks compute for a token, measured in this process.
        count: how many tokens.
        broker: where messages go.
    """
    made = []
    for workers in (1, 2):
        with scene(url, workers, broker=broker) as found:
            for shard in (1, 5, 20, 100):
                number = count // 4 if shard == 1 else count
                measured = number / found.run("work", number, shard, pause=0.02)
                predicted = model.rate(work, shard, workers, os.cpu_count() or 1)
                made.append(Checked(workers, shard, predicted, measured))
    return made
