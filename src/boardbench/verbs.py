"""Every verb of the command line: where its function is, and what it does in one line."""

# verb -> (module:function, one line of help). "study verb" pairs belong to one study.
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("boardbench.demo.demo:demo", "See what a trained model finds on one simulated board."),
    "simulate": ("boardbench.simulate.captures:simulate", "Write the raw captures of one simulated board."),
    "indian-pines": ("boardbench.simulate.indian_pines:indian_pines", "Write Indian Pines as ENVI scenes."),
    "fetch pcbvision": (
        "boardbench.fetch.pcbvision:fetch",
        "Download, verify and unpack the published data set PCB-Vision.",
    ),
    "pcbvision": ("boardbench.captures.pcbvision:pcbvision", "Write the capture sheet of an unpacked PCB-Vision."),
    "sheet": ("boardbench.captures.sheet:write_sheet", "Write the sheet of the captures below a folder."),
    "reflectance": (
        "boardbench.captures.reflectance:reflectance",
        "Turn one capture into reflectance at working size.",
    ),
    "labels render": (
        "boardbench.labels.render:render",
        "Draw captures as pictures to label.",
    ),
    "labels import": (
        "boardbench.labels.masks:write_masks",
        "Turn labels of LabelMe, CVAT or COCO into the captures' masks.",
    ),
    "check": ("boardbench.captures.check:check", "Say of each capture what is in it, and what is wrong with it."),
    "new": ("boardbench.labels.new:new", "Make a project folder, or start a study on your own captures in it."),
    "run": ("boardbench.project:run", "Run the whole workflow in a project folder."),
    "sensor": ("boardbench.captures.sensor:sensor", "Characterise a camera from white and dark references."),
    "segmentation split": (
        "boardbench.segmentation.split:split",
        "Assign scenes to train, validation and test.",
    ),
    "segmentation audit": (
        "boardbench.segmentation.audit:audit",
        "Make a split that leaks of one by scenes, to measure what the leak is worth.",
    ),
    "segmentation manifest": (
        "boardbench.segmentation.manifest:manifest",
        "List the calibrated captures with their hashes.",
    ),
    "segmentation augmentation": (
        "boardbench.segmentation.augmentation:augmentation",
        "Write the plan of training samples.",
    ),
    "segmentation normalization": (
        "boardbench.segmentation.normalization.fit:normalization",
        "Measure what brings the bands to one scale.",
    ),
    "segmentation reduction": (
        "boardbench.segmentation.reduction.fit:reduction",
        "Fit a reduction (PCA) on the training part.",
    ),
    "segmentation drift": (
        "boardbench.segmentation.drift.fit:drift",
        "Measure what training captures are like, to notice drift on the line.",
    ),
    "segmentation train": ("boardbench.segmentation.training:train", "Train one backbone x strategy x seed."),
    "segmentation evaluate": ("boardbench.segmentation.evaluation:evaluate", "Score a run on the test part."),
    "segmentation baseline": (
        "boardbench.segmentation.baselines:baseline",
        "Fit and score a baseline, which has no network.",
    ),
    "segmentation prune": ("boardbench.segmentation.pruning:prune", "Prune a trained run and train it on."),
    "segmentation sync": ("boardbench.segmentation.evaluation:sync", "Show the scores of runs in MLflow."),
    "segmentation complexity": (
        "boardbench.segmentation.complexity:complexity",
        "Count operations, parameters and memory.",
    ),
    "segmentation latency": (
        "boardbench.segmentation.latency:latency",
        "Time the counted networks on this machine.",
    ),
    "segmentation sensor": (
        "boardbench.report.segmentation.camera:sensor",
        "Put the simulated camera beside a real one.",
    ),
    "segmentation tables": ("boardbench.report.segmentation.verbs:tables", "Put runs beside the published numbers."),
    "segmentation figures": (
        "boardbench.report.segmentation.verbs:figures",
        "Draw curves, scores and a few predictions.",
    ),
    "segmentation pareto": (
        "boardbench.segmentation.pareto:pareto",
        "Time exported models side by side on this machine.",
    ),
    "segmentation export": (
        "boardbench.segmentation.export:export",
        "Write a trained run as ONNX files, from raw counts to classes.",
    ),
    "photos": ("boardbench.simulate.photos:photos", "Render photos of simulated boards."),
    "placement split": ("boardbench.placement.split:split", "Assign photos to training and test."),
    "placement samples": (
        "boardbench.placement.samples:samples",
        "Make images of displaced chips out of photos.",
    ),
    "placement features": (
        "boardbench.placement.features:features",
        "Take MobileNetV2's features from weights, and compute frozen ones once.",
    ),
    "placement train": ("boardbench.placement.training:train", "Train one init x loss x seed."),
    "placement evaluate": ("boardbench.placement.evaluation:evaluate", "Score a run on images it has not seen."),
    "placement baseline": (
        "boardbench.placement.baselines:baseline",
        "Fit and score a baseline, which has no network.",
    ),
    "placement sync": ("boardbench.placement.evaluation:sync", "Show the scores of runs in MLflow."),
    "placement complexity": (
        "boardbench.placement.complexity:complexity",
        "Count operations, parameters and memory.",
    ),
    "placement export": (
        "boardbench.placement.export:export",
        "Write a trained run as ONNX files, from photo to corners.",
    ),
    "placement latency": ("boardbench.placement.latency:latency", "Time inspections on this machine."),
    "placement tables": ("boardbench.report.placement.verbs:tables", "Put the runs in tables."),
    "placement figures": (
        "boardbench.report.placement.verbs:figures",
        "Draw curves, errors and a few pictures.",
    ),
    "classification samples": (
        "boardbench.classification.samples:samples",
        "Read CIFAR-10, CIFAR-100, parquet files or the embedded digits.",
    ),
    "classification baseline": (
        "boardbench.classification.baselines:baseline",
        "Classify by the nearest images or mean images.",
    ),
    "classification numpy-network": (
        "boardbench.classification.numpy_networks.run:numpy_network",
        "Train one network in NumPy alone.",
    ),
    "classification train": (
        "boardbench.classification.training:train",
        "Train one network in PyTorch, and score it.",
    ),
    "classification evaluate": (
        "boardbench.classification.evaluation:evaluate",
        "Score a trained network on the test images.",
    ),
    "classification prune": (
        "boardbench.classification.pruning:prune",
        "Prune a trained network and train it on.",
    ),
    "classification complexity": (
        "boardbench.classification.complexity:complexity",
        "Count parameters and operations of trained networks.",
    ),
    "classification latency": (
        "boardbench.classification.latency:latency",
        "Time trained networks side by side on this machine.",
    ),
    "classification export": (
        "boardbench.classification.export:export",
        "Write a trained network as ONNX files, from images to classes.",
    ),
    "classification sync": ("boardbench.classification.evaluation:sync", "Show the scores of runs in MLflow."),
    "classification tables": (
        "boardbench.report.classification.verbs:tables",
        "Put runs beside the published numbers.",
    ),
    "classification figures": (
        "boardbench.report.classification.verbs:figures",
        "Draw the images, loss curves and confusions.",
    ),
    "export": ("boardbench.export:export", "Write a trained run of any study as ONNX files."),
    "prune": ("boardbench.prune:prune", "Prune a trained run of any study and train it on."),
    "bench epoch": ("boardbench.classification.epoch:epoch", "Time a training epoch of networks on this machine."),
    "inspect": (
        "boardbench.placement.prediction:inspect",
        "Say whether the chip sits right on photos of boards.",
    ),
    "predict": (
        "boardbench.segmentation.prediction:predict",
        "Map the components on captures, with a run or an ONNX file.",
    ),
    "cameras": ("boardbench.camera.cameras:cameras", "List the GigE Vision and USB3 Vision cameras that answer."),
    "reference": (
        "boardbench.camera.reference:reference",
        "Record a white or dark reference from a camera.",
    ),
    "stream": (
        "boardbench.stream.stream:stream",
        "Map the components on a running line-scan stream.",
    ),
    "publish": (
        "boardbench.publish:publish",
        "Copy tables and figures to results/report/ and write the page.",
    ),
    "headline": (
        "boardbench.report.headline:headline",
        "Write a study's main scores in a line, and what DVC plots of it.",
    ),
    "verify": ("boardbench.report.verify.verify:verify", "Hold the last run against the reference, cell by cell."),
    "machines": (
        "boardbench.report.verify.machines:machines",
        "Set the spread of scores over machines beside that over seeds.",
    ),
    "reproduction": (
        "boardbench.reproduction.reproduction:reproduction",
        "Put every published number beside ours, with a verdict.",
    ),
    "doctor": ("boardbench.doctor:doctor", "Say whether this machine can run the default run."),
    "preset": ("boardbench.params.preset:preset", "Lay a preset over params.yaml, for runs through DVC."),
    "schema": (
        "boardbench.schema:write_schema",
        "Write the JSON schemas of params.yaml, for editors, and of all JSON files.",
    ),
    "sync": (
        "boardbench.engine.sync:sync",
        "Show all runs on disk in MLflow, in a new store where it is damaged.",
    ),
    "ui": ("boardbench.engine.ui:ui", "Open the MLflow UI on results/mlflow.db."),
}

# Arguments that a person gives without a flag.
POSITIONAL = {
    "predict": "captures",
    "stream": "source",
    "inspect": "photos",
    "check": "path",
    "new": "folder",
    "preset": "overlay",
    "run": "folder",
    "labels render": "captures",
    "labels import": "labels",
}

GROUPS = {
    "segmentation": "Steps of the segmentation study.",
    "placement": "Steps of the placement study.",
    "classification": "Steps of the classification study.",
    "labels": "Labels for captures, from the tools that they are drawn with.",
    "fetch": "Download a published data set.",
    "bench": "Measure this machine.",
}
