"""The workflow as a user meets it: what it plans, what an edit reruns, what a mistake says.

Plans are made in a copy of the project with its tiny preset; nothing is trained here (.ci/run does that).
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from boardbench.params.params import load_params

ROOT = Path(__file__).parents[1]
TINY = ["--configfile", "workflow/presets/tiny.yaml"]


def snakemake(folder: Path, *words: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    command = ["snakemake", "--cores", "1", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def planned(folder: Path, *words: str) -> dict[str, int]:
    """Return how many jobs of each rule a dry run plans."""
    answer = snakemake(folder, "--dry-run", "--quiet", "reason", *TINY, *words)
    output = answer.stdout
    assert answer.returncode == 0, output
    jobs = re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE)
    return {rule: int(count) for rule, count in jobs if rule not in ("total", "all")}


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("Snakefile", "params.yaml", "workflow", "profiles", "src", "reports"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, folder / name)
    return folder


def test_a_fresh_clone_plans_every_rule_as_often_as_the_params_ask(clone):
    steps = planned(clone)
    listed = set(re.findall(r"^(\w+)$", snakemake(clone, "--list", *TINY).stdout, re.MULTILINE))
    targets = {"all", "captures", "photographs", "segmentation", "placement", "classification"}
    unasked = {rule for rule in listed if "compared_" in rule or "_audit" in rule}
    unasked |= {"placement_features", "bench_epoch"}
    assert steps.keys() == listed - targets - unasked
    params = load_params(yaml.safe_load((clone / TINY[1]).read_text()))
    study, photos, digits = params.segmentation, params.placement, params.classification
    networks = len(study.strategies)
    expected = {
        "simulate": study.simulate.boards,
        "reflectance": study.simulate.boards * study.simulate.conditions,
        "segmentation_train": networks,
        "segmentation_evaluate": networks,
        "segmentation_prune": 1,
        "segmentation_baseline": len(study.baselines),
        "segmentation_export": networks + 1,
        "placement_train": len(photos.losses),
        "placement_baseline": len(photos.baselines),
        "classification_numpy_network": len(digits.numpy_networks.runs),
        "classification_train": len(digits.networks.runs),
        "classification_prune": len(digits.pruning),
    }
    assert {rule: steps[rule] for rule in expected} == expected
    assert [steps[rule] for rule in ("segmentation_tables", "reproduction", "publish", "verify")] == [1, 1, 1, 1]


@pytest.mark.parametrize("question", ["--unlock", "--summary", "--dag", "--report=report.html"])
def test_a_question_needs_no_number_of_cores(clone, question):
    answer = subprocess.run(
        ["snakemake", question, *TINY],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    # Before a run a report has nothing to show.
    assert answer.returncode == 0 or "marked for report but does not exist" in answer.stderr, answer.stderr


def test_compared_normalizations_are_trained_scored_and_shown_and_nothing_need_be_exported(clone):
    """Three networks with the default method and two others; only pca3 is fitted; ``none`` measures no scale."""
    (clone / "compare.yaml").write_text(
        "studies: [segmentation]\n"
        "segmentation: {pruning: [], deployment: {precisions: []}, "
        "normalization: {compare: [none, minmax, standardize]}}\n"
    )
    found = planned(clone, "compare.yaml")
    expected = {
        "segmentation_normalization": 1,
        "segmentation_compared_normalization": 1,
        "segmentation_reduction": 1,
        "segmentation_compared_reduction": 2,
    }
    expected |= {
        "segmentation_train": 3,
        "segmentation_evaluate": 3,
        "segmentation_compared_train": 6,
        "segmentation_compared_evaluate": 6,
        "segmentation_sync": 1,
        "segmentation_tables": 1,
    }
    assert {rule: found.get(rule) for rule in expected} == expected
    assert not {"segmentation_export", "segmentation_pareto"} & found.keys()
    shown = snakemake(
        clone, "--dry-run", "--printshellcmds", *TINY, "compare.yaml", "--", "results/published.json"
    ).stdout
    (told,) = re.findall(r"boardbench segmentation sync .*", shown)
    assert " --runs results/segmentation/tiny/normalized/minmax/unet-pca3-seed0 " in told


def test_splits_that_leak_are_made_and_trained_by_beside_the_study(clone):
    """Three networks by the study's split and by two that leak; only pca3 is fitted."""
    (clone / "leaks.yaml").write_text(
        "studies: [segmentation]\n"
        "segmentation: {pruning: [], deployment: {precisions: []}, split: {audit: true, compare: [patches, pixels]}}\n"
    )
    found = planned(clone, "leaks.yaml")
    expected = {"segmentation_split": 1, "segmentation_audit": 2, "segmentation_train": 3, "segmentation_evaluate": 3}
    expected |= {"segmentation_audited_augmentation": 2, "segmentation_audited_normalization": 2}
    expected |= {"segmentation_audited_reduction": 2, "segmentation_audited_train": 6}
    expected |= {"segmentation_audited_evaluate": 6, "segmentation_drift": 1}
    assert {rule: found.get(rule) for rule in expected} == expected


