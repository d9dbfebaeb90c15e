from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from common.domain.errors import NotPermitted
from common.roles import Role
from trading.exceptions import (
    AlreadyDecided,
    AlreadyRequested,
    ConfirmedTooSoon,
    InvalidThreshold,
    ReasonMissing,
    ThresholdChanged,
    ThresholdUnchanged,
    UnknownThreshold,
)
from trading.models import GateThreshold, ThresholdRequest
from trading.selectors.thresholds import (
    describe_threshold,
    threshold_history,
    threshold_in_force,
    threshold_values,
    thresholds_in_force,
)
from trading.services import thresholds
from trading.tests.promoting import LATER, NOW, person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def change(value: float, *, key: str = "deflated_sharpe", **changes: Any) -> Any:
    facts = {"user": None, "reason": "as discussed", "at": NOW, **changes}
    facts["user"] = facts["user"] or person(Role.RISK_OFFICER)
    return thresholds.change(key=key, value=value, **facts)


def confirm(request: ThresholdRequest, **changes: Any) -> GateThreshold:
    facts = {"user": None, "at": LATER, **changes}
    facts["user"] = facts["user"] or person(Role.RISK_OFFICER)
    return thresholds.confirm(request_id=request.pk, **facts)


class TestTightening:
    def test_takes_effect_at_once(self) -> None:
        officer = person(Role.RISK_OFFICER)

        row = change(0.97, user=officer)

        assert isinstance(row, GateThreshold)
        assert threshold_values()["deflated_sharpe"] == 0.97
        assert (row.sequence, row.changed_by, row.confirmed_by) == (1, officer, None)
        assert (row.comparison, row.valid_from, row.reason) == ("at least", NOW, "as discussed")
        assert not thresholds_in_force()["deflated_sharpe"].is_loosened

    @pytest.mark.parametrize(
        ("key", "value"),
        [("overfitting", 0.1), ("bootstrap", 0.01), ("evidence_days", 30), ("parity", 0.0)],
    )
    def test_is_less_where_at_most_is_asked_and_more_elsewhere(
        self, key: str, value: float
    ) -> None:
        assert isinstance(change(value, key=key), GateThreshold)

    def test_keeps_what_was_before(self) -> None:
        change(0.96)
        change(0.97)

        assert [row.value for row in threshold_history("deflated_sharpe")] == [0.97, 0.96]
        assert threshold_in_force("deflated_sharpe").sequence == 2


class TestLoosening:
    def test_waits_for_a_second_look(self) -> None:
        officer, other = person(Role.RISK_OFFICER), person(Role.ADMIN)
        request = change(0.9, user=officer)
        assert isinstance(request, ThresholdRequest)
        assert (request.from_value, request.to_value) == (0.95, 0.9)
        assert threshold_values()["deflated_sharpe"] == 0.95

        row = confirm(request, user=other, at=NOW)

        assert threshold_values()["deflated_sharpe"] == 0.9
        assert (row.changed_by, row.confirmed_by, row.request) == (officer, other, request)
        shown = describe_threshold(threshold_in_force("deflated_sharpe"))
        assert (shown["is_loosened"], shown["default"], shown["value"]) == (True, 0.95, 0.9)

    @pytest.mark.parametrize(("seconds", "is_soon"), [(599, True), (600, False), (601, False)])
    def test_by_the_same_person_needs_ten_minutes(self, seconds: int, is_soon: bool) -> None:
        officer = person(Role.RISK_OFFICER)
        request, at = change(0.9, user=officer), NOW + timedelta(seconds=seconds)

        if is_soon:
            with pytest.raises(ConfirmedTooSoon):
                confirm(request, user=officer, at=at)
        else:
            confirm(request, user=officer, at=at)

        assert GateThreshold.objects.exists() is not is_soon

    def test_is_refused_where_it_was_changed_since(self) -> None:
        request = change(0.9)
        change(0.97)

        with pytest.raises(ThresholdChanged, match=r"is 0\.97 now, not 0\.95"):
            confirm(request)

        assert threshold_values()["deflated_sharpe"] == 0.97

    def test_is_asked_for_once_at_a_time_and_decided_once(self) -> None:
        request = change(0.9)
        with pytest.raises(AlreadyRequested):
            change(0.8)
        confirm(request)

        with pytest.raises(AlreadyDecided):
            confirm(request)
        with pytest.raises(AlreadyDecided):
            thresholds.decline(
                request_id=request.pk, user=person(Role.ADMIN), at=LATER, reason="no"
            )

        assert GateThreshold.objects.count() == 1

    def test_that_is_declined_changes_nothing(self) -> None:
        request = change(0.9)

        declined = thresholds.decline(
            request_id=request.pk, user=person(Role.ADMIN), at=LATER, reason="no"
        )

        assert (declined.state, declined.decision_reason) == ("DECLINED", "no")
        assert threshold_values()["deflated_sharpe"] == 0.95
        assert isinstance(change(0.9), ThresholdRequest)


class TestRefusals:
    @pytest.mark.parametrize("value", [0.0, 1.0, -1.0, float("nan"), float("inf")])
    def test_of_values_out_of_bounds(self, value: float) -> None:
        with pytest.raises(InvalidThreshold):
            change(value)

    def test_of_unknown_keys_equal_values_and_silence(self) -> None:
        with pytest.raises(UnknownThreshold):
            change(0.5, key="luck")
        with pytest.raises(ThresholdUnchanged):
            change(0.95)
        with pytest.raises(ReasonMissing):
            change(0.97, reason=" ")
        assert not GateThreshold.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER, Role.TRADER])
    def test_of_those_who_may_not(self, role: Role) -> None:
        request = change(0.9)

        with pytest.raises(NotPermitted):
            change(0.97, user=person(role))
        with pytest.raises(NotPermitted):
            confirm(request, user=person(role))

        assert threshold_values()["deflated_sharpe"] == 0.95


class TestRows:
    @pytest.mark.parametrize("table", ["trading_gatethreshold", "trading_thresholdrequest"])
    @pytest.mark.parametrize("change_sql", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
    def test_stay_as_they_are(self, table: str, change_sql: str) -> None:
        confirm(change(0.9))

        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change_sql.format(table))
