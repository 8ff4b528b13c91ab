"""Opens a report in headless Chromium as a reader would: with a pointer, with the keyboard alone, narrow, dark, on paper.

    python3 browser_test.py PAGE.html [SCREENSHOTS]

Exit code 77 where Selenium or a browser is missing. page_test.cpp makes the page and runs this.
"""
import base64
import json
import os
import pathlib
import sys
import unittest

try:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError as error:
    print(f"python3-selenium is missing: {error}")
    sys.exit(77)

PAGE = pathlib.Path(sys.argv[1]).resolve()
SCREENSHOTS = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None

# Relative luminance and contrast of the Web Content Accessibility Guidelines 2.1, for the cells of the heat map on what lies under them.
CONTRAST = """
function parts(colour) { return colour.match(/[\\d.]+/g).map(Number); }
function luminance(c) {
  var l = c.slice(0, 3).map(function (v) { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
  return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
}
var paper = getComputedStyle(document.documentElement).backgroundColor, least = 21;
document.querySelectorAll("table.matrix td.cell").forEach(function (cell) {
  var style = getComputedStyle(cell), back = parts(style.backgroundColor);
  if (back.length === 4 && back[3] === 0) back = parts(paper);
  var a = luminance(back), b = luminance(parts(style.color));
  least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
});
return least;
"""


