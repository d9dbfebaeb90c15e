"""Run Freqtrade; nothing else here imports it before a run."""

from types import ModuleType

from research.engines.base import Task
from research.engines.freqtrade.desk import Desk
from research.engines.freqtrade.errors import translated
from research.engines.freqtrade.export import Export, read_export
from research.engines.freqtrade.folder import STRATEGY, run_folder
from research.engines.freqtrade.inputs import check_task
from research.engines.freqtrade.quiet import quiet
from research.engines.loading import light_import


def import_freqtrade() -> ModuleType:
    """Return the adapter's module that drives Freqtrade, with all that it needs.

    Raises
    ------
    EngineFailed
        If something cannot be imported.
    """
    with translated(), quiet(), light_import():
        from research.engines.freqtrade import driver

        return driver


def simulate(task: Task) -> tuple[Desk, Export]:
    """Return the desk that decided in Freqtrade's run, and what Freqtrade exported.

    Raises
    ------
    UnsupportedFeature
        If the bars lie off the grid that Freqtrade walks along.
    EngineFailed
        If Freqtrade cannot be imported or raises.
    """
    check_task(task)
    driver = import_freqtrade()
    desk = Desk(task)
    with run_folder() as folder, translated(), quiet() as log:
        driver.run_shell(task, desk, folder)
        log.check()
        return desk, read_export(folder.results, STRATEGY)
