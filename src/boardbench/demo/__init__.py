"""One simulated board and a small trained model, for the first minute.

``model.onnx`` is the default run's U-Net of width 8 on scrb, trained on simulated boards, as int8. Another takes its
place by: boardbench export --run results/segmentation/simulated/runs/unet-scrb-seed0 --precisions int8 --unregistered
--out OUT, and OUT/model-int8.onnx is the file.
"""