def test_a_study_whose_own_split_leaks_has_no_line_and_is_refused_without_audit(clone):
    study = "studies: [segmentation]\nsegmentation: {{pruning: [], split: {{protocol: pixels, audit: {}}}}}\n"
    (clone / "leaking.yaml").write_text(study.format("true"))
    found = planned(clone, "leaking.yaml")
    expected = {"segmentation_split": 1, "segmentation_leaking_split": 1, "segmentation_train": 3}
    assert {rule: found.get(rule) for rule in expected} == expected
    assert not {"segmentation_export", "segmentation_drift", "segmentation_audit"} & found.keys()
    (clone / "leaking.yaml").write_text(study.format("false"))
    refused = snakemake(clone, "--dry-run", *TINY, "leaking.yaml")
    assert refused.returncode and "segmentation.split" in refused.stdout and "audit: true" in refused.stdout


def test_of_several_seeds_the_first_ones_networks_go_to_the_line(clone):
    (clone / "seeds.yaml").write_text("studies: [segmentation]\nsegmentation: {seeds: [7, 2]}\n")
    steps = planned(clone, "seeds.yaml")
    assert (
        steps["segmentation_train"],
        steps["segmentation_prune"],
        steps["segmentation_export"],
        steps["segmentation_pareto"],
    ) == (6, 2, 4, 1)
    shown = snakemake(clone, "--dry-run", "--printshellcmds", *TINY, "seeds.yaml", "--", "segmentation").stdout
    assert set(re.findall(r"boardbench segmentation export .*(seed\d)", shown)) == {"seed7"}
    assert "--runtimes onnxruntime --sheet" in shown
    assert re.search(r"segmentation pareto .*--runtimes .*onnxruntime", shown)


def test_names_of_classes_reach_the_verbs_as_they_are(clone):
    names = ["IC (small)", "R&D", "{x}", "{a, b}", "<b>a|b</b> \"q\", $y^2$ 'z' \\_% `w` #1 é"]
    study = {"classes": names, "training": {"class_weights": "none"}}
    (clone / "names.yaml").write_text(yaml.safe_dump({"studies": ["segmentation"], "segmentation": study}))
    shown = snakemake(clone, "--dry-run", "--printshellcmds", *TINY, "names.yaml").stdout
    trained = re.findall(r"boardbench segmentation train .*", shown)
    assert len(trained) == 3
    for command in trained:
        words = shlex.split(command)
        assert [words[at + 1] for at, word in enumerate(words) if word == "--classes"] == names
    (tables,) = re.findall(r"boardbench segmentation tables .*", shown)
    words = shlex.split(tables)
    assert yaml.safe_load(words[words.index("--settings") + 1])["classes"] == names


def test_done_work_is_left_alone_and_an_edit_reruns_what_depends_on_it(clone):
    """The captures are really made; a touched file plans nothing, an edited module its own steps."""
    wanted = [f"results/segmentation/tiny/{file}" for file in ("split.csv", "reflectance/board01_1.npy")]
    answer = snakemake(clone, *TINY, "--", *wanted)
    assert answer.returncode == 0, answer.stdout
    assert planned(clone, "--", *wanted) == {}

    raw = clone / "data/raw/tiny/board01_1/capture/board01_1.raw"
    os.utime(raw)
    os.utime(clone / "src/boardbench/simulate/board.py")
    assert planned(clone, "--", *wanted) == {}

    with (clone / "src/boardbench/segmentation/split.py").open("a") as file:
        file.write("# edited\n")
    assert planned(clone, "--", *wanted) == {"segmentation_split": 1}

    with (clone / "src/boardbench/captures/reflectance.py").open("a") as file:
        file.write("# edited\n")
    assert planned(clone, "--", *wanted) == {"segmentation_split": 1, "reflectance": 1}


