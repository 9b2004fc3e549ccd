"""Components to an MQTT broker: bad addresses, and a real broker that goes and comes back."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from boardbench.stream import publish
from boardbench.stream.publish import Publisher, _parsed

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
broker_there = pytest.mark.skipif(MOSQUITTO is None, reason="needs mosquitto (Debian: apt-get install mosquitto)")


def test_addresses_are_taken_apart():
    assert _parsed("mqtt://sorter/belt") == ("sorter", 1883, "belt", "", "")
    assert _parsed("mqtt://me:a%40b@[::1]:18/belt/1") == ("::1", 18, "belt/1", "me", "a@b")


@pytest.mark.parametrize(
    "address", ["http://a/b", "mqtt://a", "mqtt://a/", "mqtt:///b", "mqtt://a:x/b", "mqtt://a/b/#", "mqtt://a/+/b", "a"]
)
def test_other_addresses_are_refused(address, says):
    says(lambda: Publisher(address), "--publish", "mqtt://")


def test_no_broker_is_one_error_without_the_password(says):
    pytest.importorskip("paho.mqtt", reason="needs paho-mqtt: pip install 'boardbench[mqtt]'")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert "secret" not in says(lambda: Publisher(f"mqtt://me:secret@127.0.0.1:{port}/b"), "--publish", str(port))


class Broker:
    """A mosquitto of its own on loopback, which can be stopped and started again."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._daemon = None
        self.start()

    def start(self):
        self._daemon = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("mosquitto did not start")

    def stop(self):
        self._daemon.terminate()
        self._daemon.wait()


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def heard(broker):
    """Collect what is published under belt/, over a reconnection too."""
    mqtt = pytest.importorskip("paho.mqtt.client", reason="needs paho-mqtt: pip install 'boardbench[mqtt]'")
    messages, ready = [], threading.Event()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe("belt/#", qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _data, message: messages.append((message.topic, message.payload.decode()))
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert ready.wait(10)
    messages_and_ready = messages, ready
    yield messages_and_ready
    client.disconnect()
    client.loop_stop()


def wait_until(true, seconds=15):
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    assert true()


@pytest.mark.service
@broker_there
def test_a_stream_tells_the_broker_each_component(broker, heard, capture, model, references, tmp_path):
    from boardbench.stream.stream import stream

    address = f"mqtt://127.0.0.1:{broker.port}/belt/components"
    given = {"lines_per_s": 0.0, "window": 96, "publish": address, **references}
    stream(source=capture(173), model=model, out=tmp_path / "out", **given)
    written = (tmp_path / "out/components.ndjson").read_text().splitlines()
    wait_until(lambda: len(heard[0]) == len(written))
    assert heard[0] == [("belt/components", text) for text in written]
    report = json.loads((tmp_path / "out/stream.json").read_text())["components"]["published"]
    assert report == {"messages": len(written), "acknowledged": len(written), "lost": 0}


@pytest.mark.service
@broker_there
def test_nothing_is_lost_while_the_broker_is_away_up_to_the_limit(broker, heard, monkeypatch):
    monkeypatch.setattr(publish, "HELD", 50)
    messages, ready = heard
    publisher = Publisher(f"mqtt://127.0.0.1:{broker.port}/belt/components")
    publisher.send("before")
    wait_until(lambda: [text for _, text in messages] == ["before"])
    ready.clear()
    broker.stop()
    wait_until(lambda: not publisher._client.is_connected())
    for number in range(60):
        publisher.send(str(number))
    assert publisher.lost == 10
    broker.start()
    report = publisher.close()
    assert report == {"messages": 61, "acknowledged": 51, "lost": 10}
