"""Sweeps and searches at the terminal."""

from typing import Any

import pytest

from common.data_pipeline.store import SeriesStore
from common.tests.terminal import Done, run
from research.models import Sweep, Validation
from research.services.sweep_queue import pause_sweep
from research.tests.brokers import FakeBroker
from research.tests.test_sweep_queue import NOON

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.engine("vectorbt"),
    pytest.mark.both_databases,
]

SWEEP = (
    "--strategy", "sma_cross", "--venue", "TEST", "--instrument", "BTC/USD", "--timeframe", "1h",
    "--grid", "fast=2:6:1", "--grid", "slow=8,20", "--min-round-trips", "1",
)  # fmt: skip


def swept(*words: str) -> Done:
    return run("run_sweep", *SWEEP, *words, "--json")


class TestSearch:
    def test_prints_one_document(self, store: SeriesStore) -> None:
        done = swept("--search", "random", "--trials", "6")

        assert done.status == 0
        assert (done.json["method"], done.json["n_sets"], done.json["status"]) == (
            "random",
            6,
            "SUCCEEDED",
        )
        assert done.json["n_trials"] == 6

    def test_prints_the_front_of_several_objectives(self, store: SeriesStore) -> None:
        words = ("--search", "nsga2", "--trials", "8", "--objective", "total_return,max_drawdown")
        document = swept(*words).json

        assert document["objectives"] == ["total_return", "max_drawdown"]
        assert 1 <= len(document["front"]) <= document["n_trials"]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--trials", "5"), "--trials and --prune are of a search"),
            (("--prune",), "--trials and --prune are of a search"),
            (("--search", "tpe"), "--search tpe needs --trials N"),
            (("--search", "tpe", "--trials", "0"), "must be in [1, 100000]"),
            (("--search", "tpe", "--trials", "11"), "try the whole grid"),
            (("--objective", "cagr,sharpe"), "use a search"),
            (("--objective", "luck"), "objective 'luck' is none of"),
            (("--search", "cmaes", "--trials", "9", "--prune"), "cmaes"),
        ],
    )
    def test_says_what_is_wrong_and_exits_with_2(
        self, store: SeriesStore, words: tuple[str, ...], said: str
    ) -> None:
        done = swept(*words)

        assert (done.status, done.json["detail"]) == (2, done.err.partition(": ")[2].strip())
        assert said in done.json["detail"]
        assert not Sweep.objects.exists()


@pytest.mark.parametrize(
    "words", [("run_sweep", *SWEEP), ("show_sweep", "1"), ("join_sweep", "1")]
)
@pytest.mark.parametrize("top", ["-1", "few"])
def test_how_many_are_shown_is_asked_before_any_work(
    store: SeriesStore, words: tuple[str, ...], top: str
) -> None:
    done = run(*words, "--top", top)

    assert done.status == 2
    assert not Sweep.objects.exists()


def test_of_sets_that_fail_the_first_are_shown_with_their_errors(store: SeriesStore) -> None:
    done = run("run_sweep", *SWEEP, "--grid", "allow_short=true,false")

    assert done.status == 0
    failed = [line for line in done.out.splitlines() if line.startswith("failed: ")]
    assert len(failed) == 3
    assert failed[0] == (
        "failed: fast=2 slow=8 allow_short=True: strategy sma_cross can go short with these"
        " parameters: that needs a margin account, this one is cash"
    )


@pytest.mark.engine("nautilus")
def test_a_verdict_may_choose_from_a_search(store: SeriesStore) -> None:
    words = ("--search", "tpe", "--trials", "8", "--parity-bars", "100", "--processes", "1")
    done = run("validate_strategy", *SWEEP, *words, "--json")

    verdict = Validation.objects.get()
    assert done.status == 1  # Sixteen days cannot pass.
    assert verdict.sweep.method == "tpe"
    assert done.json["evidence"]["sweep_id"] == verdict.sweep_id


class TestChange:
    @pytest.fixture
    def number(self, store: SeriesStore, fake_broker: FakeBroker) -> int:
        waiting = swept("--queue", "--no-watch")
        assert (waiting.status, waiting.json["status"]) == (0, "QUEUED")
        found: int = waiting.json["sweep_id"]
        return found

    def test_pauses_resumes_and_ends(self, number: int) -> None:
        def change(what: str) -> Any:
            return run("change_sweep", number, what, "--json").json

        assert change("pause")["paused"] is True
        assert change("resume")["paused"] is False
        assert change("cancel")["status"] == "CANCELED"
        late = run("change_sweep", number, "pause", "--json")
        assert (late.status, late.json["code"]) == (1, "sweep_not_running")

    def test_is_joined_only_while_it_runs(self, number: int) -> None:
        pause_sweep(sweep_id=number, at=NOON)

        done = run("join_sweep", number, "--json")

        assert (done.status, done.json["code"]) == (1, "sweep_not_running")
