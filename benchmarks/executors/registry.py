"""The executors by name. To add one: write its class in a file here and add one line."""

from benchmarks.executors.base import Executor
from benchmarks.executors.local import LocalExecutor
from benchmarks.executors.ray_cluster import RayExecutor

EXECUTORS: dict[str, type[Executor]] = {
    "local": LocalExecutor,
    "ray": RayExecutor,
}
