import pytest


@pytest.mark.parametrize(
    ("name", "verdict", "ours", "why"),
    [
        ("p5-slim-blocks", "not run", "slim 11", "as a figure alone, so ours is a table of its own, with as many"),
        ("p5-head", "not run", "slim 10; wide 10", "A setting"),
        ("p5-rates", "not run", "0.01", "A setting"),
        ("p5-parent-epochs", "not run", "", "Takes CIFAR-100, which was not at hand"),
        ("p5-child-epochs", "not run", "", "Takes CIFAR-100"),
        (
            "p5-transfer-ratio",
            "not run",
            "child over parent 1.20",
            "is outside. At chance the ratio is 0.10 / 0.01 = 10",
        ),
    ],
)
def test_sentences_with_ours_beside(claim, name, verdict, ours, why, networks):
    before = claim(name)
    assert before.ours == "" and before.verdict == (verdict if verdict == "matches" else "not run")
    networks.publish()
    found = claim(name)
    assert (found.verdict, found.ours) == (verdict, f"{ours} ({networks.data})" if ours else "") and why in found.why
    assert not ours or found.command == networks.command


def test_a_stand_in_within_the_range_settles_nothing(claim, networks):
    networks.publish(transfer=networks.tables["transfer"].replace("1.20", "0.40"))
    found = claim("p5-transfer-ratio")
    assert (found.verdict, found.reason) == ("not run", "data not reachable") and "is within" in found.why


def test_another_number_of_blocks_is_not_the_paper_s(claim, networks):
    networks.publish(networks=networks.tables["networks"].replace(",11,", ",14,"))
    found = claim("p5-slim-blocks")
    assert found.verdict == "not run" and "other numbers of blocks" in found.why
