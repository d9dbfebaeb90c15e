"""Validations in the back office and at the terminal."""

import json
import re
from html import unescape
from typing import Any

import pytest
from rest_framework.test import APIClient

from common.data_pipeline.store import SeriesStore
from common.roles import Role
from common.tests.clients import browser, count_queries
from common.tests.factories import UserFactory
from research.management.validation_report import render_validation
from research.models import Sweep, Validation
from research.selectors.command_lines import run_command
from research.selectors.validation_tables import gate_rows, stability_sentence, window_table
from research.selectors.validations import describe_validation
from research.services.means import Means
from research.services.validations import validate
from research.tests.test_sweeps import question, sweep
from research.tests.test_validate_strategy import CLOCK, GRID, stored, trends
from research.tests.validating import asked, gate, written
from research.validation import judging
from research.validation.gates import KEYS, Gate, Undefined

pytestmark = [pytest.mark.django_db, pytest.mark.engine("vectorbt")]

ADMIN = "/admin/research/validation/"
PERIOD = {"start": "2020-01-01T00:00:00Z", "end": "2020-02-01T00:00:00Z"}
FIGURES: dict[str, Any] = {
    "windows": [
        {
            "params": {"fast": 2, "allow_short": True},
            "train": PERIOD,
            "test": {**PERIOD, "end": "2020-03-01T00:00:00Z"},
            "train_return": 0.125,
            "test_return": -0.25,
        }
    ],
    "stability": [
        {"name": "fast", "values": [2], "unchanged": 0.5, "step": 0.25},
        {"name": "side", "values": ["a"], "unchanged": 1.0, "step": None},
    ],
}


@pytest.fixture
def viewer(db: None) -> APIClient:
    return browser(user=UserFactory.create(is_staff=True, role=Role.VIEWER))


@pytest.fixture
def done(store: SeriesStore) -> Sweep:
    return sweep(store, question())


def shown(viewer: APIClient, of: Validation) -> str:
    """Return the page as it is read, without what is in the source for its looks."""
    answer = viewer.get(f"{ADMIN}{of.pk}/change/")
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


class TestGates:
    def test_have_their_units(self) -> None:
        values = dict.fromkeys(KEYS, 0.12345) | {"parity": 2e-6, "look_ahead": 3.0}
        rows = gate_rows([gate(name, values[name]) for name in KEYS if name != "sample"])

        assert [(row.value, row.threshold) for row in rows] == [
            ("12.35% probability", "at least 50% probability"),
            ("12.35% of splits", "at least 50%"),
            ("12.35% of the growth", "at least 50%"),
            ("12.35% of windows", "at least 50%"),
            ("12.35% return", "at least 50% return"),
            ("12.35% of the Sharpe ratio", "at least 50%"),
            ("12.35% of neighbours", "at least 50%"),
            ("12.35% return", "at least 50% return"),
            ("2 ppm of equity", "at least 500,000 ppm"),
            ("3 leaks", "at least 0.5 leaks"),
        ]

    @pytest.mark.parametrize(
        ("found", "value", "needed"),
        [
            (judging.sample(1_195, 2.5), "1,195 round trips", "at least 100 round trips"),
            (judging.sample(12, 2.25), "2.25 years", "at least 2 years"),
            (judging.sample(Undefined("x"), 1), "cannot be computed", "at least 100 round trips"),
        ],
    )
    def test_show_the_sample_in_what_was_counted(
        self, found: Gate, value: str, needed: str
    ) -> None:
        (row,) = gate_rows([
            {
                "name": found.key,
                "value": found.number,
                "comparison": found.comparison.value,
                "threshold": found.threshold,
                "passed": found.passed,
                "sentence": found.sentence,
            }
        ])

        assert (row.value, row.threshold) == (value, needed)


class TestWindows:
    def test_are_rows_with_the_set_and_both_returns(self) -> None:
        assert window_table(FIGURES)[1:] == [
            [
                "2020-01-01, 2020-03-01",
                "2020-01-01, 2020-02-01",
                "fast=2 allow_short=true",
                "+12.50%",
                "-25.00%",
            ]
        ]
        assert window_table({})[1:] == []

    def test_say_how_the_choice_wanders(self) -> None:
        assert stability_sentence(FIGURES) == (
            "fast is that of the window before in 50% of the windows, and moves by 25% of itself."
            " side is that of the window before in 100% of the windows."
        )


