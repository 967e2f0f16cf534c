/** Messages with records of known ids, in the forms that functions recognise. */
import type { Wire } from "./wire.ts";

export interface TestMessage {
  readonly id: string;
  readonly ids: readonly string[];
  readonly body: string;
}

const time = "1768471200000000000";

export const lokiJson = (ids: readonly string[]): string =>
  JSON.stringify({ streams: [{ stream: { job: "test" }, values: ids.map(id => [time, id]) }] });

export const tracesJson = (ids: readonly string[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: ids.map(name => ({
              traceId: "5b8efff798038103d269b633813fc60c",
              spanId: "eee19b7ec3c1b174",
              name,
              startTimeUnixNano: time,
              endTimeUnixNano: time,
            })),
          },
        ],
      },
    ],
  });

/** A body that becomes these records at a writer of this form. */
export function bodyFor(wire: Wire, ids: readonly string[]): string {
  if (wire === "loki") return lokiJson(ids);
  return wire === "otlp_traces" ? tracesJson(ids) : ids.join("\n");
}

export const queueArn = "arn:aws:sqs:eu-central-1:123456789012:telemetry";

/** An event of a queue. */
export const sqsEvent = (messages: readonly TestMessage[], { arn = queueArn, received = 1 } = {}) => ({
  Records: messages.map(({ id, body }) => ({
    messageId: id,
    receiptHandle: id,
    body,
    attributes: { ApproximateReceiveCount: String(received), SentTimestamp: "1768471200000" },
    messageAttributes: {},
    eventSource: "aws:sqs",
    eventSourceARN: arn,
  })),
});

/** A push to a function's URL. */
export const urlEvent = (path: string, body: string) => ({
  version: "2.0",
  routeKey: "$default",
  rawPath: path,
  rawQueryString: "",
  headers: { "content-type": "application/json" },
  requestContext: { http: { method: "POST", path, protocol: "HTTP/1.1" } },
  body,
  isBase64Encoded: false,
});
