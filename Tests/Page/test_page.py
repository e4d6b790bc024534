"""The page in Chromium, about runs of all kinds: nothing is executed that scripts wrote, nothing overflows, everything is
reached by keys, every text can be read, and 10,000 trials are drawn within a frame or two.

`PAGE_BUILD` names the folder of the programs: then real runs are made, and looked at by the real server (`real_runs.py`).
Without it a stand-in answers about made-up ones. `PAGE_SHOTS` names a folder for the screenshots.
"""

import json
import os
import pathlib
import re
import tempfile
import threading
import time
import unittest

from browser import Browser
from mock_server import Server
from real_runs import RealRuns

VIEWS = ["overview", "curves", "rungs", "parameters", "hosts", "trials", "events"]
SIZES = {360: 740, 1280: 800, 3840: 2160}
BUILD = os.environ.get("PAGE_BUILD")
SHOTS = pathlib.Path(os.environ.get("PAGE_SHOTS") or tempfile.mkdtemp(prefix="page-shots-"))

# The lowest contrast of texts with what is behind them, and where it is. Canvases hold no texts of their own but the
# numbers in the timeline.
CONTRAST = r"""(() => {
  const parse = text => {
    const numbers = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0]
    if (text.startsWith("color(srgb")) return [numbers[0] * 255, numbers[1] * 255, numbers[2] * 255, numbers[3] ?? 1]
    return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1]
  }
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1)
  const light = c => [0, 1, 2].map(i => c[i] / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const behind = element => {
    const layers = []
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor))
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1])
  }
  const found = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || element.closest(".hidden-text, noscript, script, style, title, option, [hidden]")) continue
    const style = getComputedStyle(element)
    if (!element.getClientRects().length || style.visibility === "hidden") continue
    const ground = behind(element instanceof SVGElement ? element.closest("svg").parentElement : element)
    const ink = over(parse(element instanceof SVGElement ? style.fill : style.color), ground)
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x)
    const ratio = (a + 0.05) / (b + 0.05)
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.tagName}.${element.getAttribute("class") ?? ""} ${walker.currentNode.data.trim().slice(0, 30)}`)
  }
  return [...new Set(found)].slice(0, 20)
})()"""

# What can be acted on by the pointer but not be reached by Tab. Links that a row's own keys stand for are told by tabindex.
UNREACHED = r"""(() => [...document.querySelectorAll("a[href], button, input, select, [onclick]")].filter(element =>
    element.getClientRects().length && !element.disabled && element.tabIndex < 0
    && !element.closest(".trials-table tbody, .host-strip")).map(element => element.outerHTML.slice(0, 120)))()"""

# Names that screen readers need.
NAMELESS = r"""(() => [...document.querySelectorAll("a[href], button, input, select, [role=slider], [tabindex='0']")].filter(element => {
    if (!element.getClientRects().length) return false
    const label = element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.[0]?.textContent.trim() || element.title
    return !label
  }).map(element => element.outerHTML.slice(0, 120)))()"""

