"""The folder of one series: its manifest, its data files and its lock."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from common.data_pipeline.durable import disk_errors, make_folder, replace_file, sync
from common.data_pipeline.exceptions import ManifestUnreadable, StaleManifest
from common.data_pipeline.locking import writer_lock
from common.data_pipeline.manifest import Manifest
from common.data_pipeline.partitions import is_partition
from common.domain.instruments import SeriesKey

_MANIFEST: Final = "manifest.json"
_LOCK: Final = ".lock"
_STAGING: Final = ".staging-"


def list_manifests(root: Path) -> list[Manifest]:
    """Return the state of every series below `root`, by venue, symbol and kind."""
    with disk_errors(root):
        paths = sorted(root.glob(f"*/*/*/{_MANIFEST}"))
    manifests = [_read_manifest(root, path) for path in paths]
    return [manifest for manifest in manifests if manifest is not None]


def _read_manifest(root: Path, path: Path) -> Manifest | None:
    with disk_errors(path):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
    manifest = Manifest.from_json(content, str(path))
    if SeriesFolder(root, manifest.key).path != path.parent:
        raise ManifestUnreadable(f"{path} is that of {manifest.key}", file=str(path))
    return manifest


class SeriesFolder:
    """Where one series is stored: `{venue}/{percent-encoded symbol}/{kind}[-{timeframe}]/`."""

    def __init__(self, root: Path, key: SeriesKey) -> None:
        instrument = key.instrument
        self.key = key
        self._root = root
        self.path = root / instrument.venue / quote(instrument.symbol, safe="") / key.slug

    def read_manifest(self) -> Manifest | None:
        """Return the committed state, or None if nothing was ever committed.

        Raises
        ------
        ManifestUnreadable
            If a newer release wrote it, it is not a manifest, or it is another series'.
        StoreUnavailable
            If the disk refuses.
        """
        return _read_manifest(self._root, self.path / _MANIFEST)

    @contextmanager
    def writing(self, timeout_seconds: float) -> Iterator[Path]:
        """Hold the writer's lock; yield an empty folder for files that are not finished.

        Raises
        ------
        StoreLocked
            If another writer does not finish in time.
        StoreUnavailable
            If the disk refuses.
        """
        with ExitStack() as stack:
            with disk_errors(self.path):
                make_folder(self.path)
                stack.enter_context(writer_lock(self.path / _LOCK, timeout_seconds))
                # Whoever staged these held the lock and is gone: killed, or out of power.
                for leftover in self.path.glob(f"{_STAGING}*"):
                    shutil.rmtree(leftover)
                staging = tempfile.TemporaryDirectory(
                    prefix=_STAGING, dir=self.path, ignore_cleanup_errors=True
                )
                stack.enter_context(staging)
            yield Path(staging.name)

    def publish(self, staging: Path, manifest: Manifest, expected_version: int) -> None:
        """Move the finished data files of `staging` here and commit; the lock is held.

        Raises
        ------
        StaleManifest
            If the committed version is not the expected one.
        StoreUnavailable
            If the disk refuses; the series is as it was.
        """
        with disk_errors(self.path):
            for path in staging.iterdir():
                if is_partition(path):
                    path.replace(self.path / path.name)
            sync(self.path)
        self.commit(manifest, expected_version)

    def commit(self, manifest: Manifest, expected_version: int) -> None:
        """Make a manifest the series' state; the caller holds the writer's lock.

        Raises
        ------
        StaleManifest
            If the committed version is not the expected one.
        StoreUnavailable
            If the disk refuses; the series is as it was.
        """
        current = self.read_manifest()
        version = current.version if current else 0
        if version != expected_version:
            raise StaleManifest(
                f"{self.key} is at version {version}, expected {expected_version}",
                version=version,
                expected=expected_version,
            )
        with disk_errors(self.path):
            for name in sorted(current.files - manifest.files) if current else ():
                # Its age as an unreferenced file counts from now: readers may hold it.
                os.utime(self.path / name)
            replace_file(self.path / _MANIFEST, manifest.to_json())

    def remove_unreferenced(self, before: datetime) -> list[Path]:
        """Remove data files that no manifest has named since then; the lock is held."""
        manifest = self.read_manifest()
        named = manifest.files if manifest else frozenset[str]()
        stale = [
            path
            for path in self.path.iterdir()
            if is_partition(path)
            and path.name not in named
            and path.stat().st_mtime < before.timestamp()
        ]
        for path in stale:
            path.unlink()
        return stale
