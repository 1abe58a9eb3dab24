"""A Workload API on a Unix socket of this machine: py-spiffe's own service, with any answer."""

from __future__ import annotations

import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from spiffe._proto import workload_pb2, workload_pb2_grpc


class WorkloadApi(workload_pb2_grpc.SpiffeWorkloadAPIServicer):
    """Answers `FetchJWTSVID` as it was told to.

    Attributes:
        svids: Takes what was asked for, and returns the tokens of the answer.
        status: What it fails with instead, and the details of it.
        asked: The requests, and whether each had the header that the standard demands.
    """

    def __init__(self) -> None:
        # Below /tmp: the path of a socket is short.
        self._folder = Path(tempfile.mkdtemp(prefix="inbounds-"))
        self.socket = f"unix://{self._folder}/api.sock"
        self.svids: Any = lambda _request: []
        self.status: tuple[Any, str] | None = None
        self.asked: list[tuple[Any, bool]] = []
        self._threads = ThreadPoolExecutor(4)
        self._server = grpc.server(self._threads)
        workload_pb2_grpc.add_SpiffeWorkloadAPIServicer_to_server(self, self._server)
        self._server.add_insecure_port(self.socket)
        self._server.start()

    def FetchJWTSVID(self, request, context):  # noqa: N802 -- as gRPC calls it
        """Answer one request."""
        headers = dict(context.invocation_metadata())
        self.asked.append((request, headers.get("workload.spiffe.io") == "true"))
        if self.status is not None:
            context.abort(*self.status)
        svids = [
            workload_pb2.JWTSVID(spiffe_id=request.spiffe_id, svid=each)
            for each in self.svids(request)
        ]
        return workload_pb2.JWTSVIDResponse(svids=svids)

    def close(self) -> None:
        """Stop it, and remove its socket."""
        self._server.stop(0).wait()
        self._threads.shutdown(wait=False)
        shutil.rmtree(self._folder, ignore_errors=True)


def main() -> None:
    """Serve tokens that nobody signed until standard input ends; print the socket first."""
    from tests.identities import claims, compact

    api = WorkloadApi()
    api.svids = lambda request: [compact(claims(sub=request.spiffe_id, aud=list(request.audience)))]
    print(api.socket, flush=True)
    sys.stdin.read()
    api.close()


if __name__ == "__main__":
    main()
