"""The verb ``boardbench stream``: a running line-scan camera to class maps, with its losses and its times.

A source process (:mod:`source`) puts lines into a ring (:mod:`ring`). This process takes them: the spectral encoder a
line (:mod:`spectral_encoder`) and a look for drift (:mod:`look`), then windows (:mod:`windows`) for the network's
thread (:mod:`worker`), which writes (:mod:`results`).
"""

import sys
from pathlib import Path

import click
import numpy as np

from boardbench.artifacts import write
from boardbench.engine.onnxfile import open_onnx
from boardbench.engine.runtimes import DEFAULT, check_runtime, computed_in
from boardbench.errors import BoardbenchError
from boardbench.stream import times, windows
from boardbench.stream.artifacts import Stream
from boardbench.stream.inputs import check_flags, check_model, read_inputs
from boardbench.stream.look import Look
from boardbench.stream.publish import Publisher
from boardbench.stream.session import Job, Session
from boardbench.stream.spectral_encoder import SpectralEncoder
from boardbench.stream.tracker import scale_of
from boardbench.stream.worker import Network


def stream(
    *,
    source: str,
    model: Path,
    out: Path,
    white: Path | None = None,
    dark: Path | None = None,
    tint: float | None = None,
    lines_per_s: float = 327.0,
    window: int = 128,
    margin: int = 32,
    buffer: int = 256,
    threads: int = 1,
    runtime: str = DEFAULT,
    precision: str | None = None,
    framed: bool = False,
    lines: int | None = None,
    strip: str | None = None,
    mm_per_line: float | None = None,
    mm_per_sample: float | None = None,
    publish: str | None = None,
    reconnect: float = 0.0,
    status: bool = False,
    quiet: bool = False,
) -> None:
    """Find components on a running belt: lines from a camera (or a capture replayed) through an exported model.

    Writes to the folder OUT, as results come: lines.ndjson (one JSON object a line) and components.ndjson (one a
    component, when its last line has passed: class, box, centre, long axis). At the end: classes.img and classes.hdr
    (class map; lines that were lost are the class 'not seen') and stream.json (losses, waits, computing times, drift).
    Ctrl-C ends a stream in order: what came is written. A second Ctrl-C drops it.

    References and spectra are held against what the model saw in training: a line's 'trusted' is false while they are
    too far from it. Boards differ more than light that faded since the references were taken; a strip shows that.

    Args:
        source: a capture (Lumo folder or ENVI cube), replayed by the clock; or raw lines from pipe:PATH (pipe:- is
            standard input), tcp://HOST:PORT or unix:PATH: BIL, uint16 little-endian, in the white reference's size;
            or a camera, genicam:ID with an ID of 'boardbench cameras'.
        model: ONNX file of 'boardbench export', for raw counts at the camera's own size.
        out: folder for the results.
        white: white reference; a Lumo folder has its own.
        dark: dark reference; likewise.
        tint: integration time of the lines of a pipe or socket, ms; default: that of the white reference. A camera
            says its own.
        lines_per_s: rate of the camera; 0: as fast as lines can be taken, the source waits and nothing is dropped. A
            camera never waits.
        window: lines that the network sees at once.
        margin: rows at a window's inner edges that are thrown away; the next window has them further inside.
        buffer: lines that may wait; where they are full, lines are dropped and counted.
        threads: threads of the network.
        runtime: of the network: onnxruntime, or openvino where it is installed. The spectral encoder is ONNX Runtime's.
        precision: bf16: compute the network of a float32 file in bfloat16, by openvino on a processor that has it.
        framed: each line of a pipe or socket has a header with its number (boardbench.stream.frames).
        lines: end after so many; a capture is begun anew until then.
        strip: samples that always see the same thing, FIRST:LAST without LAST; compared with the first lines.
        mm_per_line: size of a pixel along the belt; with it components have mm, too.
        mm_per_sample: size of a pixel across the belt.
        publish: MQTT broker that gets each component as well: mqtt://HOST[:PORT]/TOPIC.
        reconnect: seconds for which a camera that went away is opened again; 0: that is the stream's end.
        status: write a line a second (lines, rate, dropped, time of the network) to standard error also where that is
            no terminal, as in a log.
        quiet: write none, and nothing at the end but errors.

    Raises:
        BoardbenchError: inputs that do not fit together; or, after what came has been written, a source that failed.
    """
    check_flags(buffer, threads, lines, lines_per_s, reconnect)
    check_runtime("--runtime", runtime, precision)
    windows.check(window, margin)
    scale = scale_of(mm_per_line, mm_per_sample)
    if out.exists() and not out.is_dir():
        raise BoardbenchError(f"--out {out}: is a file. Name a folder; it is made where there is none.")
    metadata = open_onnx(model).metadata
    check_model(model, metadata)
    given = read_inputs(source, metadata, white, dark, tint, framed, lines, reconnect)
    look = Look(metadata, given, strip)
    encoder = SpectralEncoder(model, white=given.white, dark=given.dark, exposure=given.exposure)
    metadata |= {"runtime": runtime, "precision": computed_in(model, metadata.get("precision", "float32"), precision)}
    network = Network(model, threads, runtime, metadata["precision"])
    # The first window allocates and is slow: before any line waits.
    network.classes(np.zeros((encoder.channels, window, given.white.shape[1]), np.float32))
    publisher = Publisher(publish) if publish else None
    shown = _shown(status, quiet)
    job = Job(model, given, metadata, lines_per_s, window, margin, buffer, out, shown, scale, publisher)
    report, failure = Session(job, encoder, look, network).run()
    report = {"source": source, "model": metadata | {"drift": metadata.get("drift") is not None}} | report
    report["kept"], report["verdict"] = times.kept(report), times.verdict(report)
    write(out / "stream.json", Stream(**report), record=False)
    click.echo(report["verdict"])
    for trouble in times.trouble(report):
        click.echo(trouble)
    for reason in report["drift"]["because"].values():
        click.echo(f"not trusted: {reason}")
    if failure:
        raise BoardbenchError(f"source {source}: {failure}")


def _shown(status: bool, quiet: bool) -> str:
    """Return how the state of a running stream is shown; see :class:`boardbench.stream.session.Job`."""
    if quiet:
        return "never"
    return "rewritten" if sys.stderr.isatty() else "lines" if status else "never"