def test_an_unknown_key_stops_before_any_work(clone):
    preset = clone / "wrong.yaml"
    preset.write_text("segmentation: {training: {epoch: 3}}\n")
    answer = snakemake(clone, "--dry-run", "--configfile", "wrong.yaml")
    assert answer.returncode == 1
    assert "segmentation.training.epoch: unknown key. Did you mean 'epochs'?" in answer.stdout
    assert "Traceback" not in answer.stdout


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ("{backbones: [unett]}", "Did you mean 'unet'?"),
        ("{strategies: [scrbb]}", "Did you mean 'scrb'?"),
        ("{source: pcbvision}", "data/pcbvision: no such folder. Run 'boardbench fetch pcbvision'"),
        ("{reflectance: {board_mask: true}}", "board_mask is true, but captures board01_1, "),
        ("{source: captures, dataset: mine}", "captures.csv"),
        ("{}\nplacement: {split: {test: 12}}", "need 13 photos, but there are 12"),
        ("{}\nplacement: {source: photos, dataset: mine}", "data/raw/mine: no such folder. Put the photos"),
        ("{}\nclassification: {source: cifar10, archive: {path: a.tar.gz}}", "archive.path: a.tar.gz does not exist"),
        ("{}\nclassification: {source: parquet}", "archive.path: source 'parquet' has no address"),
        (
            "{source: captures, dataset: mine}\nstudies: [placement]\nplacement: {init: [tune]}",
            "placement.init",
        ),
    ],
)
def test_a_wrong_word_or_a_missing_sheet_is_named(clone, overlay, words):
    (clone / "wrong.yaml").write_text(f"segmentation: {overlay}\n")
    answer = snakemake(clone, "--dry-run", "--configfile", "wrong.yaml")
    assert answer.returncode == 1
    assert words in answer.stdout


def test_a_bad_row_of_the_sheet_is_named_before_any_work(clone):
    sheet = clone / "data/raw/mine/captures.csv"
    sheet.parent.mkdir(parents=True)
    sheet.write_text("scene,condition,kind,cube,white,dark,mask\nb1,1,raw,no.hdr,w.hdr,d.hdr,m.png\n")
    (clone / "own.yaml").write_text("segmentation: {source: captures, dataset: mine}\n")
    answer = snakemake(clone, "--dry-run", "--configfile", "own.yaml")
    assert answer.returncode == 1
    assert "no.hdr" in answer.stdout
    assert "line 2" in answer.stdout


def test_a_sheet_of_fewer_scenes_than_the_split_asks_for_is_refused_before_any_work(clone):
    folder = clone / "data/raw/mine"
    folder.mkdir(parents=True)
    rows = ["scene,condition,kind,cube,white,dark,mask"]
    for scene in ("b1", "b2", "b3"):
        for name in (f"{scene}.hdr", f"{scene}.raw", f"{scene}.png"):
            (folder / name).write_bytes(b"0")
        rows.append(f"{scene},1,reflectance,{scene}.hdr,,,{scene}.png")
    (folder / "captures.csv").write_text("\n".join(rows) + "\n")
    (clone / "own.yaml").write_text("segmentation: {source: captures, dataset: mine, split: {train: 35}}\n")
    answer = snakemake(clone, "--dry-run", "--configfile", "own.yaml")
    assert answer.returncode == 1
    assert "35 train" in answer.stdout and "has 3" in answer.stdout


