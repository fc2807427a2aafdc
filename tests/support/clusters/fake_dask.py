"""A stand-in for the package distributed: nothing is computed, and no port is opened."""

from types import ModuleType
from typing import Any


class KilledWorker(Exception):
    pass


class Dask(ModuleType):
    """Stands in for distributed: a cluster of so many workers, which do what is submitted at once."""

    KilledWorker = KilledWorker

    def __init__(self, workers: int) -> None:
        super().__init__("distributed")
        self.workers, self.open, self.started = workers, 0, dict[str, Any]()

    def LocalCluster(self, **options: Any) -> "Dask":  # noqa: N802 - as theirs is called
        self.started = options
        self.open += 1
        return self

    def Client(self, address: Any, timeout: float, set_as_default: bool) -> "Dask":  # noqa: N802
        if address == "tcp://127.0.0.1:9":
            raise OSError("nobody answers")
        self.open += 1
        return self

    def nthreads(self) -> dict[str, int]:
        return {f"tcp://127.0.0.1:{number}": 1 for number in range(self.workers)}

    def submit(self, function: Any, *arguments: Any, pure: bool) -> "Dask":
        assert not pure, "else a second training of the same would be the first one's answer"
        return self

    def subscribe_topic(self, topic: str, handler: Any) -> None: ...

    def add_done_callback(self, call: Any) -> None:
        call(self)

    def get_worker(self) -> None:
        raise ValueError("no task of a worker")

    def done(self) -> bool:
        return True

    def result(self, timeout: float | None = None) -> Any:
        raise KilledWorker("three died")

    def close(self) -> None:
        self.open -= 1
