import hashlib
import os
import pickle
import zipfile

import pytest
import torch
from torch import nn

from boardbench.fetch import download as download_module
from boardbench.networks.mobilenet_v2 import MobileNetV2
from boardbench.networks.weights import load_weights


def small(seed=0, channels=4):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, channels, 3), nn.BatchNorm2d(channels), nn.Flatten(), nn.Linear(channels, 2))


def same(first, second):
    first, second = first.state_dict(), second.state_dict()
    return list(first) == list(second) and all(torch.equal(first[key], second[key]) for key in first)


@pytest.fixture
def published(tmp_path):
    """Return the network that was published, and its file."""
    network = small(seed=1)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    return network, tmp_path / "weights.pth"


@pytest.fixture
def served(published, server, tmp_path):
    """Return the network that was published, its address, its sha256 and a folder for downloads."""
    network, file = published
    server.files["/models/small.pth"] = file.read_bytes()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return network, f"{server.address}/models/small.pth", digest, tmp_path / "kept"


def refused(says, source, checksum, folder, *words, network=None):
    """Check the message, and that the network stayed as it was."""
    network = network or small()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    message = says(lambda: load_weights(network, str(source), checksum, folder), source, *words)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    return message


def saved(content, tmp_path):
    torch.save(content, tmp_path / "other.pth")
    return tmp_path / "other.pth"


def test_file(published, tmp_path):
    network, file = published
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for source, checksum in (
        (str(file), None),
        (f"file://{file}", f"sha256:{digest}"),
        (str(file), "SHA256:" + digest[:8]),
    ):
        other = small()
        assert not same(other, network)
        assert load_weights(other, source, checksum, tmp_path / "kept") == digest
        assert same(other, network)
    assert not (tmp_path / "kept").exists()


def test_whole_mobilenet(tmp_path):
    first, second = MobileNetV2(width=0.35), MobileNetV2(width=0.35)
    first.features[0][1].running_mean.fill_(0.25)
    load_weights(second, str(saved(first.state_dict(), tmp_path)), None, tmp_path)
    assert same(first, second)
    assert second.features[0][1].running_mean.eq(0.25).all()


def test_address_is_asked_for_once(served, server):
    network, address, digest, folder = served
    for _ in range(2):
        other = small()
        assert load_weights(other, address, f"sha256:{digest[:10]}", folder) == digest
        assert same(other, network)
    assert len(server.requests) == 1
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["small.pth"]


def test_files_of_one_name_do_not_take_each_others_place(served, server):
    _, address, digest, folder = served
    load_weights(small(), address, f"sha256:{digest}", folder)
    torch.save(small(seed=2).state_dict(), folder / "x")
    server.files["/other/small.pth"] = (folder / "x").read_bytes()
    other = hashlib.sha256((folder / "x").read_bytes()).hexdigest()
    load_weights(small(), f"{server.address}/other/small.pth", f"sha256:{other}", folder)
    load_weights(small(), address, f"sha256:{digest}", folder)
    assert len(server.requests) == 2


def test_wrong_checksum_of_an_address(served, server, says):
    _, address, digest, folder = served
    words = (f"sha256:{digest}", "sha256:01234567", "small.pth.wrong", "checksum")
    refused(says, address, "sha256:01234567", folder, *words)
    # Put aside: asked for again.
    refused(says, address, "sha256:01234567", folder, *words)
    assert len(server.requests) == 2
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["small.pth.wrong"]


def test_wrong_checksum_of_a_file(published, tmp_path, says):
    _, file = published
    message = refused(says, file, "sha256:" + "0" * 64, tmp_path, "checksum")
    assert ".wrong" not in message
    assert file.is_file()


@pytest.mark.parametrize(
    "checksum", ["sha256:0123456", "md5:" + "0" * 32, "0" * 64, "sha256:0123456g", "sha256:" + "0" * 65]
)
def test_malformed_checksum(published, tmp_path, checksum, says):
    refused(says, published[1], checksum, tmp_path, checksum, "8 to 64 hex digits", "sha256sum")


@pytest.mark.parametrize("checksum", [None, ""])
def test_address_without_checksum(served, server, checksum, says):
    _, address, _, folder = served
    refused(says, address, checksum, folder, "need a checksum", "checksum", "sha256:")
    assert not server.requests


@pytest.mark.parametrize("address", ["s3://bucket/weights.pth", "http://127.0.0.1:9/", "https://127.0.0.1:9"])
def test_no_address_of_a_file(address, tmp_path, says):
    refused(says, address, "sha256:01234567", tmp_path, "Correct weights", "http(s)://")


def test_failed_download(server, tmp_path, monkeypatch, says):
    monkeypatch.setattr(download_module, "PAUSE", 0.0)
    refused(says, f"{server.address}/none.pth", "sha256:01234567", tmp_path, "404")


