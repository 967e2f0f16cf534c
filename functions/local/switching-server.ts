/**
 * An HTTP server that takes up TLS, other certificates or none while it listens: each connection speaks as is wanted when it
 * begins, and goes on so.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { Server, type Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { judgeCertificates } from "./listener.ts";
import type { ServerTls } from "./server-settings.ts";

type OnRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** Without a byte on a connection. */
const idleMs = 120_000;

interface Secure {
  readonly tls: ServerTls;
  readonly server: TlsServer;
  context: SecureContextOptions;
  failing: boolean;
}

export class SwitchingServer extends Server {
  readonly #sockets = new Set<Socket>();
  readonly #onRequest: OnRequest;
  readonly #log: Logger;
  /** Never listen themselves: connections are handed to them. */
  readonly #plain: ReturnType<typeof createServer>;
  #secure: Secure | undefined;

  constructor(onRequest: OnRequest, log: Logger) {
    super();
    this.#onRequest = onRequest;
    this.#log = log;
    this.#plain = createServer(onRequest);
    this.#plain.timeout = idleMs;
    this.on("connection", socket => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      const secure = this.#secure;
      if (secure) this.#refresh(secure);
      (secure?.server ?? this.#plain).emit("connection", socket);
    });
  }

  /** How connections speak from now on. */
  use(tls: ServerTls | undefined): void {
    if (tls === this.#secure?.tls) return;
    this.#secure = tls && this.#secured(tls);
  }

  /** Ends what is open; `close` alone waits for it. */
  closeAllConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #secured(tls: ServerTls): Secure {
    const { clientCertificates: wanted } = tls;
    const context = tls.context();
    const server = createTlsServer(
      { ...context, ...(wanted && { requestCert: true, rejectUnauthorized: wanted === "require-and-verify" }) },
      this.#onRequest,
    );
    server.timeout = idleMs;
    judgeCertificates(server, wanted);
    server.on("tlsClientError", error => this.#log.debug("TLS handshake failed", { error: messageOf(error) }));
    return { tls, server, context, failing: false };
  }

  /** Files of certificates are exchanged while the process runs; until both fit together the old ones go on. */
  #refresh(secure: Secure): void {
    try {
      const context = secure.tls.context();
      if (context !== secure.context) secure.server.setSecureContext(context);
      secure.context = context;
      secure.failing = false;
    } catch (error) {
      if (!secure.failing)
        this.#log.error("certificates could not be read again, the old ones go on", { error: messageOf(error) });
      secure.failing = true;
    }
  }
}
