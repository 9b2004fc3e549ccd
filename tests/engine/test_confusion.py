"""The confusion matrix as a picture."""

from xml.etree import ElementTree

from boardbench.engine.confusion import confusion_svg

TEXT = "{http://www.w3.org/2000/svg}text"


def test_a_cell_is_the_share_of_its_true_class():
    image = ElementTree.fromstring(confusion_svg([[3, 1], [0, 0]], ["a<b", "a name of a class that is long"]))
    words = [text.text for text in image.iter(TEXT)]
    assert words[6:] == ["0.750", "3", "0.250", "1", "none", "0", "none", "0"]
    assert words[2] == "a<b" and words[4] == "a name of a c…" and all(len(word) < 40 for word in words)
