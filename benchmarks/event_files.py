"""Files that TensorBoard reads, written with its own messages: neither torch nor TensorFlow takes part."""

import os
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.summary.writer.record_writer import RecordWriter

from benchmarks import records

PATTERN = "events.out.tfevents.*"
FORMAT = "brain.Event:2"
RGB = 3
PNG_SIZE = slice(16, 24)  # of the bytes of a PNG: its width and height

Value = Any  # a Summary.Value; the package has no types


class EventFile:
    """A new file of events in a folder; older ones are emptied.

    A viewer that has read one of these before drops what it knows: the first event starts a session at step 0. Every
    event is with the system when `write` returns, so that a process that is killed leaves all of them.

    Args:
        folder: of the cell, made if need be.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        records.sweep(folder)
        for older in folder.glob(PATTERN):
            os.truncate(older, 0)  # a viewer that is at a file which is gone never comes to the next one
        name = PATTERN.replace("*", f"{time.time_ns():020d}")  # viewers read files in the order of their names
        self.path = folder / name
        self._put(file_version=FORMAT)
        self._put(session_log=SessionLog(status=SessionLog.START))

    def write(self, step: int, values: Sequence[Value]) -> None:
        """One event: it is there with all its values, or not at all."""
        if values:
            self._put(step=step, summary=Summary(value=values))

    def _put(self, **content: Any) -> None:
        with self.path.open("ab") as file:
            RecordWriter(file).write(Event(wall_time=time.time(), **content).SerializeToString())


def scalar(tag: str, number: float) -> Value:
    """A number, kept in float32.

    Example:
        >>> scalar("terms/adversarial_image", 0.5).simple_value
        0.5
    """
    return Summary.Value(tag=plain(tag), simple_value=number)


def histogram(tag: str, low: float, width: float, counts: Sequence[float]) -> Value:
    """Counts below `low`, in bins of `width` from there on, and above the last; the outer two are shown as wide as the rest.

    Empty bins at both ends are left out, as not every viewer does that itself.

    Example:
        >>> found = histogram("histograms/image/slope", -1.0, 0.5, [0, 2, 1, 0]).histo
        >>> list(found.bucket_limit), list(found.bucket), found.min, found.sum
        ([-0.5, 0.0], [2.0, 1.0], -1.0, -1.75)
    """
    filled = [place for place, count in enumerate(counts) if count] or [0]
    shown = range(filled[0], filled[-1] + 1)
    right = [low + width * place for place in shown]
    weighed = [(counts[place], edge - width / 2) for place, edge in zip(shown, right, strict=True)]
    content = HistogramProto(
        min=right[0] - width,
        max=right[-1],
        num=sum(counts),
        sum=sum(count * middle for count, middle in weighed),
        sum_squares=sum(count * middle**2 for count, middle in weighed),
        bucket_limit=right,
        bucket=[count for count, _ in weighed],
    )
    return Summary.Value(tag=plain(tag), histo=content)


def picture(tag: str, png: bytes) -> Value:
    """A PNG of three channels, byte for byte."""
    width, height = struct.unpack(">II", png[PNG_SIZE])
    content = Summary.Image(width=width, height=height, colorspace=RGB, encoded_image_string=png)
    return Summary.Value(tag=plain(tag), image=content)


def text(tag: str, content: str) -> Value:
    """A text that is shown as it is, every line of it: viewers take what is not set in for Markdown.

    Example:
        >>> text("status", "done").tensor.string_val
        [b'    done']
    """
    lines = "\n".join(f"    {line}" for line in plain(content).splitlines())
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype=DT_STRING, string_val=[lines.encode()], tensor_shape=shape)
    return Summary.Value(tag=plain(tag), tensor=tensor, metadata=_of_plugin("text"))


def session_start(settings: Mapping[str, Any], group: str) -> Value:
    """What the table of hyperparameters says of a cell: numbers, truths and texts; anything else as a text, None not at all."""
    info = SessionStartInfo(group_name=plain(group), start_time_secs=time.time())
    for name, value in settings.items():
        if isinstance(value, bool):
            info.hparams[plain(name)].bool_value = value
        elif isinstance(value, int | float):
            info.hparams[plain(name)].number_value = value
        elif value is not None:
            info.hparams[plain(name)].string_value = plain(str(value))
    return _session(metadata.SESSION_START_INFO_TAG, session_start_info=info)


def session_end(succeeded: bool) -> Value:
    """How it ended, for the same table."""
    status = Status.Value("STATUS_SUCCESS" if succeeded else "STATUS_FAILURE")
    info = SessionEndInfo(status=status, end_time_secs=time.time())
    return _session(metadata.SESSION_END_INFO_TAG, session_end_info=info)


def plain(name: str) -> str:
    r"""A text that UTF-8 can hold: a file's name may have bytes that are none.

    Example:
        >>> plain("share[caf\udce9]")
        'share[caf\\udce9]'
    """
    return name.encode(errors="backslashreplace").decode()


def _session(tag: str, **content: Any) -> Value:
    summary = metadata.create_summary_metadata(HParamsPluginData(**content))
    return Summary.Value(tag=tag, metadata=summary, tensor=metadata.NULL_TENSOR)


def _of_plugin(name: str) -> Any:
    return SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=name))
