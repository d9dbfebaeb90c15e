"""Importers: files of other publishers as batches of rows, checked line by line."""

from common.data_pipeline.importers.bars import read_bars
from common.data_pipeline.importers.exceptions import UnusableFile
from common.data_pipeline.importers.funding import read_funding
from common.data_pipeline.importers.trades import read_trades

__all__ = ["UnusableFile", "read_bars", "read_funding", "read_trades"]
