import numpy as np
import pyarrow as pa
import pytest

from common.data_pipeline.arrays import to_arrow, to_flags, to_floats, to_numpy, to_text, to_texts


class TestToNumpy:
    @pytest.mark.parametrize("kind", ["int64", "float64", "int8"])
    def test_returns_what_was_given(self, kind: str) -> None:
        values = np.arange(9).astype(kind)

        assert to_numpy(to_arrow(values)).tolist() == list(range(9))
        assert to_numpy(to_arrow(values)).dtype == values.dtype

    def test_reads_a_slice_from_where_it_begins(self) -> None:
        assert to_numpy(pa.array([1, 2, 3, 4])[1:3]).tolist() == [2, 3]

    def test_joins_the_pieces_of_a_column(self) -> None:
        column = pa.chunked_array([[1.0], [], [2.0, 3.0]])

        assert to_numpy(column).tolist() == [1.0, 2.0, 3.0]

    def test_reads_a_column_without_pieces(self) -> None:
        assert to_numpy(pa.chunked_array([], pa.float64())).tolist() == []


class TestToFloats:
    def test_gives_nan_where_there_is_no_number(self) -> None:
        found = to_floats(pa.array([1, None, 3], pa.int32()))

        np.testing.assert_array_equal(found, [1.0, np.nan, 3.0])

    def test_reads_a_column_of_nothing(self) -> None:
        np.testing.assert_array_equal(to_floats(pa.nulls(2)), [np.nan, np.nan])

    def test_reads_a_slice(self) -> None:
        found = to_floats(pa.array([1.5, None, 3.5, None])[1:3])

        np.testing.assert_array_equal(found, [np.nan, 3.5])

    def test_takes_the_nearest_float_of_an_integer_that_has_none(self) -> None:
        assert to_floats(pa.array([2**53 + 1])).tolist() == [2.0**53]


class TestToFlags:
    def test_reads_bits_that_do_not_begin_a_byte(self) -> None:
        assert to_flags(pa.array([True] * 9 + [False, True])[8:]).tolist() == [True, False, True]


class TestToTexts:
    def test_returns_what_was_given(self) -> None:
        texts = ["", "a", "Bär", "", "x" * 300]

        found = to_texts(texts)

        found.validate(full=True)
        assert (found.type, found.to_pylist()) == (pa.string(), texts)

    def test_takes_no_texts(self) -> None:
        assert to_texts([]).to_pylist() == []

    def test_a_text_alone_is_a_scalar(self) -> None:
        assert to_text("ab").as_py() == "ab"