def browser():
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.binary_location = os.environ.get("ASSAY_BROWSER", "/usr/bin/chromium")
    driver = os.environ.get("ASSAY_CHROMEDRIVER", "/usr/bin/chromedriver")
    for program in (options.binary_location, driver):
        if not os.path.exists(program):
            print(f"{program} is missing")
            sys.exit(77)
    try:
        return webdriver.Chrome(service=Service(driver), options=options)
    except WebDriverException as error:
        print(f"the browser does not start here: {error}")
        sys.exit(77)


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.driver = browser()
        cls.addClassCleanup(cls.driver.quit)

    def setUp(self):
        self.width(1280)
        self.media("light")
        self.driver.get(PAGE.as_uri())
        self.data = json.loads(self.script("return document.getElementById('data').textContent"))

    # ---- what tests do ----

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def width(self, pixels):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": False})

    def media(self, scheme, kind=""):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def tip(self):
        tip = self.find("#tip")
        return tip.text if tip.is_displayed() else None

    def column(self, table, index):
        return self.script("return Array.from(document.querySelectorAll('#' + arguments[0] + ' tbody tr')).filter(r => !r.hidden)"
                           ".map(r => r.cells[arguments[1]].getAttribute('data-value') ?? r.cells[arguments[1]].textContent)", table, index)

    def focused(self):
        return self.driver.switch_to.active_element

    # ---- tests ----

    def test_charts_are_drawn_with_a_mark_a_model(self):
        models = len(self.data["models"])
        self.assertEqual(len(self.all("#calibration path.mark")), len(self.data["predictions"]))
        self.assertEqual(len(self.all("#coverage path.mark")), len(self.data["coverage"]))
        charts = self.data["targets"][0]["charts"]
        self.assertEqual(len(self.all("#scatter figure")), len(charts))
        self.assertEqual(len(self.all("#scatter path.mark")), models * len(charts))
        self.assertEqual(len(self.all("#forest g.row")), len(self.data["targets"][0]["scores"]))
        for chart in self.all("main svg[role=img]"):
            self.assertGreater(len(chart.get_attribute("aria-label")), 20)

    def test_nothing_is_loaded_and_nothing_fails(self):
        for select in self.all("fieldset.target-choice input"):
            self.script("arguments[0].click()", select)
        self.assertEqual([entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")], [])
        asked = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        self.assertIn(PAGE.as_uri(), asked)
        self.assertEqual([url for url in asked if url != PAGE.as_uri()], [])

    def test_a_heading_sorts_by_click_and_by_keyboard(self):
        heading = self.find("#ranking thead th:nth-child(6)")
        self.assertIsNone(heading.get_attribute("aria-sort"))
        heading.find_element(By.TAG_NAME, "button").click()
        self.assertEqual(heading.get_attribute("aria-sort"), "ascending")
        values = [float(value) for value in self.column("ranking", 5)]
        self.assertEqual(values, sorted(values))
        self.assertGreater(len(set(values)), 5)
        heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        self.assertEqual(heading.get_attribute("aria-sort"), "descending")
        self.assertEqual([float(value) for value in self.column("ranking", 5)], sorted(values, reverse=True))
        other = self.find("#ranking thead th:nth-child(1) button")
        other.send_keys(Keys.SPACE)
        self.assertIsNone(heading.get_attribute("aria-sort"))
        self.assertEqual(self.column("ranking", 0)[0], "1")

    def test_baselines_stay_on_top_of_the_heat_map(self):
        table = "matrix-" + self.data["targets"][0]["name"]
        baselines = sum(row["baseline"] for row in self.data["matrices"][0]["rows"])
        self.assertGreater(baselines, 0)
        self.find(f"#{table} thead th:nth-child(2) button").click()
        rows = self.script("return Array.from(document.querySelectorAll('#' + arguments[0] + ' tbody tr')).map(r => r.classList.contains('trivial'))", table)
        self.assertEqual(rows, [True] * baselines + [False] * (len(rows) - baselines))
        values = [float(value) for value in self.column(table, 1)[baselines:] if value]
        self.assertEqual(values, sorted(values))

    def test_a_filter_keeps_rows_that_hold_every_word(self):
        field = self.find("input[aria-controls=ranking]")
        names = self.column("ranking", 1)
        start, end = names[1][:7], names[1][-4:]
        field.send_keys(f"{start} {end.upper()}")
        kept = [name for name in names if start in name and end in name]
        self.assertTrue(0 < len(kept) < len(names))
        self.assertEqual(sorted(self.column("ranking", 1)), sorted(kept))
        self.assertEqual(self.find("#ranking").find_element(By.XPATH, "../preceding-sibling::p[1]/span").text, f"{len(kept)} of {len(names)} rows")
        self.media("light", "print")
        self.assertTrue(all(row.is_displayed() for row in self.all("#ranking tbody tr")))   # paper has every row
        self.media("light")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.DELETE)
        self.assertEqual(len(self.column("ranking", 1)), len(names))

    def test_marks_are_named_to_the_keyboard(self):
        self.assertIsNone(self.tip())
        for chart in ("#calibration svg", "#scatter figure svg", "#forest svg", "#coverage svg"):
            svg = self.find(chart)
            self.script("arguments[0].focus()", svg)
            first = self.tip()
            self.assertTrue(first, chart)
            svg.send_keys(Keys.ARROW_RIGHT)
            self.assertTrue(self.tip(), chart)
            self.assertNotEqual(self.tip(), first, chart)
            svg.send_keys(Keys.END)
            last = self.tip()
            svg.send_keys(Keys.ARROW_DOWN)
            self.assertEqual(self.tip(), last, chart)
            svg.send_keys(Keys.ESCAPE)
            self.assertIsNone(self.tip(), chart)
        self.script("arguments[0].focus()", self.find("#scatter figure svg"))
        self.focused().send_keys(Keys.HOME)
        charts = self.data["targets"][0]["charts"]
        chart = charts[0]
        smallest = min((x, row) for row, x in enumerate(self.data["measures"][chart["measure"]]) if x is not None)
        self.assertTrue(self.tip().startswith(self.data["models"][smallest[1]]), self.tip())
        self.assertEqual(len(self.all("#scatter path.mark.lit")), len(charts))   # lit in every chart

    def test_the_heat_map_shows_its_data(self):
        for matrix in self.data["matrices"]:
            cells = self.script("return Array.from(document.querySelectorAll('#matrix-' + arguments[0] + ' tbody tr')).map(r => "
                                "Array.from(r.cells).map((c, i) => i ? c.getAttribute('data-value') : c.querySelector('code').textContent))", matrix["target"])
            self.assertEqual([row[0] for row in cells], [row["measure"] for row in matrix["rows"]])
            for shown, row in zip(cells, matrix["rows"]):
                self.assertEqual(len(shown) - 1, len(matrix["protocols"]))
                for text, cell in zip(shown[1:], row["cells"]):
                    self.assertEqual(float(text) if text else None, cell["score"])

    def test_a_measure_has_one_colour_under_every_protocol(self):
        self.assertIn("(\u2212) before a score", self.find("section[aria-labelledby=h-protocols]").text)
        turned = 0
        for matrix in self.data["matrices"]:
            cells = self.script("return Array.from(document.querySelectorAll('#matrix-' + arguments[0] + ' tbody tr')).map(r => "
                                "Array.from(r.cells).slice(1).map(c => [c.className, c.querySelector('.turned') !== null, getComputedStyle(c).backgroundColor]))", matrix["target"])
            for shown, row in zip(cells, matrix["rows"]):
                self.assertEqual([one[1] for one in shown], [cell.get("negated", False) and cell["score"] is not None for cell in row["cells"]])
                turned += sum(one[1] for one in shown)
                if row["measure"] != "margin":
                    continue
                # It falls with the error without exception: the colour of the strongest on the other side, in every column.
                for one in shown:
                    self.assertIn("hm4", one[0].split())
                self.assertEqual(len({one[2] for one in shown}), 1)
        self.assertGreater(turned, 0)

    def test_the_heat_map_is_one_stop_and_walks_by_arrows(self):
        matrix = self.data["matrices"][0]
        table = "#matrix-" + matrix["target"]
        self.assertEqual(len(self.all(table + " td[tabindex='0']")), 1)
        self.script("arguments[0].focus()", self.find(table + " td[tabindex='0']"))
        self.assertIn(matrix["rows"][0]["measure"], self.tip())
        self.focused().send_keys(Keys.ARROW_DOWN)
        self.focused().send_keys(Keys.ARROW_RIGHT)
        cell = matrix["rows"][1]["cells"][1]
        self.assertIn(matrix["rows"][1]["measure"], self.tip())
        self.assertIn(matrix["protocols"][1]["name"], self.tip())
        if cell["low"] is not None:
            self.assertIn("interval", self.tip())
        self.assertEqual(len(self.all(table + " td[tabindex='0']")), 1)
        button = self.find("#show-intervals")
        button.send_keys(Keys.ENTER)
        self.assertEqual(button.get_attribute("aria-pressed"), "true")
        self.assertTrue(self.find(table + " .interval-text").size["height"] > 5)

    def test_the_other_target_shows_its_own_tables(self):
        first, second = (target["name"] for target in self.data["targets"][:2])
        self.assertTrue(self.find("#matrix-" + first).is_displayed())
        self.assertFalse(self.find("#matrix-" + second).is_displayed())
        self.script("document.querySelectorAll('fieldset.target-choice input[value=\"1\"]')[0].click()")
        self.assertFalse(self.find("#matrix-" + first).is_displayed())
        self.assertTrue(self.find("#matrix-" + second).is_displayed())

    def test_contributions_of_a_model_sum_to_its_prediction(self):
        explained = self.data["explanation"]["models"]
        self.script("var s = arguments[0]; s.value = '3'; s.dispatchEvent(new Event('change'))", self.find("#model-choice"))
        model = explained[3]
        shown = [float(cell.text.replace("\u2212", "-")) for cell in self.all("#contributions td.n")]
        self.assertEqual(len(shown), len(model["parts"]) + (1 if model["others"] else 0))
        prediction = next(one for one in self.data["predictions"] if one["row"] == model["row"])
        logit = model["base"] + sum(part[1] for part in model["parts"]) + model["rest"]
        self.assertAlmostEqual(1 / (1 + 2.718281828459045 ** logit), prediction["predicted"], places=9)
        self.assertAlmostEqual(sum(shown), logit - model["base"], delta=0.0006 * len(shown))

    def test_the_first_tab_skips_to_the_contents(self):
        self.find("body").send_keys(Keys.TAB)
        self.assertEqual(self.focused().get_attribute("class"), "skip")
        self.focused().send_keys(Keys.ENTER)
        self.assertEqual(self.focused().get_attribute("id"), "main")
        for link in self.all("nav a"):
            self.assertEqual(len(self.all(self.script("return arguments[0].getAttribute('href')", link))), 1)

    def test_no_width_scrolls_the_page_sideways(self):
        for width in (380, 1280):
            for scheme in ("light", "dark"):
                self.width(width)
                self.media(scheme)
                self.driver.get(PAGE.as_uri())
                self.assertLessEqual(self.script("return document.documentElement.scrollWidth"), width)
                if SCREENSHOTS:
                    height = self.script("return document.documentElement.scrollHeight")
                    shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True,
                                                       "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
                    SCREENSHOTS.mkdir(exist_ok=True)
                    (SCREENSHOTS / f"{width}-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))

    def test_both_schemes_can_be_read(self):
        paper = {}
        for scheme in ("light", "dark"):
            self.media(scheme)
            paper[scheme] = self.script("return getComputedStyle(document.documentElement).backgroundColor")
            self.assertGreater(self.script(CONTRAST), 4.5, scheme)
        self.assertEqual(paper["light"], "rgb(255, 255, 255)")
        self.assertNotEqual(paper["dark"], paper["light"])

    def test_it_prints(self):
        self.media("dark")
        printed = base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
        self.assertTrue(printed.startswith(b"%PDF"))
        self.assertGreater(printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page "), 1)
        if SCREENSHOTS:
            SCREENSHOTS.mkdir(exist_ok=True)
            (SCREENSHOTS / "print.pdf").write_bytes(printed)
        self.media("dark", "print")
        self.assertEqual(self.script("return getComputedStyle(document.documentElement).backgroundColor"), "rgb(255, 255, 255)")
        for target in self.data["targets"]:
            self.assertTrue(self.find("#matrix-" + target["name"]).is_displayed())
        self.assertFalse(self.find(".controls").is_displayed())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
