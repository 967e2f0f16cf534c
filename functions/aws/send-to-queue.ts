/** Puts messages into the queue that one came from. */
import { awsCredentials } from "../../lib/pipeline/delivery/aws-credentials.ts";
import { awsDomain, endpointOf } from "../../lib/pipeline/delivery/aws-endpoints.ts";
import { type AwsJsonClient, awsJsonClient, refusalOf } from "../../lib/pipeline/delivery/aws-json.ts";
import { DeliveryError } from "../../lib/pipeline/delivery/errors.ts";
import { deliver, type RetryPolicy } from "../../lib/pipeline/delivery/retry.ts";

const policy: RetryPolicy = { minMs: 100, maxMs: 1000, maxRetries: 3 };

/** By their URL: connections last longer than an invocation. */
const clients = new Map<string, AwsJsonClient>();

/** Sends a message to a queue, by its ARN; `group` counts in a FIFO queue only. */
export async function sendToQueue(arn: string, body: string, group: string): Promise<void> {
  const [, , , region = "", account = "", name = ""] = arn.split(":");
  const url = endpointOf("", "SQS") ?? `https://sqs.${region}.${awsDomain(region)}/`;
  const { hash } = process.getBuiltinModule("node:crypto");
  const order = name.endsWith(".fifo") && {
    MessageGroupId: hash("sha256", group),
    MessageDeduplicationId: hash("sha256", body),
  };
  const input = { QueueUrl: new URL(`/${account}/${name}`, url).href, MessageBody: body, ...order };
  await deliver(
    async () => {
      const answer = await clientOf(url, region).send("SendMessage", input);
      if (answer.status === 200) return;
      const { status } = answer;
      const kind = status >= 500 || status === 429 || /Throttl/.test(answer.code) ? "retry" : "reject";
      throw new DeliveryError(`queue ${name}: ${refusalOf("SendMessage", answer)}`, { kind, status });
    },
    { policy },
  );
}

function clientOf(url: string, region: string): AwsJsonClient {
  const known = clients.get(`${url} ${region}`);
  if (known) return known;
  const stsUrl = endpointOf("", "STS");
  const client = awsJsonClient({
    url,
    region,
    service: { name: "sqs", target: "AmazonSQS", version: "1.0" },
    credentials: awsCredentials({ region, ...(stsUrl !== undefined && { stsUrl }) }),
    timeoutMs: 5000,
    maxBytes: 1 << 20,
  });
  clients.set(`${url} ${region}`, client);
  return client;
}
