import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.data_pipeline.importers.exceptions import MixedTimeZones, UnreadableTime
from common.data_pipeline.tests.importing import HOUR_NS, NINE_NS, read_all, write_csv
from common.domain.time import from_ns, to_ns

MOMENTS = st.integers(126_230_400_000_000, 7_226_582_400_000_000).map(
    lambda microseconds: from_ns(microseconds * 1_000)
)


def write_times(folder: Path, *times: str) -> Path:
    return write_csv(folder, *(f"{time},100,110,90,105,1.5" for time in times))


class TestForms:
    @pytest.mark.parametrize(
        "text",
        [
            "2019-10-17T09:00:00Z",
            "2019-10-17T09:00Z",
            "2019-10-17 09:00:00+00:00",
            "2019-10-17 09:00:00 +0000",
            "2019-10-17 09:00:00 UTC",
            "2019-10-17T11:00:00+02:00",
            "2019-10-17T04:30:00-0430",
            "2019-10-17 09:00:00",
            "2019-10-17 09:00:00.000000",
            "2019-10-17 09:00",
            "2019-10-17 09",
            "2019/10/17 09:00",
            " 2019-10-17 09:00 ",
            "2019-10-17 09-AM",
            "2019-10-17 9 am",
            "2019-10-17 09:00 AM",
            "2019-10-17 09:00:00-AM",
            "1571302800",
            "1571302800.0",
            "1571302800000",
            "1571302800000000",
            "1571302800000000000",
        ],
    )
    def test_reads_nine_o_clock(self, tmp_path: Path, text: str) -> None:
        assert read_all(write_times(tmp_path, text)).open_ns.tolist() == [NINE_NS]

    @pytest.mark.parametrize(
        ("text", "hours"),
        [("12-AM", 0), ("01-AM", 1), ("11-AM", 11), ("12-PM", 12), ("11-PM", 23)],
    )
    def test_counts_the_hours_of_a_half_day_clock_from_twelve(
        self, tmp_path: Path, text: str, hours: int
    ) -> None:
        bars = read_all(write_times(tmp_path, f"2019-10-17 {text}"))

        assert bars.open_ns[0] == NINE_NS + (hours - 9) * HOUR_NS

    def test_reads_the_minutes_of_a_half_day_clock(self, tmp_path: Path) -> None:
        bars = read_all(write_times(tmp_path, "2019-10-17 12:30:15 PM"))

        assert bars.open_ns[0] == NINE_NS + 3 * HOUR_NS + (30 * 60 + 15) * 10**9

    def test_reads_a_unit_that_changes_within_the_file(self, tmp_path: Path) -> None:
        bars = read_all(write_times(tmp_path, "1571302800", "1571306400000", "1571310000000000"))

        assert bars.open_ns.tolist() == [NINE_NS, NINE_NS + HOUR_NS, NINE_NS + 2 * HOUR_NS]

    def test_takes_two_spellings_of_utc_for_one(self, tmp_path: Path) -> None:
        path = write_times(tmp_path, "2019-10-17T09:00:00Z", "2019-10-17T10:00:00+00:00")

        assert read_all(path).open_ns.tolist() == [NINE_NS, NINE_NS + HOUR_NS]

    @given(
        MOMENTS,
        st.sampled_from(["", "Z", "+05:30", "-0800"]),
    )
    def test_agrees_with_the_standard_library(
        self, tmp_path_factory: pytest.TempPathFactory, moment: dt.datetime, offset: str
    ) -> None:
        text = moment.replace(tzinfo=None).isoformat(timespec="microseconds") + offset
        expected = to_ns(dt.datetime.fromisoformat(text if offset else text + "Z"))

        bars = read_all(write_times(tmp_path_factory.mktemp("times"), text))

        assert bars.open_ns[0] == expected

    @given(MOMENTS)
    def test_agrees_with_the_standard_library_on_half_day_clocks(
        self, tmp_path_factory: pytest.TempPathFactory, moment: dt.datetime
    ) -> None:
        moment = moment.replace(microsecond=0)

        path = write_times(tmp_path_factory.mktemp("times"), f"{moment:%Y-%m-%d %I:%M:%S-%p}")

        assert read_all(path).open_ns[0] == to_ns(moment)


class TestMixedTimeZones:
    @pytest.mark.parametrize(
        ("first", "second", "problem"),
        [
            (
                "2019-10-17T09:00:00Z",
                "2019-10-17T10:00:00",
                "no offset, the first time the offset Z",
            ),
            ("2019-10-17T09:00:00", "2019-10-17T10:00:00Z", "the offset Z, the first time no"),
            ("2019-10-17T09:00:00Z", "2019-10-17T12:00:00+02:00", r"\+02:00, the first time"),
            ("2019-10-27T02:00:00+02:00", "2019-10-27T02:00:00+01:00", r"\+01:00, the first"),
        ],
    )
    def test_names_the_line(self, tmp_path: Path, first: str, second: str, problem: str) -> None:
        path = write_times(tmp_path, first, first.replace("17T", "16T"), second)

        with pytest.raises(MixedTimeZones, match=rf"bars\.csv, line 4: .*{problem}") as caught:
            read_all(path)

        assert caught.value.code == "mixed_time_zones"
        assert caught.value.extra == {"file": "bars.csv", "line": 4}

    def test_finds_one_in_the_last_block_of_a_long_file(self, tmp_path: Path) -> None:
        times = np.datetime64("2017-01-01T00:00:00") + np.arange(150_000) * np.timedelta64(1, "h")
        texts = [f"{time}+02:00" for time in times]
        texts[140_001] = texts[140_001].replace("+02", "+01")

        with pytest.raises(MixedTimeZones, match="line 140003"):
            read_all(write_times(tmp_path, *texts))


class TestUnreadableTimes:
    @pytest.mark.parametrize(
        "text", ["", "soon", "2019-02-30 00:00", "2019-10-17 25:00", "17.10.2019 09:00"]
    )
    def test_names_the_line(self, tmp_path: Path, text: str) -> None:
        path = write_times(tmp_path, "2019-10-17 09:00", "2019-10-17 10:00", text)

        with pytest.raises(UnreadableTime, match=r"bars\.csv, line 4: ") as caught:
            read_all(path)

        assert caught.value.code == "unreadable_time"

    @pytest.mark.parametrize("text", ["0", "-1571302800000", "20191017", "1.57E+12", "9999999999"])
    def test_refuses_numbers_that_are_no_time_in_any_unit(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(UnreadableTime, match="line 3"):
            read_all(write_times(tmp_path, "1571302800", text))

    def test_refuses_a_half_day_clock_beyond_twelve(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableTime, match="line 3"):
            read_all(write_times(tmp_path, "2019-10-17 09-AM", "2019-10-17 13-PM"))

    def test_refuses_times_before_there_were_any(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableTime, match="1970-01-01 00:00 is outside 1973 to 2200"):
            read_all(write_times(tmp_path, "1970-01-01 00:00"))
