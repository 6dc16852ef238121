"""The report page in headless Chromium: no console errors, no network, everything drawn, data inert."""
import html
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


def with_script(page, folder, script, change=None):
    """A copy of the page that runs `script` when it is ready and keeps what it returns; None for no change of data."""
    text = page.read_text()
    if change is not None:
        start = text.index('id="report-data">') + len('id="report-data">')
        end = text.index("</script>", start)
        data = json.loads(text[start:end])
        change(data)
        inert = json.dumps(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        text = text[:start] + inert + text[end:]
    copy = folder / "copy.html"
    copy.write_text(text.replace("</body>", "<script>document.documentElement.dataset.told = JSON.stringify((() => {"
                                 + script + "})());</script></body>"))
    return copy


def told(page, *flags):
    dom, log = browse(page, *flags)
    assert [line for line in log.splitlines() if "CONSOLE" in line] == []
    return json.loads(html.unescape(re.search(r'data-told="([^"]*)"', dom)[1]))


@needs_chromium
def test_tables_sort_search_and_open(page, tmp_path):
    answer = told(with_script(page, tmp_path, """
      const table = document.querySelector("#columns table"), head = table.querySelector("th button");
      const names = () => [...table.querySelectorAll("tr.main button")].map((b) => b.textContent);
      head.click(); const up = names(), sorted = head.parentNode.getAttribute("aria-sort");
      head.click(); const down = names();
      const search = document.querySelector("#columns input[type=search]");
      search.value = up[0]; search.dispatchEvent(new Event("input")); const found = names();
      const open = table.querySelector("tr.main button"); open.focus(); const focused = document.activeElement === open; open.click();
      return { up, down, sorted, found, focused, expanded: open.getAttribute("aria-expanded") };"""))
    assert answer["up"] == sorted(answer["up"], key=str.lower) and answer["down"] == answer["up"][::-1]
    assert answer["sorted"] == "ascending" and answer["up"][0] in answer["found"]
    assert answer["focused"] and answer["expanded"] == "true"


@needs_chromium
@pytest.mark.parametrize("width", [390, 768])
def test_nothing_is_cut_off_on_a_narrow_screen(page, tmp_path, width):
    copy = with_script(page, tmp_path, "return [document.documentElement.scrollWidth, window.innerWidth];")
    scrolled, inner = told(copy, f"--window-size={width},900")
    assert scrolled <= inner


@needs_chromium
def test_two_hundred_columns_open(page, tmp_path):
    def widen(data):
        data["columns"] = [dict(data["columns"][k % len(data["columns"])], name=f"column {k}") for k in range(200)]
        for group in data["groups"]:
            for section in group["sections"]:
                for block in section["blocks"]:
                    if block["type"] == "heatmap":
                        block["names"] = [f"column {k}" for k in range(200)]
                        for matrix in block["matrices"]:
                            matrix["values"] = [[(i * j) % 7 / 10 for i in range(200)] for j in range(200)]

    answer = told(with_script(page, tmp_path, """
      const root = document.documentElement.dataset;
      return { rows: document.querySelectorAll("#columns tr.main").length, ready: Number(root.readyMs) };""", widen))
    assert answer["rows"] == 200
    assert answer["ready"] < 15000  # a few hundred ms on a machine of one's own


@needs_chromium
def test_paper_shows_everything_at_its_own_width(page, tmp_path):
    copy = with_script(page, tmp_path, """
      window.dispatchEvent(new Event("beforeprint"));
      return { waiting: document.querySelectorAll("[data-waiting]").length, closed: document.querySelectorAll("details:not([open])").length };""")
    assert told(copy) == {"waiting": 0, "closed": 0}


def test_the_page_names_no_other_place(page):
    text = page.read_text()
    head = text[: text.index("report-data")]
    assert not re.search(r'(?:src|href)="(?:https?:)?//', head)
    assert "default-src 'none'" in head


def test_the_json_of_the_page_is_the_json_file(page):
    text = page.read_text()
    inside = re.search(r'<script type="application/json" id="report-data">(.*?)</script>', text, re.S)[1]
    assert json.loads(inside) == json.loads((page.parent / "report.json").read_text())
