import pytest

from research.parity.ladder import Cost, Rung, Standing, cost_rungs


def climb(*rungs: tuple[Rung, float | None]) -> list[Cost]:
    standings = [Standing(rung=rung, final_equity=equity) for rung, equity in rungs]
    return cost_rungs(standings, cash=10_000.0)


class TestCosts:
    def test_are_steps_from_rung_to_rung_and_parts_of_the_ideal_profit(self) -> None:
        found = climb((Rung.FRICTIONLESS, 12_000), (Rung.FEES, 11_500), (Rung.SLIPPAGE, 11_400))

        assert [each.cost for each in found] == [None, 500, 100]
        assert [each.share for each in found] == [None, 0.25, 0.05]
        assert [each.total_return for each in found] == pytest.approx([0.2, 0.15, 0.14])

    def test_pass_over_a_rung_that_did_not_run(self) -> None:
        found = climb(
            (Rung.FRICTIONLESS, 12_000),
            (Rung.FEES, 11_500),
            (Rung.BOOK, None),
            (Rung.QUEUE, 11_000),
        )

        assert [each.cost for each in found] == [None, 500, None, 500]
        assert found[2].total_return is None
        assert sum(each.cost or 0 for each in found) == 12_000 - 11_000

    def test_of_a_rung_that_earns_are_negative(self) -> None:
        found = climb((Rung.FRICTIONLESS, 12_000), (Rung.FUNDING, 12_200))

        assert (found[1].cost, found[1].share) == (-200, -0.1)

    @pytest.mark.parametrize("ideal", [10_000.0, 9_000.0])
    def test_are_no_part_of_a_profit_that_was_not_made(self, ideal: float) -> None:
        found = climb((Rung.FRICTIONLESS, ideal), (Rung.FEES, 8_000))

        assert (found[1].cost, found[1].share) == (ideal - 8_000, None)
