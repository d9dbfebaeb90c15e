"""The page of capabilities says what the engines declare, and nothing else."""

from dataclasses import fields

import pytest

from research.engines.capabilities import Capabilities
from research.engines.exceptions import UnsupportedFeature
from research.engines.registry import list_engines
from research.engines.tests import matrix


class TestThePage:
    def test_is_not_stale(self) -> None:
        assert matrix.PAGE.read_text() == matrix.render(), (
            "write it anew: python -m research.engines.tests.matrix"
        )

    def test_explains_every_flag_in_one_line(self) -> None:
        meanings = matrix.meanings()

        assert list(meanings) == [flag.name for flag in fields(Capabilities)]
        assert meanings["funding"] == "Books the funding of perpetuals."

    def test_has_a_row_for_every_refusal(self) -> None:
        lines = matrix.render().splitlines()

        for engine in list_engines():
            missing = [flag for flag, able in engine.capabilities.items() if not able]
            rows = [line for line in lines if line.startswith(f"| {engine.name} | `")]
            assert [row.split("`")[1] for row in rows] == missing

    def test_gives_the_exact_error(self) -> None:
        row = next(line for line in matrix.render().splitlines() if "vectorbt | `funding`" in line)

        assert row.endswith(
            "`unsupported_feature`: engine vectorbt does not support funding, which this run"
            " needs |"
        )


class TestDeclaredGaps:
    def test_name_engine_error_and_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Suite:
            @pytest.mark.never("example", raises=UnsupportedFeature, reason="it cannot")
            def test_flies_to_the_moon(self) -> None: ...

            def test_passes(self) -> None: ...

        monkeypatch.setattr(matrix, "SUITES", (Suite,))

        assert list(matrix.declared_gaps()) == [
            ("example", "never", "flies to the moon", UnsupportedFeature, "it cannot")
        ]

    def test_are_of_engines_there_are(self) -> None:
        assert {gap[0] for gap in matrix.declared_gaps()} <= {
            engine.name for engine in list_engines()
        }
