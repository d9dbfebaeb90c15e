"""What a run is predicted to take."""

from research.engines.memory import MemoryModel


class TestMemoryModel:
    def test_adds_bars_and_events_to_the_base(self) -> None:
        model = MemoryModel(base=1_000, per_bar=10, per_event=3)

        assert model.predict(bars=7, events=5) == 1_000 + 70 + 15
        assert model.predict(bars=0) == 1_000

    def test_takes_nothing_for_events_unless_it_is_said(self) -> None:
        assert MemoryModel(base=1, per_bar=1).predict(bars=1, events=1_000) == 2
