"""A small HTTP server that answers which build it is, and a migration that has nothing to do."""

import http.server
import json
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = 404, "there is no such page\n"
        if self.path == "/healthz":
            status, body = 200, "ok\n"
        elif self.path in ("/", "/version"):
            status, body = 200, json.dumps({"version": os.environ.get("VERSION"), "stage": os.environ.get("STAGE")}) + "\n"
        self.send_response(status)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


def main(arguments):
    if arguments == ["migrate", "up"]:
        print("the schema is up to date")
        return 0
    if arguments in ([], ["serve"]):
        port = int(os.environ.get("PORT", "8080"))
        http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()
    print(f"unknown command: {' '.join(arguments)}", file=sys.stderr)
    return 64


sys.exit(main(sys.argv[1:]))
