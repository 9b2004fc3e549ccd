"""Components sent to an MQTT broker as they are found, for a sorter that listens."""

import time
from typing import Any
from urllib.parse import unquote, urlsplit

from boardbench.errors import BoardbenchError

HELD = 10_000
"""Messages that wait while the broker is away; what comes on top is lost, and counted."""
_PORT = 1883
_CONNECT_SECONDS, _LAST_SECONDS = 5.0, 10.0


class Publisher:
    """Sends messages to one topic, each at least once (QoS 1); while the broker is away they wait.

    Args:
        address: ``mqtt://[USER:PASSWORD@]HOST[:PORT]/TOPIC``.

    Raises:
        BoardbenchError: another form of address, no broker there, or paho-mqtt is not installed.
    """

    def __init__(self, address: str):
        host, port, self._topic, user, password = _parsed(address)
        try:
            from paho.mqtt import client as mqtt
        except ImportError:
            raise BoardbenchError(
                "--publish: needs paho-mqtt, which is not installed. Type: pip install 'boardbench[mqtt]'"
            ) from None
        self._full = mqtt.MQTT_ERR_QUEUE_SIZE
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.connect_timeout = _CONNECT_SECONDS
        self._client.max_queued_messages_set(HELD)
        self._client.reconnect_delay_set(1, 5)
        self._refused = ""
        if user:
            self._client.username_pw_set(user, password)
        self._client.on_connect = self._connected
        self._client.on_publish = self._published
        self.sent = self.acknowledged = self.lost = 0
        shown = f"mqtt://{host}:{port}"
        try:
            self._client.connect(host, port, keepalive=10)
        except OSError as error:
            raise BoardbenchError(
                f"--publish {shown}: no broker answers ({error.strerror or error}). Start it, or correct the address."
            ) from None
        self._client.loop_start()
        until = time.monotonic() + _CONNECT_SECONDS
        while not self._client.is_connected() and not self._refused and time.monotonic() < until:
            time.sleep(0.02)
        if not self._client.is_connected():
            self._client.loop_stop()
            raise BoardbenchError(
                f"--publish {shown}: the broker does not let us in ({self._refused or 'no answer'}). Give "
                "mqtt://USER:PASSWORD@HOST/TOPIC as it knows them."
            )

    def send(self, text: str) -> None:
        """Hand a message over; it is sent when the broker is there."""
        if self._client.publish(self._topic, text, qos=1).rc == self._full:
            self.lost += 1
        else:
            self.sent += 1

    def close(self) -> dict[str, Any]:
        """Wait a while for the last answers; return how many messages were sent, acknowledged and lost."""
        until = time.monotonic() + _LAST_SECONDS
        while self.acknowledged < self.sent and time.monotonic() < until:
            time.sleep(0.02)
        self._client.disconnect()
        self._client.loop_stop()
        lost = self.lost + self.sent - self.acknowledged
        return {"messages": self.sent + self.lost, "acknowledged": self.acknowledged, "lost": lost}

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._refused = str(reason) if reason.is_failure else ""

    def _published(self, *_: Any) -> None:
        self.acknowledged += 1


def _parsed(address: str) -> tuple[str, int, str, str, str]:
    """Return host, port, topic, user and password."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:
        parts, host, port = urlsplit(""), None, 0
    topic = unquote(parts.path.lstrip("/"))
    if parts.scheme != "mqtt" or not host or not topic or set(topic) & set("+#\0"):
        raise BoardbenchError(
            "--publish: not of the form mqtt://HOST[:PORT]/TOPIC, without + and # in the topic. Write for example "
            "mqtt://sorter:1883/belt/components."
        )
    return host, port, topic, unquote(parts.username or ""), unquote(parts.password or "")
