/** Requests that an Application Load Balancer forwards to a function, with single or multi-value headers, and its health checks. */
import type { ALBEvent, ALBResult } from "aws-lambda";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";
import { answer, encodeBody, headersOf, joinHeaders, joinQuery } from "./http.ts";

/** Answers a request of a load balancer, in the form of headers that its target group is set to. */
export const albHandler =
  (pipeline: Pipeline) =>
  async (event: ALBEvent, call: Call): Promise<ALBResult> => {
    const {
      httpMethod: method,
      path,
      multiValueHeaders,
      multiValueQueryStringParameters,
      body,
      isBase64Encoded,
    } = event;
    const reply = await answer(
      pipeline,
      {
        method,
        paths: [path],
        query: joinQuery(event.queryStringParameters, multiValueQueryStringParameters, text => text), // a load balancer leaves them encoded
        headers: joinHeaders(event.headers, multiValueHeaders),
        body,
        base64: isBase64Encoded,
      },
      call,
    );
    const headers = headersOf(reply);
    return {
      statusCode: reply.status,
      statusDescription: describe(reply.status),
      ...(multiValueHeaders
        ? { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) }
        : { headers }),
      ...encodeBody(reply),
    };
  };

/** Names of the statuses that components answer with; `node:http` knows all, but is slow to load. */
const names: Readonly<Record<number, string>> = {
  200: "OK",
  202: "Accepted",
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Request Entity Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

const describe = (status: number): string => `${status} ${names[status] ?? (status < 400 ? "OK" : "Error")}`;