def test_a_workflow_elsewhere_takes_this_one_as_a_module(clone, tmp_path):
    """No params.yaml, no reports and no sources there: they are the clone's; everything made is below that folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    tiny = yaml.safe_load((clone / TINY[1]).read_text()) | {"studies": ["segmentation"]}
    (folder / "Snakefile").write_text(
        f"module boardbench:\n    snakefile: {str(clone / 'workflow/Snakefile')!r}\n    config: {tiny!r}\n\n"
        "use rule * from boardbench as boards_*\n"
    )
    answer = subprocess.run(
        [
            "snakemake",
            "--dry-run",
            "--printshellcmds",
            "--cores",
            "1",
            "--directory",
            folder,
            "-s",
            folder / "Snakefile",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(clone / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert re.search(r"^boards_segmentation_train +3$", answer.stdout, re.MULTILINE)
    assert re.search(r"^boards_page +1$", answer.stdout, re.MULTILINE)  # the default target
    assert f"boardbench verify --reference {clone / 'reports'} " in answer.stdout


def test_the_catalogue_of_workflows_finds_what_it_asks_for():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["report"] is True
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    (included,) = re.findall(r'^include: "(.*)"$', (ROOT / "workflow/Snakefile").read_text(), re.MULTILINE)
    assert (ROOT / "workflow" / included).resolve() == ROOT / "Snakefile"
    assert (ROOT / "config/README.md").is_file()


@pytest.mark.parametrize("study", ["segmentation", "placement", "classification"])
def test_one_study_plans_no_step_of_another(clone, study):
    (clone / "one.yaml").write_text(f"studies: [{study}]\n")
    steps = planned(clone, "one.yaml")
    assert steps["publish"] == 1
    own = {"segmentation": "simulate", "placement": "placement_train", "classification": "classification_baseline"}
    assert [name for name, step in own.items() if step in steps] == [study]


def test_a_study_by_its_name_plans_its_tables_and_no_page(clone):
    steps = planned(clone, "--", "placement")
    assert [step for step in steps if step.endswith("_tables")] == ["placement_tables"]
    assert "publish" not in steps


@pytest.mark.parametrize("preset", sorted(path.name for path in (ROOT / "workflow/presets").glob("*.yaml")))
def test_every_preset_is_accepted(preset):
    import yaml

    from boardbench.params.params import Params, load_params
    from boardbench.segmentation import backbones, reduction

    overlay = yaml.safe_load((ROOT / "workflow/presets" / preset).read_text())
    params = load_params(overlay, preset)
    for name in params.segmentation.backbones:
        backbones.check(name)
    for name in params.segmentation.strategies:
        reduction.get(name)
    if preset == "reference.yaml":  # has the default's own data sets, which default runs are held against
        return
    for study in params.studies:
        default = getattr(Params(), study).dataset
        assert getattr(params, study).dataset != default, "a preset must not overwrite the default's tables"


def test_a_study_of_dvc_knows_no_other_study():
    import yaml

    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    studies = {"segmentation", "placement", "classification"}
    for name, stage in stages.items():
        text = yaml.safe_dump(stage)
        known = {study for study in studies if f"{study}." in text or f"- {study}\n" in text}
        expected = {"data": {"segmentation"}, "photos": {"placement"}, "report": studies}.get(name, {name})
        assert known == expected, name
    for study in studies:
        assert stages[study]["cmd"] == f"snakemake --cores all {study}"


def test_dvc_and_the_workflow_name_the_same_files():
    import yaml

    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert list(stages["data"]["outs"][0]) == ["data/raw/${segmentation.dataset}"]
    assert list(stages["photos"]["outs"][0]) == ["data/raw/${placement.dataset}"]
    for study in ("segmentation", "placement", "classification"):
        folder = f"results/{study}/${{{study}.dataset}}"
        assert list(stages[study]["metrics"][0]) == [f"{folder}/headline.json"]
        assert list(stages[study]["outs"][0]) == [f"{folder}/plots"]
    for plot in yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]:
        ((_, about),) = plot.items()
        ((file, column),) = about["y"].items()
        assert file.rsplit("/", 1)[0].endswith(".dataset}/plots") and column
        template = json.loads((ROOT / f".dvc/plots/{about['template']}.json").read_text())
        assert "<DVC_METRIC_DATA>" in str(template) and "<DVC_METRIC_Y>" in str(template)
    for stage in stages.values():
        for dependency in stage["deps"]:
            if "$" not in dependency:
                assert (ROOT / dependency).exists(), dependency
        for key in stage["params"]:
            block = params
            for word in key.split("."):
                block = block[word]


def test_the_polling_that_onstart_switches_off_is_still_there():
    """Where this fails, Snakemake has changed: measure again without the Snakefile's onstart, and take it out."""
    from snakemake.scheduling import job_scheduler

    assert "if self.job_rate_limiter is not None:" in Path(job_scheduler.__file__).read_text()
