/** The second listener: /metrics for Prometheus, /healthz (the process answers) and /readyz (it can do its work). */
import { createServer, type Server } from "node:http";

import type { Board } from "./health.js";
import type { Metrics } from "./red.js";

/** How long a request of a page may take to arrive. */
const PATIENCE_MS = 10_000;
const MAX_CONNECTIONS = 64;

/** Returns the server of the pages. It answers until it is closed: they are wanted most while a process drains. */
export function metricsServer(metrics: Metrics, board: Board): Server {
  const server = createServer({ headersTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS, connectionsCheckingInterval: 1000 }, (request, response) => {
    void page(request.url ?? "", metrics, board).then(([status, text]) => {
      response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

async function page(url: string, metrics: Metrics, board: Board): Promise<[number, string]> {
  switch (url.split("?")[0]) {
    case "/metrics":
      return [200, await metrics.registry.metrics()];
    case "/healthz":
      return [200, "ok\n"];
    case "/readyz":
      return board.isReady ? [200, "ready\n"] : [503, `not ready\n${board.why}`];
    default:
      return [404, "this server has /metrics, /healthz and /readyz\n"];
  }
}
