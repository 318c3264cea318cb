#!/usr/bin/env bash
# Seen 2026-11-28. `google.cloud.firestore.Client(client_info=...)` is documented as what sends a user agent along with
# every request, and accepts the value; it is kept in an attribute and never given to the transport. The same argument
# works in the clients of BigQuery and Secret Manager. Whoever sets it to find an application's calls in Google's logs, or
# a partner who must send one, sends nothing and sees no error. Exits 0 while it is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check google-cloud-firestore==2.34.1 google-cloud-secret-manager==2.32.0
"$folder/venv/bin/python" - <<'PY'
import os
import sys
from concurrent import futures

import grpc
from google.api_core.exceptions import GoogleAPICallError
from google.api_core.gapic_v1.client_info import ClientInfo

seen = {}


class Nothing(grpc.GenericRpcHandler):
    def service(self, details):
        seen[details.method] = dict(details.invocation_metadata)["x-goog-api-client"]


server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[Nothing()])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
os.environ["FIRESTORE_EMULATOR_HOST"] = f"127.0.0.1:{port}"

from google.cloud import firestore, secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport

mine = ClientInfo(user_agent="my-application/1.0")
transport = SecretManagerServiceGrpcTransport(channel=grpc.insecure_channel(f"127.0.0.1:{port}"), client_info=mine)
secrets = secretmanager_v1.SecretManagerServiceClient(transport=transport)
for call in (
    lambda: firestore.Client(project="demo", client_info=mine).document("a/b").get(retry=None),
    lambda: secrets.get_secret(name="projects/p/secrets/s", retry=None),
):
    try:
        call()
    except GoogleAPICallError:
        pass  # the server knows nothing; what it was sent is all that counts
server.stop(None)
for method, agent in seen.items():
    print(f"{method}: {agent}")
is_ignored = ["my-application" in agent for agent in seen.values()] == [False, True]
print("google-cloud-firestore", firestore.__version__, "leaves client_info out" if is_ignored else "sends client_info")
sys.exit(not is_ignored)
PY
