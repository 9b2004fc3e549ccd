"""What is said of an exported file, from what its check found; the check itself is in test_export.py."""

import pytest

from boardbench.segmentation.export_check import verdict_of


def found(same, runtimes=None):
    checked = {"same_class": same, "scores": {"miou": 0.5}}
    whole = {"captures": 2, "pixels": 1000, "largest_probability_difference": 1e-6, "runtimes": runtimes or {}}
    return checked | whole


@pytest.mark.parametrize(
    ("precision", "same", "other", "wrong"),
    [
        ("float32", 0.9991, 0.9995, ""),
        ("float32", 0.9989, 0.9995, "only 99.890%"),
        ("float32", 0.9991, 0.9980, "by openvino only 99.800%"),
        ("int8", 0.9, 0.9, ""),  # stated, not judged
    ],
)
def test_a_float32_file_must_give_the_runs_classes_on_every_runtime(precision, same, other, wrong):
    said, refused = verdict_of(precision, found(same, {"openvino": {precision: found(other)}}))
    assert f"{same:.4%} of 1000 pixels" in said and f"by openvino in {precision} {other:.4%}, 0.5000" in said
    assert refused.startswith(wrong) and bool(refused) == bool(wrong)


def test_bf16_of_another_runtime_is_stated_and_not_judged():
    said, refused = verdict_of("float32", found(1.0, {"openvino": {"bf16": found(0.98)}}))
    assert "by openvino in bf16 98.0000%" in said and not refused
