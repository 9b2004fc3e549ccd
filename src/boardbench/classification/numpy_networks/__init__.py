"""Neural networks in NumPy alone, to be read in this order: layers, convolution, loss, initialization, network,
networks, optimizers, schedules, workers, folds, checkpoints, training, model, run.

Images are (images, lines, samples, channels); all numbers of a network are float32 (float64 in tests of gradients).
"""
