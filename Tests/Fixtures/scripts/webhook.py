"""Takes what is posted to it: prints its port, then one line for each request, its Authorization and its body.

The first `--refuse N` requests are answered with 503.
"""

import argparse
import http.server

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
            print(self.headers.get("Authorization"), self.headers["Content-Type"], body.decode(), flush=True)
            self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
