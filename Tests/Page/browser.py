"""Chromium without a screen, driven over the pipe of its DevTools protocol. Standard library alone."""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time


class Browser:
    def __init__(self):
        program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise RuntimeError("chromium is missing: apt-get install chromium")
        self.profile = tempfile.TemporaryDirectory(prefix="page-test-")
        commands, self.to = os.pipe()
        self.from_, answers = os.pipe()
        # Descriptors 3 and 4 are to be free in the child.
        commands, low = fcntl.fcntl(commands, fcntl.F_DUPFD_CLOEXEC, 10), commands
        answers, other = fcntl.fcntl(answers, fcntl.F_DUPFD_CLOEXEC, 10), answers
        os.close(low)
        os.close(other)
        arguments = [
            program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", f"--user-data-dir={self.profile.name}", "about:blank"]
        # The protocol is spoken on descriptors 3 and 4.
        shell = f'exec 3<&{commands} 4>&{answers} {commands}<&- {answers}>&-; exec "$@"'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "browser", *arguments], pass_fds=[commands, answers], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(commands)
        os.close(answers)
        self.count, self.rest, self.answers, self.events = 0, b"", {}, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Audits.enable")

    session = None

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        wanted = self.count
        until = time.monotonic() + 60
        while wanted not in self.answers:
            if time.monotonic() > until:
                raise TimeoutError(method)
            self.pump(0.2)
        answer = self.answers.pop(wanted)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def pump(self, seconds):
        """Takes in what has come."""
        if not select.select([self.from_], [], [], seconds)[0]:
            return
        data = os.read(self.from_, 1 << 20)
        if not data:
            raise RuntimeError("chromium has ended")
        *messages, self.rest = (self.rest + data).split(b"\0")
        for text in messages:
            message = json.loads(text)
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.events.append(message)

    # What a test does

    def size(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def scheme(self, name, still=True):
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}])

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def run(self, script, waits=True):
        """The value of an expression, or of the promise that it gives."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=waits, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def until(self, script, seconds=20):
        end = time.monotonic() + seconds
        while True:
            try:
                if self.run(script):
                    return
            except RuntimeError as problem:
                if "Cannot find context" not in str(problem) and "navigated" not in str(problem):
                    raise
            if time.monotonic() > end:
                raise TimeoutError(script)
            self.pump(0.05)

    def settle(self, looks=3):
        """Until nothing is asked of the server any more but the stream, and two frames were drawn."""
        quiet = 0
        end = time.monotonic() + 30
        while quiet < looks and time.monotonic() < end:
            self.pump(0.03)
            before = len(self.events)
            self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
            busy = any(event["method"].startswith("Network.") and "api/v1/stream" not in json.dumps(event) for event in self.events[before:])
            quiet = 0 if busy or self.run("document.querySelectorAll('.loading').length > 0") else quiet + 1

    def key(self, name, text="", modifiers=0):
        code = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "End": 35}.get(name, 0)
        # Enter acts on buttons and links by its character.
        text = text or {"Enter": "\r"}.get(name, "")
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, code=name, windowsVirtualKeyCode=code, modifiers=modifiers, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name, windowsVirtualKeyCode=code, modifiers=modifiers)

    def move(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def complaints(self):
        """What the console, the content policy or the audits said since the last time; and clears it."""
        found = []
        for event in self.events:
            method, given = event["method"], event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = given["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning", "assert"):
                found.append(" ".join(str(one.get("value", one.get("description"))) for one in given["args"]))
            elif method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
                found.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")
            elif method == "Audits.issueAdded" and given["issue"]["code"] == "ContentSecurityPolicyIssue":
                found.append(json.dumps(given["issue"]["details"])[:400])
            elif method == "Page.javascriptDialogOpening":
                found.append(f"a dialog: {given['message']}")
        self.events.clear()
        return found

    def close(self):
        os.close(self.to)
        os.close(self.from_)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        try:
            self.profile.cleanup()
        except OSError:
            pass
