"""The verb ``cameras``: which cameras answer."""

import click

from boardbench.camera import aravis

NONE = """no camera answers. Look at its power and cable, and that
- GigE Vision: this machine's network card is in the camera's subnet, and no firewall drops its UDP packets
- USB3 Vision: this user may open the device (udev rule)"""


def cameras() -> None:
    """List the GigE Vision and USB3 Vision cameras that answer within a second; the first column is their ID.

    Raises:
        BoardbenchError: Aravis is not installed.
    """
    found = aravis.devices()
    if not found:
        click.echo(NONE)
        return
    rows = [aravis.Device._fields, *found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
