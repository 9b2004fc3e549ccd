"""The documentation: generated from tables, schemas and help; what it shows exists and runs."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

from boardbench.schema import models  # noqa: E402
from boardbench.verbs import VERBS  # noqa: E402
from sitegen import notebook, presets, reference, reproduction, results, studies  # noqa: E402
from sitegen.blocks import MARK, PARTS, Blocks  # noqa: E402

PRESETS = ROOT / "workflow/presets"
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def made():
    """Return the pages of results of the published tables."""
    return results.pages(ROOT / "reports", PRESETS)


@pytest.fixture
def reports(tmp_path):
    """Return a copy of some of the published tables, to be changed."""
    for name in ("simulated", "simulated-photos-ablation", "cifar10-jpeg"):
        shutil.copytree(ROOT / "reports/tables" / name, tmp_path / "tables" / name)
    for name in ("machines", "benchmarks", "reproduction"):
        shutil.copy(ROOT / f"reports/tables/{name}.csv", tmp_path / "tables")
    shutil.copytree(ROOT / "reports/figures/simulated", tmp_path / "figures/simulated")
    return tmp_path


def plant(path, where, **values):
    """Change cells of the rows of a table that have the values of ``where``; at least one must be changed."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = [row for row in rows if all(row[key] == value for key, value in where.items())]
    assert found
    for row in found:
        row.update(values)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_another_value_in_a_table_is_another_page(reports, made):
    before = made["results/simulated.md"]
    plant(
        reports / "tables/simulated/segmentation_mean.csv", {"backbone": "unet", "strategy": "scrb"}, miou="0.1234567"
    )
    plant(
        reports / "tables/simulated/segmentation_differences.csv",
        {"backbone": "all", "strategy": "full", "against": "scrb", "metric": "miou"},
        difference="0.0700",
        low="0.0100",
        high="0.0900",
        conclusion="higher",
    )
    after = results.pages(reports, PRESETS)["results/simulated.md"]
    assert "<td>0.123" in after and "<td>0.123" not in before
    said = "-0.070 (95 % interval -0.090 to -0.010; 5 seeds, 12 test scenes), lower"
    said = said.replace("-", "\N{MINUS SIGN}")
    assert said in after and said not in before
    answer = Blocks(reports).answer()
    assert "| SCRB | 0.123 ± " in answer and said in answer


@pytest.mark.parametrize(
    ("part", "table", "where", "changed", "shown"),
    [
        ("machines", "machines.csv", {"dataset": "digits"}, {"sd_machines": "0.4321"}, "<td>0.4321</td>"),
        ("benchmarks", "benchmarks.csv", {"unit": "MB"}, {"ratio": "0.123"}, "<td>0.123</td>"),
        ("channels", "benchmarks.csv", {"unit": "ms"}, {"ratio": "7.891"}, "<td>7.89</td>"),
        ("drift", "simulated/segmentation_drift.csv", {"drift": "none"}, {"not_trusted": "35"}, "35 are not trusted"),
        (
            "same_class",
            "simulated/segmentation_pareto.csv",
            {"precision": "int8", "strategy": "full"},
            {"same_class": "0.5"},
            "50.0000 %",
        ),
        ("power", "simulated/segmentation_runs.csv", {"seed": "0", "metric": "miou"}, {"value": "0.1"}, "0.2"),
        ("line", "simulated/segmentation_pareto.csv", {"best": "yes"}, {"lines_per_s": "98765"}, "98765 lines/s"),
    ],
)
def test_another_value_in_a_table_is_another_part(reports, part, table, where, changed, shown):
    assert shown not in PARTS[part](Blocks(reports))
    plant(reports / "tables" / table, where, **changed)
    assert shown in PARTS[part](Blocks(reports))


def test_published_numbers_are_counted_by_verdict(reports):
    plant(reports / "tables/reproduction.csv", {}, verdict="explained")
    with (reports / "tables/reproduction.csv").open(newline="") as file:
        total = len(list(csv.DictReader(file)))
    assert Blocks(reports).reproduction() == f"{total} numbers and claims: {total} explained."


def test_a_verdict_on_the_rectangle_term_is_the_tables(reports):
    path = reports / "tables/simulated-photos-ablation/placement_differences.csv"
    plant(path, {"question": "rectangle term"}, conclusion="helps")
    about = json.loads((path.parent / "about.json").read_text())
    about["training"]["settings"]["rectangle_weight"], about["size"] = 0.001, [64, 64]
    (path.parent / "about.json").write_text(json.dumps(about))
    page = results.pages(reports, PRESETS)["results/simulated-photos-ablation.md"]
    assert re.search(r"without the term, each error and part \(\d+ seeds\): helps in (\d+) of \1\.", page)
    # 0.001 beside errors in image sizes: 0.001 x 256^2 and 0.001 x 64^2.
    assert "tested here is 65.5 and 4.1 times as much" in page


def test_every_data_set_has_a_page_that_says_what_the_data_are(made):
    named = [name for _, name in results.datasets(ROOT / "reports")]
    assert named == list(dict.fromkeys(named)) and len(made) == len(named) + 1
    for name in named:
        assert name in made["results/index.md"]
        about = json.loads((ROOT / f"reports/tables/{name}/about.json").read_text())
        assert ("SIMULATED" in made[f"results/{name}.md"]) == (about["source"] == "simulate")


def test_every_section_is_of_what_the_report_page_gathers():
    for study, name in results.datasets(ROOT / "reports"):
        data = results.gathered(ROOT / "reports", study, name)
        for section in studies.SECTIONS[study]:
            assert {key for key, *_ in section.tables} <= data.keys()
            assert {said for said in section.said if isinstance(said, str)} <= data.keys()


