import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.reproduction import LABELS, judge_claim, judge_number, reproduction_rows

COUNTED = """\
dataset,backbone,strategy,gmacs,gmacs_published_convention,params_millions,gmacs_published,params_millions_published
toy,unet,full,351.8546,392.1199,31.159,392.12,31.16
toy,unet,pca3,302.0734,342.3388,31.038,342.86,31.30
toy,unet,scrb,313.6651,353.9304,31.066,353.83,31.07
toy,attention_unet,full,466.7556,466.7556,35.000,466.67,35.0
toy,attention_unet,pca3,416.9744,416.9744,34.879,417.49,35.14
toy,attention_unet,scrb,428.5661,428.5661,34.907,428.57,34.91
toy,resunet,full,545.6314,606.0294,13.286,606.03,13.29
toy,resunet,pca3,446.0691,506.4671,13.043,506.99,13.30
toy,resunet,scrb,457.6608,518.0588,13.071,518.06,13.07
toy,linknet,full,1.0,1.0,1.0,,
"""
# Networks in PyTorch on a data set that is CIFAR-10.
_ABOUT = {"study": "classification", "cifar10": True, "original": False, "recoded": True, "complete": False}
_ABOUT |= {"dataset": "toy", "source": "cifar10", "label": "x"}
_ABOUT |= {"parts": {"train": 5000, "test": 1000}, "classes": list("abcdefghij"), "size": [32, 32, 3]}
_NETWORKS = """\
name,network,blocks,learning_rate,epochs,seeds,classes,train_images,accuracy,precision,recall,f_score,setting_published
plain,resnet18,,0.1,20,5,10,45000,0.9100,0.9110,0.9100,0.9090,default
slim,mobilenet_v2,11,0.01,20,1,10,45000,0.8000,0.8010,0.8000,0.7990,SGD lr 0.01
wide,mobilenet_v2,19,0.3,20,1,10,45000,0.7000,0.7010,0.7000,0.6990,
"""
_EFFICIENCY = """\
name,network,pruning,method,ratio,seeds,accuracy,parameters_millions,parameters_nonzero_millions,gmacs,params_millions_published
plain,resnet18,,,,5,0.9100,11.1740,11.1740,0.5578,11.7
plain,resnet18,zeros,unstructured,0.9,5,0.9050,11.1740,1.1270,0.5578,8.2
plain,resnet18,half,structured,0.5,5,0.9000,3.0000,3.0000,0.2789,
"""
_LATENCY = """\
name,pruning,network,runtime,batch,threads,n,p50_ms,speedup,inference_ms_per_batch_published
plain,,resnet18,onnxruntime,1,1,20,15.0,,15.2
plain,zeros,resnet18,onnxruntime,1,1,20,15.1,0.99,12.1
plain,half,resnet18,onnxruntime,1,1,20,8.0,1.88,
"""
_EPOCHS = """\
network,device,batch_size,threads,seconds_per_epoch,hardware,device_published
resnet18,cpu,64,2,99.500,a machine,cpu i5-8400
resnet18,cuda,64,2,,not run: no CUDA device,gpu A100
"""
_TRANSFER = """\
child,parent,classes,parent_classes,accuracy,ratio
child,parent,4,6,0.9000,1.20
"""
_TABLES = {"networks": _NETWORKS, "efficiency": _EFFICIENCY, "latency": _LATENCY}
_TABLES |= {"epoch_seconds": _EPOCHS, "transfer": _TRANSFER}
PUBLISHED = Path(__file__).parents[2] / "reports" / "published"


@pytest.fixture
def reports(tmp_path):
    shutil.copytree(PUBLISHED, tmp_path / "published")
    return tmp_path


@pytest.fixture
def counted(reports):
    """Publish our count of paper 1's input, in its convention; return it as text."""
    path = reports / "tables/toy/segmentation_complexity.csv"
    path.parent.mkdir(parents=True)
    path.write_text(COUNTED)
    return COUNTED


@pytest.fixture
def rows(reports):
    """Return every row, by what lies in reports."""
    return lambda: reproduction_rows(read_evidence(reports))


@pytest.fixture
def one(rows):
    """Return the one row of a place and a cell."""

    def of(place, cell):
        (found,) = [row for row in rows() if row["place"] == place and row["cell"].partition(":")[0] == cell]
        return found

    return of


@pytest.fixture
def edit(reports):
    """Change a published file, or another one of the reports, once."""

    def change(name, old, new):
        path = reports / (name if "/" in name else f"published/{name}")
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


@pytest.fixture
def claim(reports):
    """Judge a sentence, with another value if one is given, by what lies in reports or by some evidence."""

    def judge(name, value=None, evidence=None):
        evidence = evidence or read_evidence(reports)
        found = evidence.claim(name)
        return judge_claim(evidence, replace(found, value=value or found.value))

    return judge


@pytest.fixture
def cell(reports):
    """Judge one number of a cifar10_*.csv, by the label of its row."""

    def judge(label, column, file):
        evidence = read_evidence(reports)
        (row,) = [
            row for row in evidence.tables[file] if " ".join(row[name] for name in LABELS if row.get(name)) == label
        ]
        return judge_number(evidence, file, row, column)

    return judge


@pytest.fixture
def networks(reports):
    """Publish networks of ours, with other tables if some are given; an empty one is left out."""

    def publish(name="cifar-smoke", about=_ABOUT, **tables):
        folder = reports / "tables" / name
        folder.mkdir(parents=True)
        (folder / "about.json").write_text(json.dumps(about))
        for table, text in (_TABLES | tables).items():
            if text:
                (folder / f"classification_{table}.csv").write_text(text)

    return SimpleNamespace(
        publish=publish,
        about=_ABOUT,
        tables=_TABLES,
        data="cifar-smoke, recoded as JPEG, 5000 training images",
        command="snakemake --cores all --configfile workflow/presets/cifar-smoke.yaml",
    )
