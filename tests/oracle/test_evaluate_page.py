"""The report page in headless Chromium: no console errors, no network, everything drawn, data inert."""
import json
import re
import shutil
import subprocess

import pytest

from evaluate_tables import evaluate, population

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

HOSTILE = '<script>document.title="owned"</script><img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    real, synthetic, holdout = population(300, 1), population(300, 2), population(200, 3)
    for frame in (real, synthetic, holdout):
        frame.loc[frame.index % 7 == 0, "ward"] = HOSTILE
        frame.loc[frame.index % 11 == 0, "ward"] = "</script><b>x</b>"
    synthetic.iloc[:5] = real.iloc[:5].to_numpy()
    evaluate(folder, real, synthetic, holdout, "--target", "group", "--title", HOSTILE)
    return folder / "out" / "report.html"


def browse(page, *flags):
    """DOM after scripts ran, and what the browser logged."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
               "--virtual-time-budget=8000", "--window-size=1280,2000", "--dump-dom", *flags, f"file://{page}#all"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    return done.stdout, done.stderr


@needs_chromium
def test_the_page_draws_itself_without_errors(page):
    dom, log = browse(page)
    console = [line for line in log.splitlines() if "CONSOLE" in line]
    assert console == []
    assert 'data-ready="true"' in dom
    for section in ("summary", "quality", "utility", "privacy", "columns", "definitions"):
        assert f'id="{section}"' in dom
    assert dom.count("js-plotly-plot") >= 5
    assert "data-waiting" not in re.sub(r"<style>.*?</style>|<script.*?</script>", "", dom, flags=re.S)


@needs_chromium
def test_the_page_asks_nothing_of_the_network(page, tmp_path):
    log = tmp_path / "net.json"
    browse(page, f"--log-net-log={log}", "--disable-background-networking", "--disable-component-update", "--disable-sync")
    text = log.read_text()
    urls = set(re.findall(r'"url":"((?:https?|wss?|ftp)://[^"]+)"', text))
    own = {u for u in urls if "google" not in u and "gstatic" not in u}  # the browser's own calls
    assert own == set()


@needs_chromium
def test_hostile_values_do_nothing(page):
    dom, _ = browse(page)
    title = re.search(r"<title>(.*?)</title>", dom, re.S)[1]
    assert "owned" in title and title.startswith("&lt;script")  # shown as text, not run
    outside = re.sub(r"<script.*?</script>", "", dom, flags=re.S)
    assert "<img src" not in outside
    assert "<b>x</b>" not in outside


def test_the_page_names_no_other_place(page):
    text = page.read_text()
    head = text[: text.index("report-data")]
    assert not re.search(r'(?:src|href)="(?:https?:)?//', head)
    assert "default-src 'none'" in head


def test_the_json_of_the_page_is_the_json_file(page):
    text = page.read_text()
    inside = re.search(r'<script type="application/json" id="report-data">(.*?)</script>', text, re.S)[1]
    assert json.loads(inside) == json.loads((page.parent / "report.json").read_text())