class TestPage:
    def test_shows_the_verdict_and_what_it_was_found_from(
        self, done: Sweep, viewer: APIClient
    ) -> None:
        gates = [gate(name, None if name == "overfitting" else 1.0) for name in KEYS]
        validation = written(
            done, passed=False, gates=gates, neighbours=done, figures=FIGURES, n_trials=1_234
        )

        page = shown(viewer, validation)

        assert "1 of 11 gates failed." in page
        assert "1,234 trials counted, 2 of them made elsewhere." in page
        for name in KEYS:
            assert f"The {name} is what it is." in page
        assert page.count("cannot be computed") == 1
        assert page.count(f'href="/admin/research/sweep/{done.pk}/change/"') == 2
        assert page.count("none: the gate says why") == 3
        assert validation.params is not None
        assert f">{run_command(validation.question, validation.params)}</code>" in page
        assert "2020-01-01, 2020-03-01" in page
        assert "fast is that of the window before in 50%" in page

    def test_without_a_chosen_set_says_why(self, done: Sweep, viewer: APIClient) -> None:
        reason = "it cannot be computed: there is none to judge."
        gates = [gate(name, None, sentence=reason) for name in KEYS]

        page = shown(viewer, written(done, passed=False, params=None, gates=gates))

        assert "sma_cross: none to judge" in page
        assert "11 of 11 gates failed." in page
        # Of each gate, and of each chart that there is not.
        assert page.count("It cannot be computed: there is none to judge.") == 15
        assert "run_backtest" not in page
        assert "<canvas" not in page

    def test_costs_a_constant_number_of_queries(self, done: Sweep, viewer: APIClient) -> None:
        alone = written(done)
        for_one = count_queries(viewer, f"{ADMIN}{alone.pk}/change/")
        for_list = count_queries(viewer, ADMIN)
        for _ in range(30):
            written(done, figures=FIGURES)

        newest = Validation.objects.latest("pk")
        assert count_queries(viewer, f"{ADMIN}{newest.pk}/change/") == for_one <= 10
        assert count_queries(viewer, ADMIN) == for_list

    def test_is_for_those_who_may_see_it(self, done: Sweep) -> None:
        address = f"{ADMIN}{written(done).pk}/change/"

        assert APIClient().get(address).status_code == 302
        assert browser(user=UserFactory.create(is_staff=True)).get(address).status_code == 403


class TestList:
    def test_shows_verdict_chosen_set_and_trials(self, done: Sweep, viewer: APIClient) -> None:
        written(done, passed=False, params={"fast": 2, "allow_short": True})
        written(done, params=None)

        page = viewer.get(ADMIN).content.decode()

        assert page.count("1,234") == 2
        assert "fast=2 allow_short=true" in page
        assert "none to judge" in page
        assert {"PASS", "FAIL"} <= set(re.findall(r"\b(PASS|FAIL)\b", page))
        assert "BTC/USD.TEST" in page
        assert f'href="{ADMIN}"' in viewer.get("/admin/").content.decode()


@pytest.mark.engine("nautilus")
@pytest.mark.timeout(120)
class TestRealVerdict:
    def test_is_shown_alike_here_and_at_the_terminal(self, viewer: APIClient) -> None:
        validation = validate(
            question=asked(*GRID), means=Means(store=stored(trends(1)), clock=CLOCK)
        )

        page, text = shown(viewer, validation), render_validation(describe_validation(validation))

        data = re.findall(r'data-value="(\{.*?\})" height', page)
        assert [json.loads(each)["datasets"][0]["label"] for each in data] == [
            "in sample: the chosen set",
            "deflated Sharpe ratio",
            "splits of the days",
            "resampled histories",
        ]
        words = " ".join(text.split())
        for row in gate_rows(validation.gates):
            assert f"{row.value}</td>" in page
            assert f"{row.value} {row.threshold} pass" in words
            assert row.sentence in words
        for line in window_table(validation.figures)[1:]:
            assert all(cell in page and cell in text for cell in line)
        assert "the chosen set on two engines: comparison " in text
        assert text.splitlines()[-1] in page
