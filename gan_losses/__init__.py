"""Pluggable GAN losses, the harness that trains them alike, and the probes that watch their gradients."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("gan-losses")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0+unknown"
