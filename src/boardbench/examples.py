"""An example of every verb, which its help shows: what stands behind ``boardbench VERB``. They are parsed by a test."""

_RUN = "--run results/segmentation/simulated/runs/unet-scrb-seed0"
_STUDY = "results/segmentation/simulated"
_PARTS = f"--split {_STUDY}/split.csv --reflectance {_STUDY}/reflectance"
_CLASSES = "--classes others --classes ic --classes capacitor --classes connectors"
_PHOTOS = "results/placement/simulated-photos"
_CHIP = f"{_PHOTOS}/runs/random-rectangle-seed0"
_DIGITS = "results/classification/digits"
_STATION = "data/raw/simulated-photos"
_SETTINGS = "--settings '{}'"

EXAMPLES: dict[str, str] = {
    "demo": "--out demo",
    "simulate": "--out data/raw/simulated --scene board01 --boards 75 --seed 2",
    "indian-pines": "--out data/raw/indian-pines",
    "fetch pcbvision": "--folder data/pcbvision",
    "pcbvision": "--out data/raw/pcbvision/captures.csv --folder data/pcbvision",
    "sheet": "--root data/raw/mine --out data/raw/mine/captures.csv",
    "reflectance": "--cube data/raw/mine/b1_1/capture/b1_1.hdr --white data/raw/mine/b1_1/capture/WHITEREF_b1_1.hdr "
    "--dark data/raw/mine/b1_1/capture/DARKREF_b1_1.hdr --mask data/raw/mine/b1_1/mask.png --classes 4 --out b1_1.npy",
    "labels render": "data/raw/mine/b1_1 data/raw/mine/b2_1 --out pictures",
    "labels import": "labels.json --root data/raw/mine --classes others --classes ic --rename IC=ic",
    "check": "data/raw/mine/captures.csv --classes others --classes ic --json",
    "new": "data/raw/mine --classes others --classes ic --classes capacitor",
    "run": "boards --preset tiny --dry-run",
    "sensor": "--dark DARKREF.hdr --white WHITEREF.hdr --out sensor.json",
    "segmentation split": f"--sheet data/raw/simulated/captures.csv --out {_STUDY}/split.csv --train 60 --validation 3 "
    "--test 12",
    "segmentation audit": f"{_PARTS} --protocol pixels --out {_STUDY}/audited/pixels",
    "segmentation manifest": f"--sheet data/raw/simulated/captures.csv --reflectance {_STUDY}/reflectance "
    f"--out {_STUDY}/captures.sha256",
    "segmentation augmentation": f"{_PARTS} --epochs 32 --out {_STUDY}/augmentation.csv",
    "segmentation normalization": f"{_PARTS} --method standardize --out {_STUDY}/normalization.npz",
    "segmentation reduction": f"{_PARTS} --strategy pca3 --out {_STUDY}/reduction/pca3.npz",
    "segmentation drift": f"{_PARTS} --sheet data/raw/simulated/captures.csv --out {_STUDY}/drift.json",
    "segmentation train": f"--backbone unet --strategy scrb --seed 0 --dataset simulated {_CLASSES} {_PARTS} "
    f"--augmentation {_STUDY}/augmentation.csv --epochs 32 --patience 32 --batch-size 4 --learning-rate 0.003 "
    f"--out {_STUDY}/runs/unet-scrb-seed0",
    "segmentation evaluate": f"{_PARTS} --out {_STUDY}/runs/unet-scrb-seed0",
    "segmentation baseline": f"--name lda {_PARTS} --dataset simulated {_CLASSES} --out {_STUDY}/runs/lda-none-seed0",
    "segmentation prune": f"--name half {_RUN} {_PARTS} --augmentation {_STUDY}/augmentation.csv --ratio 0.5 "
    f"--epochs 8 --patience 8 --batch-size 4 --learning-rate 0.001 --out {_STUDY}/pruned/half/unet-scrb-seed0",
    "segmentation sync": f"--runs {_STUDY}/runs/unet-scrb-seed0 --tracking results/mlflow.db",
    "segmentation complexity": "--backbones unet --strategies full --strategies scrb --classes 4 --out complexity.csv",
    "segmentation latency": "--backbones unet --strategies scrb --classes 4 --width 8 --bands 214 --out latency.csv",
    "segmentation sensor": "--seed 2 --bands 224 --published reports/published --out sensor.csv",
    "segmentation tables": f"--results {_STUDY} {_SETTINGS} --out {_STUDY}/tables",
    "segmentation figures": f"--results {_STUDY} {_SETTINGS} --tables {_STUDY}/tables --out {_STUDY}/figures",
    "segmentation pareto": f"--models {_STUDY}/runs/unet-scrb-seed0/model.onnx --out {_STUDY}/pareto.csv",
    "segmentation export": f"{_RUN} --precisions float32 --precisions int8",
    "photos": f"--out {_STATION} --photos 12 --displaced 6",
    "placement split": f"--photos {_STATION}/photo01.png --photos {_STATION}/photo02.png --out {_PHOTOS}/split.csv",
    "placement samples": f"--split {_PHOTOS}/split.csv --photos {_STATION}/photo01.png "
    f"--outlines {_STATION}/photo01.json --mm-per-pixel 0.1 --protocol images --validation 0.2 "
    f"--out {_PHOTOS}/samples.csv",
    "placement features": f"--samples {_PHOTOS}/samples.csv --epochs 13 --patience 13 --batch-size 32 "
    f"--learning-rate 0.001 --out {_PHOTOS}/features.npz",
    "placement train": f"--init random --loss rectangle --seed 0 --dataset simulated-photos --samples "
    f"{_PHOTOS}/samples.csv --epochs 13 --patience 13 --batch-size 32 --learning-rate 0.001 --out {_CHIP}",
    "placement evaluate": f"--samples {_PHOTOS}/samples.csv --out {_CHIP} --offset-mm 0.3 --rotation-deg 2",
    "placement baseline": f"--name template --samples {_PHOTOS}/samples.csv --dataset simulated-photos "
    f"--out {_PHOTOS}/runs/template",
    "placement sync": f"--runs {_CHIP} --tracking results/mlflow.db",
    "placement complexity": "--width 0.35 --size 64 --size 64 --out complexity.csv",
    "placement export": f"--run {_CHIP} --photos {_STATION}/photo01.png",
    "placement latency": f"--models {_CHIP}/model.onnx --baselines template --samples {_PHOTOS}/samples.csv "
    "--out latency.csv",
    "placement tables": f"--results {_PHOTOS} {_SETTINGS} --out {_PHOTOS}/tables",
    "placement figures": f"--results {_PHOTOS} {_SETTINGS} --tables {_PHOTOS}/tables --out {_PHOTOS}/figures",
    "classification samples": f"--source digits --raw data/raw/digits --out {_DIGITS}/samples.csv",
    "classification baseline": f"--method knn --distance l2 --normalization standardize "
    f"--samples {_DIGITS}/samples.csv --dataset digits --out {_DIGITS}/runs/knn-l2",
    "classification numpy-network": f"--name fc3 --network fc3 --seed 0 --samples {_DIGITS}/samples.csv "
    f"--dataset digits --out {_DIGITS}/runs/fc3-seed0",
    "classification train": f"--name small --network resnet18 --width 0.25 --seed 0 --samples {_DIGITS}/samples.csv "
    f"--dataset digits --epochs 8 --out {_DIGITS}/runs/small-seed0",
    "classification evaluate": f"--samples {_DIGITS}/samples.csv --out {_DIGITS}/runs/small-seed0",
    "classification prune": f"--name half --run {_DIGITS}/runs/small-seed0 --samples {_DIGITS}/samples.csv --ratio 0.5 "
    f"--epochs 8 --patience 8 --batch-size 64 --learning-rate 0.002 --out {_DIGITS}/pruned/half/small-seed0",
    "classification complexity": f"--runs {_DIGITS}/runs/small-seed0 --out complexity.csv",
    "classification latency": f"--runs {_DIGITS}/runs/small-seed0 --out latency.csv",
    "classification export": f"--run {_DIGITS}/runs/small-seed0 --samples {_DIGITS}/samples.csv",
    "classification sync": f"--runs {_DIGITS}/runs/small-seed0 --tracking results/mlflow.db",
    "classification tables": f"--results {_DIGITS} {_SETTINGS} --out {_DIGITS}/tables",
    "classification figures": f"--results {_DIGITS} {_SETTINGS} --tables {_DIGITS}/tables --out {_DIGITS}/figures",
    "export": f"{_RUN} --precisions float32 --precisions int8",
    "prune": f"{_RUN} --ratio 0.5 --epochs 8 --patience 8 --batch-size 4 --learning-rate 0.001",
    "bench epoch": "--networks resnet18 --steps 20 --out epochs.csv",
    "inspect": f"{_STATION}/displaced/displaced01.png --run {_CHIP} --out inspection",
    "predict": f"data/raw/simulated/board01_1 data/raw/simulated/board01_2 {_RUN} --out predictions",
    "cameras": "",
    "reference": "--camera Specim-FX10-12345 --white --out white.hdr",
    "stream": f"data/raw/simulated/board01_1 --model {_STUDY}/runs/unet-scrb-seed0/model.onnx --out belt --lines 3000",
    "publish": "--reference",
    "verify": "--json",
    "machines": "--runs other-machine/results --names other --out machines.csv",
    "reproduction": "--reports reports",
    "headline": f"--study segmentation --tables {_STUDY}/tables --runs {_STUDY}/runs --out {_STUDY}/headline.json "
    f"--plots {_STUDY}/plots",
    "preset": "workflow/presets/tiny.yaml",
    "doctor": "--json",
    "schema": "--out workflow/params.schema.json",
    "sync": "--results results",
    "ui": "--study segmentation",
}
