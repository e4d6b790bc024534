"""Takes screenshots of the page about the synthetic runs, for people to look at.

    python3 look.py FOLDER [SCENARIO,…] [VIEW,…] [WIDTH,…] [SCHEME,…]
"""

import pathlib
import sys
import threading

from browser import Browser
from mock_server import Server

VIEWS = ["overview", "curves", "rungs", "parameters", "hosts", "trials", "events", "trials/0"]
HEIGHTS = {360: 740, 768: 1024, 1280: 800, 1920: 1080, 3840: 2160}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    pick = lambda place, default: sys.argv[place].split(",") if len(sys.argv) > place and sys.argv[place] else default
    scenarios = pick(2, ["empty", "three", "lab", "lost", "many", "finished", "hostile"])
    views, widths, schemes = pick(3, VIEWS), pick(4, ["360", "1280", "3840"]), pick(5, ["light", "dark"])
    browser = Browser()
    for scenario in scenarios:
        server = Server(scenario)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for scheme in schemes:
            browser.scheme(scheme)
            for width in map(int, widths):
                browser.size(width, HEIGHTS[width])
                for view in views:
                    if view.startswith("trials/") and not server.answers.states:
                        continue
                    if view == "trials/0":
                        view = f"trials/{max(server.answers.states, key=lambda state: state.resource).trial.id}"
                    browser.open("about:blank")
                    browser.open(f"{server.address}/#token=token&/{view}")
                    browser.settle()
                    name = f"{scenario}-{view.replace('/', '-')}-{width}-{scheme}.png"
                    browser.picture(folder / name, whole=True)
                    wide = browser.run("document.documentElement.scrollWidth")
                    for text in browser.complaints():
                        print(name, text)
                    if wide > width:
                        print(name, "is too wide:", wide)
        server.stop()
    browser.close()


if __name__ == "__main__":
    main()
