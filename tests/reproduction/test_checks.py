from boardbench.reproduction.checks import NETWORKS


def test_our_scores_stand_beside_and_settle_nothing(cell, networks):
    networks.publish()
    found = cell("resnet18 default", "accuracy", NETWORKS)
    # Its author's run decides, not ours.
    assert (found.verdict, found.ours) == ("matches", f"plain 0.9100 (20 epochs, n = 5) ({networks.data})")
    found = cell("mobilenet_v2_slim SGD lr 0.01", "accuracy", NETWORKS)
    assert (found.verdict, found.ours) == ("not run", f"slim 0.8000 (20 epochs, n = 1) ({networks.data})")
    assert "another recipe and settles nothing; ours saw a part of the images" in found.why
    assert found.reason == "not published precisely enough"
    assert cell("mobilenet_v2 default", "accuracy", NETWORKS).ours == ""
    whole = networks.about | {"complete": True, "original": True}
    networks.publish("cifar10-paper", about=whole)
    found = cell("resnet18 default", "accuracy", NETWORKS)
    assert found.ours.endswith("; plain 0.9100 (20 epochs, n = 5) (cifar10-paper)")
