"""Run Freqtrade; nothing else here imports it before a run."""

from types import ModuleType

from research.engines.base import NativeTask, Task
from research.engines.freqtrade.desk import Desk
from research.engines.freqtrade.errors import translated
from research.engines.freqtrade.export import Export, read_export
from research.engines.freqtrade.folder import STRATEGY, run_folder
from research.engines.freqtrade.inputs import check_native, check_task
from research.engines.freqtrade.quiet import quiet
from research.engines.loading import light_import


def import_freqtrade() -> tuple[ModuleType, ModuleType]:
    """Return the adapter's modules that drive Freqtrade and run strategy files on it.

    Raises
    ------
    EngineFailed
        If something cannot be imported.
    """
    with translated(), quiet(), light_import():
        from research.engines.freqtrade import driver, native

        return driver, native


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
    driver, _ = import_freqtrade()
    desk = Desk(task)
    with run_folder() as folder, translated(), quiet() as log:
        driver.run_shell(task, desk, folder)
        log.check()
        return desk, read_export(folder.results, STRATEGY)


def simulate_native(task: NativeTask) -> Export:
    """Return what Freqtrade exported of a person's own strategy.

    Raises
    ------
    UnsupportedFeature, InvalidNativeStrategy
        If the request, or the file, asks for what Freqtrade cannot do.
    EngineFailed
        If Freqtrade or the strategy raises, or Freqtrade went on after the strategy did.
    """
    check_native(task)
    _, native = import_freqtrade()
    with run_folder() as folder, translated(), quiet() as log:
        native.run_native(task, folder, log)
        log.check()
        return read_export(folder.results, task.request.class_name)
