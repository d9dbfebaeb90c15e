"""A broker that keeps what it is told, or does not answer."""


class FakeBroker:
    """The port to the broker in one process."""

    def __init__(self) -> None:
        self.messages: list[int] = []
        self.sweeps: list[int] = []
        self.jobs: list[int] = []
        self.answers = True


broker = FakeBroker()


def send(task: str, **numbers: int) -> bool:
    """Keep a message."""
    kept = {
        "research.execute_run": ("run_id", broker.messages),
        "research.work_on_sweep": ("sweep_id", broker.sweeps),
        "research.do_job": ("job_id", broker.jobs),
    }
    name, messages = kept[task]
    assert [*numbers] == [name]
    if broker.answers:
        messages.append(numbers[name])
    return broker.answers


def count(name: str) -> int | None:
    """Count the messages that nobody has taken."""
    assert name == "compute"
    waiting = len(broker.messages) + len(broker.sweeps) + len(broker.jobs)
    return waiting if broker.answers else None
