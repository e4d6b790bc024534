"""The stand-in for the server answers as Docs/api.yml says, so that what the page's tests show holds for the server."""

import json
import threading
import unittest
import urllib.error
import urllib.request

from contract import Contract
from mock_server import Server
from scenarios import SCENARIOS

READS = [
    ("/run", ""), ("/best", "?x=resource&results=200"), ("/best", "?points=2"), ("/curves", ""), ("/curves", "?which=running"),
    ("/curves", "?which=spread&trials=7&points=5"), ("/curves", "?which=ids&ids=0,2,99999"), ("/ladder", ""),
    ("/configurations", "?rows=20"), ("/importance", ""), ("/timeline", "?width=300"), ("/trials", ""),
    ("/trials", "?sort=value&order=best&status=paused,running&limit=5"), ("/hosts", ""), ("/events", "?limit=7"),
    ("/events", "?after=3&severity=notice"),
    ("/trials", "?filter=%230"), ("/trials", "?filter=status%3Dpaused%20resource%3E%3D3"), ("/access", ""),
]
TRIAL_READS = ["", "/curve?points=20", "/log", "/log?offset=0&limit=100", "/explanation"]
WRONG = [
    ("/best?x=9", 400), ("/best?points=1", 400), ("/curves?which=ids", 400), ("/trials/99999999", 404), ("/events?before=0", 400),
    ("/events?before=4&after=2", 400), ("/run?what=1", 400), ("/trials?sort=parameter&parameter=no", 400), ("/timeline?from=9&to=3", 400),
    ("/trials?filter=nothing%3D1", 400),
]


def fetch(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, json.load(problem)


class ContractTest(unittest.TestCase):
    def test_answers_are_as_the_file_says(self):
        contract = Contract()
        for scenario in SCENARIOS:
            server = Server(scenario)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.stop)
            reads = [("/api/v1" + path, "/api/v1" + path + query, 200) for path, query in READS]
            for trial in range(0, len(server.answers.states), max(1, len(server.answers.states) // 5)):
                for piece in TRIAL_READS:
                    path = "/api/v1/trials/{trial}" + piece.split("?")[0]
                    reads.append((path, f"/api/v1/trials/{trial}{piece}", 200))
            for address, status in WRONG:
                path = address.split("?")[0].replace("99999999", "{trial}")
                reads.append(("/api/v1" + path, "/api/v1" + address, status))
            for path, address, status in reads:
                with self.subTest(scenario=scenario, address=address):
                    found, value = fetch(server.address + address)
                    self.assertEqual(found, status, value)
                    contract.check(path, status, value)


if __name__ == "__main__":
    unittest.main()
