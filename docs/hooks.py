"""What MkDocs calls while it builds the site: it adds generated pages, fills parts of others and writes formulas."""

import re
from html import unescape
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from sitegen import notebook, presets, reference, reproduction, results
from sitegen.blocks import Blocks

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "reports"
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
OUTSIDE = re.compile(
    r'<(?:script|img|iframe|source)[^>]*\ssrc="?(?:https?:)?//|<link[^>]*href="?(?:https?:)?//[^>]*stylesheet'
)
BLOCKS = Blocks(REPORTS)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages into the navigation, below the section that they belong to."""
    named: dict[str, dict[str, list[str]]] = {"Results": {}, "Published numbers": {"Papers": []}}
    for study, name in results.datasets(REPORTS):
        named["Results"].setdefault(study.capitalize(), []).append(f"results/{name}.md")
    named["Published numbers"]["Papers"] = [
        address for address in reproduction.pages(REPORTS) if not address.endswith("index.md")
    ]
    for section in config.nav:
        for title, pages in section.items():
            if title in named:
                pages += [{group: listed} for group, listed in named[title].items()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and the tables and figures that they link."""
    pages = results.pages(REPORTS, ROOT / "workflow/presets") | reproduction.pages(REPORTS) | reference.cli_pages()
    pages |= reference.params_pages(ROOT / "workflow/params.schema.json")
    pages["presets.md"] = presets.page(ROOT / "workflow/presets")
    pages["benchmark-notes.md"] = (ROOT / "benchmarks/NOTES.md").read_text(encoding="utf-8").replace("(../docs/", "(")
    text, pictures = notebook.page(ROOT / "docs/notebook.ipynb")
    pages["notebook.md"] = text
    for address, content in (pages | pictures).items():
        files.append(File.generated(config, address, content=content))
    for address, path in results.files(REPORTS).items():
        files.append(File.generated(config, address, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page, **_) -> str:
    """Fill the parts that are made from the tables."""
    return BLOCKS.filled(markdown, page.file.src_uri)


def on_page_content(html: str, **_) -> str:
    """Write formulas as MathML, which needs no script."""

    def formula(found: re.Match) -> str:
        return convert(unescape(found[3]).strip(), display="inline" if found[2] == "(" else "block")

    return FORMULA.sub(formula, html)


def on_post_page(output: str, page, **_) -> str:
    """Refuse a page that loads anything from elsewhere."""
    if found := OUTSIDE.search(output):
        raise PluginError(f"{page.file.src_uri}: loads {found[0]!r} from elsewhere. Put the file into docs/.")
    return output
