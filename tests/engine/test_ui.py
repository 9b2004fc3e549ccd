"""MLflow's pages in a real browser, as a new user finds them: runs, a comparison by strategy, curves side by side."""

import shutil
import socket
import subprocess
import sys

import pytest

from boardbench.engine.shown import results_with_confusion
from boardbench.engine.tracking import Store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.service, pytest.mark.slow]


@pytest.fixture
def address(tmp_path):
    """Start 'boardbench ui' on a store of three U-Nets; give the address that it prints."""
    store = Store(tmp_path / "mlflow.db")
    for strategy, best in (("full", 0.7), ("pca3", 0.6), ("scrb", 0.8)):
        parameters = {"dataset": "toy", "backbone": "unet", "strategy": strategy, "seed": 0, "epochs": 2, "data": "abc"}
        run = store.start("segmentation", f"toy unet-{strategy}", strategy, parameters, "segmentation train")
        run.log([{"epoch": epoch, "train_loss": 1 - epoch * best, "validation_iou": best} for epoch in range(2)])
        results_with_confusion(run, {"test_miou": best}, [], ([[3, 1], [0, 4]], ["others", "ic"]))
        run.finish()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "boardbench.cli", "ui", "--no-browser", "--port", port]
    with subprocess.Popen([*command, "--tracking", str(store.path)], stdout=subprocess.PIPE, text=True) as server:
        try:
            lines = iter(server.stdout.readline, "")
            yield next(line for line in lines if line.startswith("segmentation: ")).split()[1]
        finally:
            server.terminate()


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium, such as Debian's package of that name")
def test_a_fresh_profile_compares_strategies_and_curves(address):
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the dev packages")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(address)
        for strategy in ("full", "pca3", "scrb"):
            page.get_by_text(f"toy unet-{strategy}").first.wait_for(timeout=60_000)
        page.get_by_role("checkbox", name="Select all runs").click(force=True)
        page.get_by_role("button", name="Compare").first.click()
        for word in ("strategy", "full", "pca3", "scrb"):  # the axis and its marks
            page.locator("svg.main-svg text").get_by_text(word, exact=True).first.wait_for(timeout=60_000)

        page.goto(f"{address}&compareRunsMode=CHART")
        page.get_by_text("test/miou").first.wait_for(timeout=60_000)
        for strategy in ("full", "pca3", "scrb"):
            page.get_by_text(f"toy unet-{strategy} (train/loss)").first.wait_for(timeout=60_000)

        page.goto(address)
        page.get_by_text("one run a backbone").first.wait_for(timeout=60_000)
        page.get_by_text("toy unet-scrb").first.click()
        page.get_by_text("toy (abc)").first.wait_for(timeout=60_000)
        page.get_by_role("tab", name="Artifacts").click()
        page.get_by_text("confusion.svg").first.click()
        picture = page.locator("img[src^='blob:'], img[src*='confusion'], .image-outer-container img").first
        picture.wait_for(timeout=60_000)
        browser.close()