def test_missing_file(tmp_path, says):
    refused(says, tmp_path / "none.pth", None, tmp_path, "no such file", "Correct weights")
    refused(says, tmp_path, None, tmp_path, "no such file")


def test_other_names(published, tmp_path, says):
    state = published[0].state_dict()
    for old, new in (("0.weight", "stem.weight"), ("3.weight", "head.weight"), ("3.bias", "head.bias")):
        state[new] = state.pop(old)
    message = refused(says, saved(state, tmp_path), None, tmp_path, "another network")
    assert "the network has, the file lacks: 0.weight, 3.weight, 3.bias;" in message
    assert "the file has, the network lacks: stem.weight, head.weight, head.bias." in message


def test_first_names_only(published, tmp_path, says):
    state = {f"x{key}": value for key, value in published[0].state_dict().items()}
    message = refused(says, saved(state, tmp_path), None, tmp_path, "0.weight, 0.bias, 1.weight and 6 more;")
    assert "x0.weight, x0.bias, x1.weight and 6 more." in message


def test_names_missing_on_one_side(published, tmp_path, says):
    state = published[0].state_dict()
    del state["3.bias"]
    message = refused(says, saved(state, tmp_path), None, tmp_path, "the file lacks: 3.bias.")
    assert "the network lacks" not in message


def test_other_shapes(tmp_path, says):
    file = saved(small(channels=5).state_dict(), tmp_path)
    words = ("0.weight (5, 3, 3, 3) in the file, (4, 3, 3, 3) in the network", "3.weight", "number of classes")
    refused(says, file, None, tmp_path, *words[::2], "0.bias (5,) in the file, (4,) in the network", "and 4 more")


def test_head_of_other_classes(tmp_path, says):
    file = saved(MobileNetV2(width=0.35).state_dict(), tmp_path)
    words = ("classifier.1.weight (1000, 1280) in the file, (10, 1280) in the network", "number of classes")
    refused(says, file, None, tmp_path, *words, network=MobileNetV2(10, width=0.35))


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "write", [torch.save, lambda content, file: file.write_bytes(pickle.dumps(content, protocol=2))]
)
def test_code_in_a_file_is_not_run(write, published, tmp_path, says):
    mark, file = tmp_path / "run", tmp_path / "harmful.pth"
    write({**published[0].state_dict(), "3.bias": Harmful(mark)}, file)
    refused(says, file, None, tmp_path, "not a file of plain tensors", "state_dict()")
    assert not mark.exists()
    # It would have been.
    with file.open("rb") as stream:
        if write is not torch.save:
            pickle.load(stream)
        else:
            torch.load(file, weights_only=False)
    assert mark.exists()


def test_names_of_a_parallel_wrapper(published, tmp_path):
    network, _ = published
    wrapped = {f"module.{key}": value for key, value in network.state_dict().items()}
    other = small()
    load_weights(other, str(saved(wrapped, tmp_path)), None, tmp_path)
    assert same(other, network)


def test_prefix_of_some_names_only_is_refused(published, tmp_path, says):
    state = published[0].state_dict()
    state["module.0.weight"] = state.pop("0.weight")
    refused(says, saved(state, tmp_path), None, tmp_path, "lacks: 0.weight", "lacks: module.0.weight")


def test_more_than_tensors(published, tmp_path, says):
    checkpoint = {"state_dict": dict(published[0].state_dict()), "epoch": 3}
    refused(says, saved(checkpoint, tmp_path), None, tmp_path, "state_dict, epoch", "state_dict alone")


@pytest.mark.parametrize(("content", "kind"), [([torch.zeros(2)], "list"), (torch.zeros(2), "Tensor"), ({}, "dict")])
def test_other_content(content, kind, tmp_path, says):
    refused(says, saved(content, tmp_path), None, tmp_path, f"holds {kind}", "tensors by name")


@pytest.mark.parametrize("content", [b"", b"<html>Not found</html>", b"PK\x03\x04 cut"])
def test_no_torch_file(content, tmp_path, says):
    (tmp_path / "other.pth").write_bytes(content)
    refused(says, tmp_path / "other.pth", None, tmp_path, "not a file of plain tensors")


def test_cut_and_foreign_archives(published, tmp_path, says):
    _, file = published
    (tmp_path / "cut.pth").write_bytes(file.read_bytes()[:-500])
    refused(says, tmp_path / "cut.pth", None, tmp_path, "not a file of plain tensors")
    with zipfile.ZipFile(tmp_path / "foreign.pth", "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(says, tmp_path / "foreign.pth", None, tmp_path, "not a file of plain tensors")
