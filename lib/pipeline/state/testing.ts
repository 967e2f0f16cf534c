/** Servers for tests of engines: an emulator of DynamoDB, and a real Redis. */
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { vi } from "vitest";

export interface Emulator {
  readonly url: string;
  /** Makes an empty table as the CDK construct does. */
  table(): Promise<{ readonly table: string; readonly endpoint: string; readonly region: string }>;
  /** Calls an action. */
  call(action: string, input: object): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
}

/** Starts dynalite in this process, with credentials in the environment. */
export async function startEmulator(): Promise<Emulator> {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const url = `http://127.0.0.1:${port}`;
  const call = async (action: string, input: object) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${action}`,
        "x-amz-date": "20260101T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=a",
      },
      body: JSON.stringify(input),
    });
    if (!answer.ok) throw new Error(`${action}: got status ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Readonly<Record<string, unknown>>; // DynamoDB's answers are objects
  };
  let tables = 0;
  return {
    url,
    call,
    async table() {
      const table = `state-${++tables}`;
      await call("CreateTable", {
        TableName: table,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "namespace", KeyType: "HASH" },
          { AttributeName: "key", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "namespace", AttributeType: "S" },
          { AttributeName: "key", AttributeType: "S" },
        ],
      });
      return { table, endpoint: url, region: "us-east-1" };
    },
    async stop() {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
