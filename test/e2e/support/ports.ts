/** Ports for configurations, which must name them. */
import { connect, createServer } from "node:net";

const handedOut = new Set<number>();

/** So many ports of the loopback address that are free now, below those that the system gives to outgoing connections. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    ports.push(port);
  }
  return ports;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number; // one was asked for
}

/** Whether somebody takes connections at the port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // a connection that is not accepted any more when the listener closes is reset
      if (error.code === "ECONNREFUSED" || error.code === "ECONNRESET") resolve(false);
      else reject(error);
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