def test_tables_and_figures_that_pages_link_are_on_the_site(made):
    files = results.files(ROOT / "reports")
    assert all(path.is_file() for path in files.values())
    linked = {link for text in made.values() for link in re.findall(r"\]\(\.\./((?:tables|figures)/[^)]+)\)", text)}
    assert linked <= files.keys() and len(linked) > 100


def test_the_reproduction_has_every_row_in_its_papers_page():
    pages = reproduction.pages(ROOT / "reports")
    with (ROOT / "reports/tables/reproduction.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = sum(text.count("    <tr>") for address, text in pages.items() if "paper" in address)
    assert shown == len(rows)
    assert f"{len(rows)} numbers and claims" in pages["reproduction/index.md"]


def test_every_preset_is_on_the_page_with_a_command_that_names_it():
    text = presets.page(PRESETS)
    for path in PRESETS.glob("*.yaml"):
        section = text.split(f"\n## {path.stem}\n")[1].split("\n## ")[0]
        assert f"workflow/presets/{path.name}" in section


def test_every_key_of_params_is_on_a_page():
    pages = reference.params_pages(ROOT / "workflow/params.schema.json")
    params = yaml.safe_load((ROOT / "params.yaml").read_text())

    def check(text, section, path):
        part = text.split(f"# {path.split('.', 1)[-1]}\n")[1].split("\n#")[0]
        for key, value in section.items():
            if isinstance(value, dict) and value:
                check(text, value, f"{path}.{key}")
            else:
                assert f"| `{key}` |" in part, f"{path}.{key}"

    for study in reference.PARAMS:
        check(pages[f"params/{study}.md"], params[study], study)
    assert all(f"`{key}`" in pages["params/index.md"] for key in params.keys() - reference.PARAMS.keys())


def test_every_model_of_a_file_is_described():
    text = reference.formats(ROOT / "workflow/artifacts.schema.json")
    assert {f"### {model.__name__}" for model in models()} <= set(text.splitlines())


def test_every_verb_and_flag_is_on_a_page():
    pages = reference.cli_pages()
    for verb in VERBS:
        (part,) = [
            text.split(f"## boardbench {verb}\n")[1].split("\n## ")[0]
            for text in pages.values()
            if f"## boardbench {verb}\n" in text
        ]
        for option in reference.command_of(verb).params:
            assert isinstance(option, click.Argument) or f"`{option.opts[0]}`" in part


def test_the_command_line_is_described_without_what_its_verbs_import():
    code = "import sys; sys.path.insert(0, 'docs'); from sitegen import reference; reference.cli_pages()"
    code += "; print(sorted({'torch', 'mlflow', 'sklearn', 'skimage'} & sys.modules.keys()))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_hand_written_pages_name_known_parts_and_no_result():
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        assert set(MARK.findall(text)) <= PARTS.keys(), path.name
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        # scale.md says what was measured for it alone.
        assert path.name == "scale.md" or not re.findall(r"\b0\.\d{3,}", prose), (
            f"{path.name}: a score belongs into a generated part"
        )


def test_a_part_that_is_not_known_is_refused():
    with pytest.raises(KeyError, match="nothing"):
        Blocks(ROOT / "reports").filled("<!-- generated: nothing -->", "x.md")


def test_the_registries_are_listed_whole():
    from boardbench.classification.networks import NETWORKS
    from boardbench.segmentation import backbones, reduction

    parts = Blocks(ROOT / "reports")
    assert re.findall(r"^\| `(\w+)`", parts.backbones(), re.MULTILINE) == sorted(backbones.names())
    assert re.findall(r"^\| `(\w+)`", parts.strategies(), re.MULTILINE) == sorted(reduction.names())
    files = re.findall(r"^\| `(\w+)`", parts.image_networks(), re.MULTILINE)
    assert NETWORKS and {path.stem for path in (ROOT / "src/boardbench/networks").glob("[a-z]*.py")} - {*files} == {
        "blocks",
        "image_network",
        "weights",
    }


def test_the_notebook_is_a_page_with_its_pictures():
    text, pictures = notebook.page(ROOT / "docs/notebook.ipynb")
    assert len(pictures) == 3 and all(f"]({name})" in text for name in pictures)
    assert all(content.startswith(b"\x89PNG") for content in pictures.values())
    assert (ROOT / "docs/notebook.ipynb").stat().st_size < 300_000


def test_the_site_writes_formulas_and_loads_nothing_from_elsewhere():
    pytest.importorskip("mkdocs", reason="comes with 'make docs'")
    from mkdocs.exceptions import PluginError

    import hooks

    written = hooks.on_page_content(r'<p><span class="arithmatex">\(a &lt; b_1\)</span></p>')
    assert "<math" in written and "<msub>" in written and "arithmatex" not in written

    class Page:
        class file:
            src_uri = "x.md"

    fine = '<a href="https://arxiv.org">x</a><img src="a.png"><link rel=stylesheet href="assets/a.css">'
    assert hooks.on_post_page(fine, page=Page) == fine
    for bad in ('<img src="https://x.org/a.png">', '<script async src="//x.org/a.js">'):
        with pytest.raises(PluginError, match="elsewhere"):
            hooks.on_post_page(fine + bad, page=Page)
    with pytest.raises(PluginError):
        hooks.on_post_page('<link href="https://x.org/a.css" rel=stylesheet>', page=Page)


def test_the_site_is_built_so_that_warnings_end_it():
    (line,) = re.findall(r"mkdocs build.*", (ROOT / "Makefile").read_text())
    assert line == "mkdocs build --strict", "with --quiet MkDocs counts no warning"
