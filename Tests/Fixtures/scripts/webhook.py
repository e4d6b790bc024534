"""Takes what is posted to it: prints its port, then one line for each request, its Authorization and its body.

The first `--refuse N` requests are answered with 503.
"""

import argparse
import http.server
import os
import threading

arguments = argparse.ArgumentParser()
arguments.add_argument("--refuse", type=int, default=0)
options = arguments.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if options.refuse > 0:
            options.refuse -= 1
            self.send_response(503)
        else:
            # One write: requests are served by a thread each, and their lines are not to be mixed.
            parts = [self.headers.get("Authorization", "None"), self.headers["Content-Type"], body.decode()]
            line = memoryview((" ".join(parts) + "\n").encode())
            with lock:
                while line:
                    line = line[os.write(1, line) :]
            self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # All that come at once find room: the default is 5, and who finds none tries again a second later.
    request_queue_size = 128


lock = threading.Lock()
server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
