"""The pages in a real browser: on a phone, without scripts, without a complaint from the browser itself."""

import shutil

import pytest
from playwright.sync_api import Page, sync_playwright

from weft.demo.five import NDJSON, http, upload
from weft.demo.local import LocalNode

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATHS = ["/", "/network", "/search?q=النساء", "/search?q=agua", "/docs"]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser") / "escwa"
    made = LocalNode("escwa", folder, "ESCWA, Beirut")
    made.make()
    made.start()
    with made:
        made.wait_ready()
        brief = folder / "brief.ndjson"
        brief.write_text(
            '{"id":"b","type":"policy-brief","title":"<b>النساء</b> والماء","text":"بطالة النساء.","language":"ar",'
            '"themes":["gender-equality"],"groups":[],"countries":["422"],"status":"published","audience":"network"}\n',
            encoding="utf-8",
        )
        upload(http(made, "editor"), "/api/v1/documents/bulk", NDJSON, [brief])
        yield made


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def phone(browser, request):
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 320, "height": 640})
    yield context.new_page()
    context.close()


def complaints(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda failed: heard.append(failed.url))
    return heard


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_a_phone_and_the_browser_has_no_complaint(node, phone, path):
    heard = complaints(phone)
    answer = phone.goto(node.url + path)
    assert answer.status == 200
    assert heard == []
    width = phone.locator("html").evaluate("element => element.scrollWidth")
    assert width <= 320


@pytest.mark.parametrize("path", PATHS)
def test_a_page_says_its_language_has_one_heading_and_labels_its_fields(node, phone, path):
    phone.goto(node.url + path)
    assert phone.locator("html").get_attribute("lang") == "en"
    assert phone.locator("h1").count() == 1
    for field in phone.locator("input:not([type=hidden])").all():
        assert phone.locator(f"label[for={field.get_attribute('id')}]").count() == 1


def test_a_search_by_keyboard_finds_a_brief_and_shows_its_title_as_text(node, phone):
    phone.goto(node.url)
    phone.get_by_label("Search the whole network").press_sequentially("النساء")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/search**")
    found = phone.locator("main a", has_text="<b>")
    assert found.count() == 1
    assert phone.locator("main b").count() == 0
