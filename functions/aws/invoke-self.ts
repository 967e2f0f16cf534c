/** Starts further invocations of the same function, which nobody waits for. */
import { environmentCredentials } from "../../lib/pipeline/delivery/aws-credentials.ts";
import { createHttpClient, type HttpClient } from "../../lib/pipeline/delivery/http.ts";
import { sigv4Authorizer } from "../../lib/pipeline/delivery/sigv4.ts";
import { userAgent } from "../../lib/pipeline/delivery/user-agent.ts";

let client: HttpClient | undefined;

/** Whether this runs as a function that has a name. */
export const canInvokeSelf = (): boolean => process.env["AWS_LAMBDA_FUNCTION_NAME"] !== undefined;

/** Hands an event to the function; resolves when Lambda has taken it (Lambda API, `Invoke` with the type `Event`). */
export async function invokeSelf(event: object): Promise<void> {
  const { AWS_LAMBDA_FUNCTION_NAME: name = "", AWS_REGION: region = "us-east-1" } = process.env;
  const endpoint =
    process.env["AWS_ENDPOINT_URL_LAMBDA"] ??
    process.env["AWS_ENDPOINT_URL"] ??
    `https://lambda.${region}.amazonaws.com`;
  client ??= createHttpClient({
    authorize: sigv4Authorizer({ region, service: "lambda", credentials: environmentCredentials }),
    timeoutMs: 5000,
    headers: { "user-agent": userAgent },
  });
  const { status } = await client.request({
    url: `${endpoint.replace(/\/$/, "")}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
    headers: { "content-type": "application/json", "x-amz-invocation-type": "Event" },
    body: Buffer.from(JSON.stringify(event)),
    maxBytes: 64 * 1024,
  });
  if (status !== 202) throw new Error(`Invoke of ${name} should be answered with status 202, got ${status}`);
}
