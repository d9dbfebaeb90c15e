"""What a tool is told is checked before anything is computed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from common.domain.errors import InvalidArgument
from research.examination.options import describe_options, option, read_options, write_options


class Way(StrEnum):
    THERE = "there"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    count: int = option(10, "how many", low=1, high=20)
    length: float | None = option(None, "how long", low=1)
    way: Way = option(Way.THERE, "which way")


class TestReadOptions:
    def test_takes_text_and_json_alike(self) -> None:
        text = read_options(Options, {"count": "3", "length": "2.5", "way": "back"})

        assert text == read_options(Options, {"count": 3, "length": 2.5, "way": Way.BACK})
        assert text == Options(count=3, length=2.5, way=Way.BACK)

    def test_keeps_the_defaults_of_what_is_not_said(self) -> None:
        assert read_options(Options, {"length": "auto"}) == Options()
        assert read_options(Options, {"length": None}) == Options()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"number": 3}, "unknown option 'number'; there are: count, length, way"),
            ({"count": "0"}, "option count is 0, must be in [1, 20]"),
            ({"count": 21}, "option count is 21, must be in [1, 20]"),
            ({"count": 1.5}, "option count is 1.5, must be of type int"),
            ({"count": True}, "option count is True, must be of type int"),
            ({"count": "auto"}, "option count is 'auto', must be of type int"),
            ({"length": 0.5}, "option length is 0.5, must be in [1, inf]"),
            ({"length": "nan"}, "option length is nan, must be in [1, inf]"),
            ({"length": [1]}, "option length is [1], must be of type float"),
            ({"way": "up"}, "option way is 'up', must be one of there, back"),
        ],
    )
    def test_refuses_what_it_does_not_know(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(InvalidArgument) as refused:
            read_options(Options, given)

        assert refused.value.detail == said


def test_options_are_described_with_their_bounds() -> None:
    count, length, way = describe_options(Options)

    assert (count["name"], count["type"], count["default"]) == ("count", "int", 10)
    assert (count["low"], count["high"], count["choices"]) == (1, 20, None)
    assert (length["type"], length["default"], length["high"]) == ("float or auto", "auto", None)
    assert (way["type"], way["choices"], way["help"]) == ("choice", ["there", "back"], "which way")


def test_options_are_written_in_full() -> None:
    assert write_options(Options()) == {"count": 10, "length": None, "way": "there"}
