"""The reference's pages in a real browser, as a reader meets them; pictures go to $SCREENSHOTS, where it is set."""

import os
import shutil
from pathlib import Path

import pytest

from boardbench.report.page import DEFAULT_DATASETS, render

REFERENCE = Path(__file__).parents[2] / "reports"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES = ("index", *(f"data-{name}" for name in DEFAULT_DATASETS), "benchmarks", "reproduction")
pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs chromium, such as Debian's package of that name"),
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The reference's pages, rendered anew."""
    made = tmp_path_factory.mktemp("reports")
    for part in ("tables", "figures"):
        (made / part).symlink_to(REFERENCE / part)
    render(made)
    return made


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the dev packages")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser, reports):
    """Return a function that opens a page, and which fails in the end where one said an error or asked the network."""
    contexts, wrong = [], []

    def open_page(name, width=1280, scheme="light", height=800):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: wrong.append(f"{name}: {error}"))
        page.on("console", lambda said: wrong.append(f"{name}: {said.text}") if said.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith("file:") else wrong.append(asked.url))
        page.goto((reports / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def keep(page, name, whole=False):
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)


def test_the_first_screen_holds_answer_board_and_spectra(visit):
    page = visit("index")
    assert "SCRB against all bands" in page.locator(".answers li").first.inner_text()
    assert "95 % interval" in page.locator(".answers li").first.inner_text()
    for shown in (".answers li >> nth=0", ".pair .strip >> nth=1", ".lead .panel >> nth=1"):
        box = page.locator(shown).bounding_box()
        assert box["width"] > 100 and box["height"] > 20 and box["y"] + box["height"] <= 800, shown
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth)")
    assert len(page.inner_text("body").split()) <= 3000


def test_the_default_run_is_light(reports):
    files = [path for name in DEFAULT_DATASETS for path in (reports / "figures" / name).iterdir()]
    assert sum(path.stat().st_size for path in [*files, *(reports / f"{name}.html" for name in PAGES)]) < 8_000_000


def test_a_heading_sorts_by_click_and_by_key(visit):
    page = visit("benchmarks")
    head = page.locator("thead th", has_text="ours, median").first
    column = "rows => rows.map(row => row.cells[3].textContent)"

    def cells():
        return page.locator("table").first.locator("tbody tr").evaluate_all(column)

    before = cells()
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    numbers = [float(text) for text in cells() if text != "\N{EN DASH}"]
    assert numbers == sorted(numbers) and len(set(numbers)) > 5 and cells()[-1] == "\N{EN DASH}"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending" and float(cells()[0]) == numbers[-1]
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") is None and cells() == before


def test_published_numbers_are_chosen_by_paper_verdict_and_words(visit):
    page = visit("reproduction")
    rows = page.locator("table").last.locator("tbody tr:visible")
    total = rows.count()
    page.locator("label", has_text="paper").locator("select").select_option("1")
    page.locator("label", has_text="verdict").locator("select").select_option("contradicted")
    found = rows.evaluate_all("rows => rows.map(row => [row.cells[1].textContent, row.cells[5].textContent])")
    assert 0 < len(found) < total and set(map(tuple, found)) == {("1", "contradicted")}
    page.get_by_role("searchbox").fill("pca3 capacitor")
    assert 0 < rows.count() < len(found)
    assert page.get_by_role("status").inner_text() == f"{rows.count()} of {total} rows"
    keep(page, "filter")
    page.emulate_media(media="print")
    assert rows.count() == total and not page.get_by_role("searchbox").is_visible()


def test_sliders_step_through_boards_and_panels(visit):
    page = visit("data-simulated")
    view, board = (page.get_by_role("slider", name=name) for name in ("picture", "board"))
    shown = page.locator(".gallery figure:visible")
    first = shown.first.get_attribute("data-capture")
    left = "document.querySelector('.gallery figure img').getBoundingClientRect().left"
    prediction = page.evaluate(left)
    view.focus()
    page.keyboard.press("ArrowLeft")
    assert view.get_attribute("aria-valuetext") == "truth" and page.evaluate(left) > prediction + 50
    board.focus()
    page.keyboard.press("ArrowRight")
    assert shown.first.get_attribute("data-capture") == board.get_attribute("aria-valuetext") != first
    page.locator(".gallery").scroll_into_view_if_needed()
    keep(page, "gallery")


def test_the_pointer_and_the_arrow_keys_name_a_model(visit):
    page = visit("data-simulated")
    figure = page.locator("figure.plot", has=page.locator("img[src*=pareto]"))
    over, tip = figure.locator(".u-over").first, figure.locator(".tip").first
    over.focus()
    page.keyboard.press("ArrowRight")
    told = tip.inner_text()
    assert "U-Net" in told and "mean IoU" in told
    ring = figure.locator(".ring").first.bounding_box()
    page.keyboard.press("ArrowRight")
    assert tip.inner_text() != told
    page.mouse.move(ring["x"] + 6, ring["y"] + 6)
    assert tip.inner_text() == told
    keep(page, "hover")
    figure.get_by_role("button", name="SCRB").click()
    over.focus()
    names = set()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        names.add(tip.inner_text().split("\n")[0])
    assert names and not any("SCRB" in name for name in names)


@pytest.mark.parametrize("name", PAGES)
def test_numbers_are_inside_the_width(visit, name):
    page = visit(name)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    wider = "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.innerText.slice(0, 60))"
    assert page.locator(".wide").evaluate_all(wider) == []
    narrow = visit(name, width=390)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES[:-1])
def test_axe_finds_nothing_serious(visit, name, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe, of the dev packages")
    page = visit(name, width, scheme)
    keep(page, f"{name}-{width}-{scheme}", whole=True)
    # Without its preload: it would ask for style sheets by XMLHttpRequest, which file:// refuses.
    found = axe.Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
    assert [one for one, rule in zip(told, found, strict=True) if rule["impact"] in ("serious", "critical")] == []


def test_print_shows_the_drawn_charts_and_no_controls(visit):
    page = visit("data-simulated", scheme="dark")
    drawn = page.locator("figure.plot > a img").first
    assert not drawn.is_visible() and page.locator(".panels").first.is_visible()
    page.emulate_media(media="print")
    assert drawn.is_visible() and not page.locator(".panels, .controls, .chips").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
