"""A Ray cluster on this machine, in processes of its own: python cluster.py '{"num_cpus": 1}' '{"num_cpus": 1}'.

It prints its address; a line with a node's number on its standard input kills that node, the input's end all of it.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 100_000_000  # bytes


@contextmanager
def running(*nodes: dict) -> Iterator[tuple[str, subprocess.Popen]]:
    """A cluster with such nodes beside a head that takes no cells: its address, and the process to ask."""
    call = [sys.executable, __file__, *map(json.dumps, nodes)]
    short = {**os.environ, "RAY_TMPDIR": "/tmp"}  # names of sockets must not be long
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(call, **pipes, text=True, env=short)
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def main() -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    with socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
    head = {"num_cpus": 0, "object_store_memory": OBJECTS, "include_dashboard": False, "ray_client_server_port": port}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(object_store_memory=OBJECTS, **json.loads(text)) for text in sys.argv[1:]]
    # By a client a run is at home on the head, which is not killed; else on any of these nodes.
    print(f"ray://{cluster.head_node.node_ip_address}:{port}", flush=True)
    for line in sys.stdin:
        cluster.remove_node(nodes[int(line)], allow_graceful=False)
    cluster.shutdown()


if __name__ == "__main__":
    main()
