/**
 * Actions of AWS services that speak its JSON protocol, over our own client, since an SDK would be most of a cold start.
 *
 *     const client = awsJsonClient({ url, region, service: { name: "ssm", target: "AmazonSSM" }, credentials });
 *     const { status, fields } = await client.send("GetParameter", { Name: "/shop/loki" });
 */
import { createHttpClient } from "./http.ts";
import { type AwsCredentials, sigv4Authorizer } from "./sigv4.ts";
import { userAgent } from "./user-agent.ts";

export interface AwsJsonService {
  /** As signatures and hosts name it: `secretsmanager`. */
  readonly name: string;
  /** Before the action: `AmazonSSM`. */
  readonly target: string;
  /** Of the protocol. @default 1.1 */
  readonly version?: "1.0" | "1.1";
}

export interface AwsJsonOptions {
  readonly url: string;
  readonly region: string;
  readonly service: AwsJsonService;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly timeoutMs: number;
  /** Of an answer; a larger one is an error. */
  readonly maxBytes: number;
}

/** What a service answered. */
export interface AwsAnswer {
  readonly status: number;
  /** `undefined` where the answer is no JSON object. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  /** Name of the error: `ThrottlingException`; empty where there is none. */
  readonly code: string;
}

export interface AwsJsonClient {
  /** Any status is an answer; what is none is thrown as a `DeliveryError`. */
  send(action: string, input: object, options?: { readonly timeoutMs?: number }): Promise<AwsAnswer>;
  close(): void;
}

/** A client of one service; nothing is connected or looked up before the first call. */
export function awsJsonClient({
  url,
  region,
  service,
  credentials,
  timeoutMs,
  maxBytes,
}: AwsJsonOptions): AwsJsonClient {
  const authorize = sigv4Authorizer({ region, service: service.name, credentials });
  const client = createHttpClient({ authorize, timeoutMs, headers: { "user-agent": userAgent } });
  const type = `application/x-amz-json-${service.version ?? "1.1"}`;
  return {
    close: () => client.close(),
    async send(action, input, options) {
      const headers = { "content-type": type, "x-amz-target": `${service.target}.${action}` };
      const body = Buffer.from(JSON.stringify(input));
      const answer = await client.request({ url, headers, body, maxBytes, overflow: "fail", ...options });
      const fields = objectIn(answer.body);
      return { status: answer.status, fields, code: String(fields?.["__type"] ?? "").replace(/^.*#/, "") };
    },
  };
}

/** Why an action was refused: the first line, since more may hold secrets. */
export function refusalOf(action: string, { status, fields, code }: AwsAnswer): string {
  const parts = [code, fields?.["message"] ?? fields?.["Message"]];
  const texts = parts.filter(part => typeof part === "string" && part !== "").map(part => String(part).split("\n")[0]);
  return [`${action} was refused, got status ${status}`, ...texts].join(": ");
}

function objectIn(body: Uint8Array): AwsAnswer["fields"] {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as AwsAnswer["fields"]; // just looked at
  } catch {
    // the caller tells; the body may hold secrets
  }
  return undefined;
}