FRAMES = r"""(change => new Promise((done, fail) => {
  const drawn = () => [...document.querySelectorAll("[data-drawn]")].reduce((sum, element) => sum + Number(element.dataset.drawn), 0)
  const before = drawn()
  let frames = 0
  change()
  const look = () => {
    frames += 1
    if (drawn() > before) done(frames)
    else if (frames > 120) fail(new Error("nothing was drawn"))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}))"""


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.servers, cls.runs = {}, RealRuns(BUILD) if BUILD else None
        SHOTS.mkdir(parents=True, exist_ok=True)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        for server in cls.servers.values():
            server.stop()
        if cls.runs:
            cls.runs.close()

    def server(self, scenario):
        if self.runs:
            return self.runs.serve(scenario)
        if scenario not in self.servers:
            self.servers[scenario] = server = Server(scenario)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self.servers[scenario]

    def show(self, scenario, view="overview", width=1280, scheme="light", token=True):
        browser = self.browser
        browser.scheme(scheme)
        browser.size(width, SIZES[width])
        server = self.server(scenario)
        address, start = server.address + "/", f"token={server.token}&" if token else ""
        # Interfaces that come or go on this machine break loads that are under way: then once more.
        for _ in range(4):
            browser.open("about:blank")
            browser.complaints()
            if not token:
                browser.call("Storage.clearDataForOrigin", origin=address.rstrip("/"), storageTypes="all")
            browser.open(f"{address}#{start}/{view}" if start else f"{address}#/{view}")
            browser.settle()
            if not any("ERR_NETWORK_CHANGED" in str(event) for event in browser.events):
                break

    def sound(self, where):
        """What holds for every page."""
        browser = self.browser
        self.assertEqual(browser.complaints(), [], where)
        self.assertLessEqual(browser.run("document.documentElement.scrollWidth - innerWidth"), 0, f"{where} is too wide")
        self.assertEqual(browser.run(CONTRAST), [], where)
        self.assertEqual(browser.run(UNREACHED), [], where)
        self.assertEqual(browser.run(NAMELESS), [], where)
        self.assertEqual(browser.run("[...document.querySelectorAll('[style]')].filter(e => e.outerHTML.includes('url(')).length"), 0)
        self.assertFalse(browser.run("document.documentElement.innerHTML.includes('token=')"), where)

    def walk(self, scenario, views=VIEWS, sizes=(360, 1280)):
        deepest = self.server(scenario).deepest
        for view in [*views, *([] if deepest is None else [f"trials/{deepest}"])]:
            self.show(scenario, view, sizes[0])
            for width in sizes:
                self.browser.size(width, SIZES[width])
                for scheme in ("light", "dark"):
                    with self.subTest(scenario=scenario, view=view, width=width, scheme=scheme):
                        self.browser.scheme(scheme)
                        self.browser.settle(2)
                        self.browser.picture(SHOTS / f"{scenario}-{view.replace('/', '-')}-{width}-{scheme}.png", whole=True)
                        self.sound(f"{scenario} {view} {width} {scheme}")

    # Runs of all kinds

    def test_empty(self):
        self.walk("empty")

    def test_three_trials(self):
        self.walk("three")

    def test_a_lab(self):
        self.walk("lab", sizes=(360, 1280, 3840))

    def test_10000_trials(self):
        self.assertGreaterEqual(self.server("many").get("run")["totals"]["trials"], 10_000)
        self.walk("many", sizes=(360, 1280, 3840))

    def test_a_lost_host(self):
        self.walk("lost")
        self.show("lost", "hosts")
        text = self.browser.run("document.querySelector('.hosts-table').textContent")
        self.assertIn("gpu3.lab.example.org", text)
        self.assertIn("its trials were given up and go on elsewhere", text)

    def test_a_finished_run(self):
        self.walk("finished", ["overview", "events"])
        self.show("finished")
        self.assertTrue(self.browser.run("[...document.querySelectorAll('.commands button')].every(b => !b.getClientRects().length)"))
        run = self.server("finished").get("run")["run"]
        self.assertIn(f"pasha-coord extend {run} --trials N", self.browser.run("document.querySelector('.panel.budget').textContent"))

    def test_hostile_names_are_text(self):
        self.walk("hostile")
        for view in VIEWS + ["trials/0", "trials/3", "trials/4"]:
            self.show("hostile", view)
            self.assertEqual(self.browser.run("document.querySelectorAll('main script, main img, main b, main iframe, [onerror], [onmouseover]').length"), 0)
            self.assertEqual(self.browser.run("document.querySelectorAll('a[href^=\"javascript:\"]').length"), 0)
        self.show("hostile", "overview")
        self.assertIn("<script>alert(1)</script>\"'&", self.browser.run("document.querySelector('main').textContent"))

    @unittest.skipUnless(BUILD, "the stand-in has one bracket")
    def test_brackets(self):
        for scenario, title in [("brackets", "Bracket 0 Bracket 1 Bracket 2"), ("synchronous", r"Brackets of kind 0\s*\d+ brackets? begun, \d+ complete")]:
            self.walk(scenario, ["rungs", "overview"])
            self.show(scenario, "rungs")
            shown = self.browser.run("[...document.querySelectorAll('.rungs h3')].map(e => e.textContent).join(' ')")
            self.assertRegex(shown, title)
            ladder = self.server(scenario).get("ladder")["brackets"]
            self.assertEqual(self.browser.run("document.querySelectorAll('.ladder').length"), len(ladder))
            lowest = ladder[0]["rungs"][0]
            self.assertGreater(lowest["trials"], 0)
            text = self.browser.run("[...document.querySelector('.ladder').querySelectorAll('tbody tr')].at(-1).textContent")
            self.assertIn(str(lowest["trials"]), text)

    # What the page does

    def test_the_token_leaves_the_address(self):
        self.show("lab")
        self.assertNotIn("token", self.browser.run("location.href"))
        self.assertTrue(self.browser.run("[...document.querySelectorAll('.commands button')].some(b => !b.disabled)"))

    def press(self, words, where="document"):
        self.browser.run(f"[...{where}.querySelectorAll('button')].find(b => b.getClientRects().length && b.textContent.startsWith({words!r})).click()")

    def test_commands_ask_first(self):
        server = self.server("lab")
        before = server.get("run")["totals"]["trials"]
        self.show("lab")
        self.press("Stop")
        self.assertTrue(self.browser.run("document.querySelector('dialog').open"))
        self.browser.picture(SHOTS / "dialog-stop.png")
        self.browser.key("Escape")
        self.assertFalse(self.browser.run("document.querySelector('dialog')?.open ?? false"))
        self.press("Extend")
        limits = lambda: {limit["name"]: limit["limit"] for limit in server.get("run")["limits"]}
        limit = int(limits()["max_num_trials_started"])
        self.assertIn(f"now {limit}, {before} used", self.browser.run("document.querySelector('dialog output').textContent"))
        self.type("dialog input", "-3")
        self.browser.run("document.querySelector('dialog .primary').click()")
        self.assertIn("above 0", self.browser.run("document.querySelector('dialog .wrong').textContent"))
        self.type("dialog input", "20")
        self.assertEqual(self.browser.run("document.querySelector('dialog output').textContent"), f"{limit} + 20 = {limit + 20}")
        self.browser.picture(SHOTS / "dialog-extend.png")
        self.browser.run("document.querySelector('dialog .primary').click()")
        self.browser.until("!document.querySelector('dialog')")
        self.press("Enqueue")
        self.browser.run("document.querySelectorAll('dialog input')[0].value = '7'")
        self.browser.run("document.querySelector('dialog .primary').click()")
        self.assertIn("must be", self.browser.run("document.querySelector('dialog .wrong').textContent"))
        self.browser.run("document.querySelectorAll('dialog input')[0].value = '0.01'")
        self.browser.picture(SHOTS / "dialog-enqueue.png")
        self.browser.run("document.querySelector('dialog .primary').click()")
        self.browser.until("!document.querySelector('dialog')")
        if BUILD:
            asked = lambda: [row for row in server.get("trials?limit=500")["rows"] if row["trial"] >= before and row["configuration"]["lr"] == 0.01]
            self.eventually(asked)
            self.assertEqual(limits()["max_num_trials_started"], limit + 20)
        else:
            self.assertEqual(server.commands[-2:], [{"op": "extend", "more": {"max_num_trials_started": 20}},
                                                    {"op": "enqueue", "configuration": {"lr": 0.01}}])
        self.assertEqual(self.browser.complaints(), [])

    @unittest.skipUnless(BUILD, "needs a coordinator")
    def test_a_trial_is_paused_and_resumed(self):
        server = self.server("lab")
        trial = next(row["trial"] for row in server.get("trials")["rows"] if row["status"] == "running")
        self.show("lab", f"trials/{trial}")
        self.press("Pause", "document.querySelector('main')")
        self.browser.until("document.querySelector('dialog')?.open")
        self.browser.run("document.querySelector('dialog .primary').click()")
        self.browser.until("[...document.querySelectorAll('main button')].some(b => b.textContent === 'Resume')", 40)
        # One that has not reported yet has nothing to be paused at: it waits, without a slot.
        self.eventually(lambda: server.get(f"trials/{trial}")["status"] in ("paused", "pending"))
        self.browser.until("/paused by hand/.test(document.querySelector('.trial-head').textContent)")
        self.browser.settle()
        self.browser.picture(SHOTS / "paused-by-hand.png")
        self.sound("a trial that is paused by hand")
        self.press("Resume", "document.querySelector('main')")
        self.browser.until("[...document.querySelectorAll('main button')].some(b => b.textContent.startsWith('Pause'))", 40)
        self.eventually(lambda: server.get(f"trials/{trial}")["status"] in ("running", "assigned", "pending"))
        self.assertEqual(self.browser.complaints(), [])

    def eventually(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def type(self, where, text):
        """Puts a text into the first field of this kind, as somebody does who types."""
        self.browser.run(f"(() => {{ const e = document.querySelector({json.dumps(where)}); e.value = {json.dumps(text)};"
                         " e.dispatchEvent(new Event('input', { bubbles: true })) })()")

    def sent(self):
        """Path and token of what the page has asked for."""
        requests = [event["params"]["request"] for event in self.browser.events if event["method"] == "Network.requestWillBeSent"]
        return [(request["url"].split("/api/v1/")[1].split("?")[0], request["headers"].get("Authorization"))
                for request in requests if "/api/v1/" in request["url"]]

    def test_a_token_is_checked_at_once(self):
        server = self.server("lab")
        locked = "[...document.querySelectorAll('.commands button:not(.quiet)')].every(b => b.disabled)"
        self.show("lab", token=False)
        self.browser.run("document.querySelector('.opener').click()")
        self.press("Unlock")
        for wrong in ("nonsense", server.token[:-1] + "?", "été"):
            self.type("dialog input", wrong)
            self.browser.run("document.querySelector('dialog .primary').click()")
            self.browser.until("!document.querySelector('dialog .wrong').hidden", 5)
            self.assertIn("page.token", self.browser.run("document.querySelector('dialog .wrong').textContent"))
            self.assertTrue(self.browser.run(locked))
        self.browser.picture(SHOTS / "dialog-token-wrong.png")
        # The whole address does as well.
        self.type("dialog input", f"{server.address}/#token={server.token}")
        self.browser.run("document.querySelector('dialog .primary').click()")
        self.browser.until("!document.querySelector('dialog')", 5)
        self.assertFalse(self.browser.run(locked))
        self.assertEqual(self.browser.complaints(), [])
        # One in the address that is another run's is none.
        self.browser.run("sessionStorage.clear()")
        self.browser.open("about:blank")
        self.browser.open(f"{server.address}/#token=nonsense&/overview")
        self.browser.until("/not this run/.test(document.getElementById('toasts').textContent)", 10)
        self.assertTrue(self.browser.run(locked))
        self.assertEqual(self.browser.complaints(), [])

    def test_the_token_goes_along_only_where_it_is_needed(self):
        self.browser.events.clear()
        self.show("lab", "trials")
        self.browser.settle()
        sent = self.sent()
        self.assertGreater(len(sent), 2)
        self.assertEqual({path for path, token in sent if token}, {"access"})
        if not BUILD:
            return
        server = self.server("guarded")
        self.browser.events.clear()
        self.show("guarded", "trials")
        self.browser.until("document.querySelectorAll('.trials-table tbody:not(.space) tr').length > 3")
        sent = self.sent()
        self.assertTrue({"run", "trials", "stream"} <= {path for path, _ in sent})
        self.assertEqual([path for path, token in sent if not token and path != "access"], [])
        self.assertEqual(self.browser.complaints(), [])
        # Without it nothing is shown, and it can be given.
        self.show("guarded", token=False)
        self.browser.until("/shown with its token alone/.test(document.querySelector('main').textContent)")
        self.browser.until("document.querySelector('.connection').textContent === 'needs the token'")
        self.browser.picture(SHOTS / "guarded.png")
        self.press("give", "document.querySelector('main')")
        self.type("dialog input", server.token)
        self.browser.picture(SHOTS / "dialog-token-guarded.png")
        self.browser.run("document.querySelector('dialog .primary').click()")
        self.browser.until("document.querySelectorAll('main .figure').length > 3")
        self.browser.until("document.querySelector('.connection').classList.contains('live')")
        self.browser.complaints()

    def test_the_filter_understands_or_says_why_not(self):
        server = self.server("lab")
        run = server.get("run")
        rows = server.get("trials?limit=500")["rows"]
        total = f"{len(rows):,}"
        self.show("lab", "trials")
        resource, host = run["resource_attr"], next(row["host"] for row in rows if row["host"] is not None)
        middle = sorted(row["value"] for row in rows if row["value"] is not None)[len(rows) // 3]
        for text, wanted in [
            ("#12", [12]), (f"{run['metric']}<={middle}", [row["trial"] for row in rows if row["value"] is not None and row["value"] <= middle]),
            (f"{resource}>=9 status=paused", [row["trial"] for row in rows if row["resource"] >= 9 and row["status"] == "paused"]),
            ("lr<0.01", [row["trial"] for row in rows if row["configuration"]["lr"] < 0.01]),
            (f"host={host}", [row["trial"] for row in rows if row["host"] == host]),
            ('"no such words"', []),
        ]:
            with self.subTest(filter=text):
                self.type("#filter", text)
                self.browser.until(f"document.querySelector('.table-panel .count').textContent === '{len(wanted)} of {total}'", 5)
                self.assertTrue(self.browser.run("document.querySelector('.filter-problem').hidden"))
                if wanted:
                    self.browser.until(f"document.querySelector('.trials-table').textContent.includes('#{max(wanted)}')", 5)
        self.assertEqual(self.browser.complaints(), [])
        self.type("#filter", "#12")
        self.browser.until(f"document.querySelector('.table-panel .count').textContent === '1 of {total}'", 5)
        for text, words in [("nothing<3", "there is no column or hyperparameter nothing"), ("lr<a", "is a number, and a is none")]:
            self.type("#filter", text)
            self.browser.until(f"document.querySelector('.filter-problem').textContent.toLowerCase().includes({json.dumps(words)})", 5)
            self.assertTrue(self.browser.run("document.getElementById('filter').getAttribute('aria-invalid') === 'true'"))
            # What was there stays.
            self.assertIn("#12", self.browser.run("document.querySelector('.trials-table').textContent"))
        for width in SIZES:
            self.browser.size(width, SIZES[width])
            self.browser.settle(2)
            self.browser.picture(SHOTS / f"filter-problem-{width}.png")
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth - innerWidth"), 0)
        self.browser.complaints()
        self.browser.size(1280, 800)
        self.type("#filter", "")
        self.browser.until(f"document.querySelector('.table-panel .count').textContent === '{total} trials'", 5)
        self.browser.run("[...document.querySelectorAll('button')].find(b => b.ariaLabel === 'What the filter understands').click()")
        self.browser.picture(SHOTS / "dialog-filter.png")
        self.assertIn(f"{run['metric']}{'<=' if run['mode'] == 'min' else '>='}", self.browser.run("document.querySelector('dialog').textContent"))
        self.sound("the help of the filter")
        self.browser.key("Escape")

    @unittest.skipUnless(BUILD, "needs a coordinator")
    def test_words_of_an_interrupted_run_and_of_pauses(self):
        server = self.server("interrupted")
        self.show("interrupted")
        self.assertEqual(self.browser.run("document.querySelector('.pill').textContent"), "interrupted")
        self.assertIn("no estimate: nobody runs the run just now", self.browser.run("document.querySelector('main').textContent"))
        self.browser.picture(SHOTS / "interrupted.png")
        self.show("interrupted", "trials")
        self.assertEqual(self.browser.run("document.querySelector('.table-panel .count').textContent"), "1 trial")
        # A pause that the scheduler wanted is none of a signal.
        server = self.server("lab")
        paused = [row["trial"] for row in server.get("trials?status=paused&limit=20")["rows"]]
        texts = [attempt["text"] for trial in paused for attempt in server.get(f"trials/{trial}")["attempts"] if attempt["ended"] == "paused"]
        self.assertGreater(len(texts), 3)
        self.assertEqual([text for text in texts if "signal" in text], [])
        self.show("lab", f"trials/{paused[0]}")
        self.browser.until("/paused as it was told to; its checkpoint of epoch/.test(document.querySelector('.attempt-rows').textContent)")
        self.assertNotIn("signal", self.browser.run("document.querySelector('main').textContent"))
        self.browser.picture(SHOTS / "paused-by-the-scheduler.png")

    def test_without_a_token_commands_are_locked(self):
        self.show("lab", token=False)
        self.assertTrue(self.browser.run("[...document.querySelectorAll('.commands button:not(.quiet)')].every(b => b.disabled)"))
        self.sound("without a token")

    def test_every_control_is_reached_by_tab(self):
        for view in VIEWS:
            with self.subTest(view=view):
                self.show("lost", view)
                wanted = self.browser.run("""(() => {
                    window.wanted = new Set([...document.querySelectorAll("a[href], button, input, select, [tabindex='0']")]
                      .filter(e => e.getClientRects().length && !e.disabled && e.tabIndex >= 0))
                    const groups = new Set()
                    for (const e of [...window.wanted]) if (e.type === 'radio') {
                      if (!e.checked) window.wanted.delete(e)
                    }
                    document.activeElement.blur()
                    window.reached = new Set()
                    document.addEventListener('focusin', event => window.reached.add(event.target))
                    return window.wanted.size
                  })()""")
                for _ in range(wanted + 8):
                    self.browser.key("Tab")
                left = self.browser.run("[...wanted].filter(e => e.isConnected && !reached.has(e)).map(e => e.outerHTML.slice(0, 100))")
                self.assertEqual(left, [], view)
                self.assertGreater(wanted, 9)

    def test_charts_are_read_by_keys(self):
        for view, chart in [("overview", ".plot"), ("curves", ".plot"), ("parameters", ".plot"), ("hosts", ".lanes")]:
            with self.subTest(view=view):
                self.show("lab", view)
                self.browser.run(f"document.querySelector('main {chart}').focus()")
                # The timeline is entered at its end, where a trial runs.
                for key in ["ArrowLeft", "ArrowRight"] if view == "hosts" else ["ArrowRight", "ArrowLeft"]:
                    self.browser.key(key)
                self.browser.until(f"[...document.querySelectorAll('main [aria-live=polite]')].some(e => /\\d/.test(e.textContent))", 5)
                self.browser.until("[...document.querySelectorAll('.tip')].some(e => !e.hidden)", 5)
                self.browser.picture(SHOTS / f"keys-{view}.png")
                self.browser.key("Enter")
                self.browser.until("/^#\\/trials\\/\\d+$/.test(location.hash)", 5)
                self.assertEqual(self.browser.complaints(), [])

    def test_merged_trials_are_looked_at_from_closer(self):
        # Its first trials take a pixel or two once it has gone on for a while.
        lab = self.server("lab")
        self.runs.until(lab, lambda: lab.get("run")["active_seconds"] > 40)
        self.show("lab", "hosts", 360)
        spoken = "document.querySelector('.timeline [aria-live=polite]').textContent"
        self.browser.run("document.querySelector('main .lanes').focus()")
        for _ in range(40):
            self.browser.key("ArrowLeft")
            if "Several trials" in self.browser.run(spoken):
                break
        self.assertIn("Several trials", self.browser.run(spoken))
        asked = "performance.getEntriesByType('resource').filter(e => /timeline.*from=\\d/.test(e.name)).length"
        before = self.browser.run(asked)
        self.browser.key("Enter")
        self.browser.until(f"{asked} > {before}", 5)
        self.assertEqual(self.browser.run("location.hash"), "#/hosts")
        self.browser.settle()
        self.browser.picture(SHOTS / "merged-closer.png")
        self.assertEqual(self.browser.complaints(), [])

    def test_colours_follow_the_scheme(self):
        self.show("lab", "overview", scheme="light")
        colours = "[...document.querySelectorAll('[data-place]')].map(e => getComputedStyle(e).getPropertyValue('--c')).join()"
        light = self.browser.run(colours)
        self.browser.scheme("dark")
        self.browser.settle()
        switched = self.browser.run(colours)
        self.show("lab", "overview", scheme="dark")
        self.assertEqual(switched, self.browser.run(colours))
        self.assertNotEqual(switched, light)

    def test_ranges_on_axes_by_keys(self):
        self.show("lab", "parameters")
        self.browser.run("document.querySelector('[role=slider].upper').focus()")
        for _ in range(20):
            self.browser.key("ArrowDown")
        self.browser.until("/in the ranges/.test(document.querySelector('main').textContent)", 5)
        self.browser.until("document.activeElement.getAttribute('aria-valuenow') === '60'", 5)
        self.browser.picture(SHOTS / "ranges.png")
        self.browser.key("Escape")
        self.browser.until("!/in the ranges/.test(document.querySelector('main').textContent)", 5)

    # 10,000 trials

    def test_a_redraw_takes_a_frame_or_two(self):
        for view, change in [
            ("overview", "() => document.querySelector('[title^=Colours]').click()"),
            ("curves", "() => [...document.querySelectorAll('.toggle')].at(-1).click()"),
            ("parameters", "() => document.querySelector('[role=slider].upper').dispatchEvent(new KeyboardEvent('keydown', {key: 'PageDown', bubbles: true}))"),
            ("hosts", "() => document.querySelector('.lanes').scrollBy(0, 400)"),
            ("trials", "() => document.querySelector('.table-area').scrollBy(0, 900)"),
        ]:
            with self.subTest(view=view):
                self.show("many", view)
                frames = self.browser.run(f"{FRAMES}({change})")
                self.assertLessEqual(frames, 3, view)
        self.browser.run("localStorage.clear()")

    def test_the_table_holds_only_what_is_in_sight(self):
        self.show("many", "trials")
        server = self.server("many")
        for part in (0.3, 0.9, 0.5, 1.0):
            self.browser.run(f"document.querySelector('.table-area').scrollTop = {part} * document.querySelector('.table-area').scrollHeight")
            self.browser.settle()
            self.assertLess(self.browser.run("document.querySelectorAll('.trials-table tbody tr').length"), 80)
            self.assertEqual(self.browser.run("document.querySelectorAll('.trials-table td.waiting').length"), 0)
        self.assertIn("#0", self.browser.run("document.querySelector('.trials-table').textContent"))
        self.browser.run("[...document.querySelectorAll('.trials-table thead button')].find(b => b.textContent.startsWith('best')).click()")
        self.browser.settle()
        run = server.get("run")
        self.assertTrue(self.browser.run("document.querySelector('.trials-table tbody:not(.space) tr').textContent").startswith(f"#{run['best']['trial']}"))
        self.assertIn("sort=value", self.browser.run("location.hash"))
        word = run["space"][-1]["values"][0] if BUILD else "lamb"
        self.browser.run(f"const f = document.getElementById('filter'); f.value = '{word}'; f.dispatchEvent(new Event('input'))")
        time.sleep(0.4)
        self.browser.settle()
        total = f"{run['totals']['trials']:,}"
        self.assertTrue(re.search(rf"[\d,]+ of {total}", self.browser.run("document.querySelector('.table-panel .count').textContent")))

    # What goes on

    def test_news_come_in_and_the_focus_stays(self):
        if BUILD:
            server = self.server("live")
        else:
            server = Server("lab", live=True)
            server.moment -= 1280
            threading.Thread(target=server.serve_forever, daemon=True).start()
            threading.Thread(target=server.advance, daemon=True).start()
            self.addCleanup(server.stop)
        self.browser.size(1280, 800)
        self.browser.open(f"{server.address}/#token={server.token}&/overview")
        self.browser.until("document.querySelectorAll('.event').length > 0 && document.querySelector('.figure.lead a') !== null")
        self.browser.run("document.querySelector('.figure.lead a').focus(); window.first = document.activeElement")
        self.browser.until("!window.first.isConnected")
        self.assertTrue(self.browser.run("document.activeElement.matches('.figure.lead a')"))
        self.browser.open(f"{server.address}/#/events")
        self.browser.until("document.querySelectorAll('.event').length > 0")
        self.browser.run("window.newest = Number(document.querySelector('.event').dataset.sequence)")
        self.browser.until("Number(document.querySelector('.event').dataset.sequence) > window.newest", 40)
        self.assertEqual(self.browser.complaints(), [])

    # The connection

    def test_a_lost_connection_shows_and_comes_back(self):
        if BUILD:
            server = self.server("three")
        else:
            server = Server("three")
            threading.Thread(target=server.serve_forever, daemon=True).start()
            port = server.server_address[1]
        self.browser.size(1280, 800)
        self.browser.open(f"{server.address}/#token={server.token}&/overview")
        self.browser.until("document.querySelector('.connection')?.classList.contains('live')")
        if BUILD:
            # The coordinator starts another one at the same port.
            os.kill(json.loads((server.run / "page.json").read_text())["pid"], 9)
        else:
            server.stop()
        self.browser.until("document.querySelector('.connection').classList.contains('lost')")
        self.browser.picture(SHOTS / "disconnected.png")
        if not BUILD:
            server = Server("three", port)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.stop)
        self.browser.until("document.querySelector('.connection').classList.contains('live')", 40)
        self.browser.complaints()


if __name__ == "__main__":
    print(f"screenshots: {SHOTS}")
    unittest.main()
