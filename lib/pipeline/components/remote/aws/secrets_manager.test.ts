import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startBackend } from "../../testing.ts";
import { failureOf, startTestSource } from "../testing.ts";
import { remoteAwsSecretsManager } from "./secrets_manager.ts";

const secretText = "correct-horse-battery";
const keys = { key: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

beforeEach(() => {
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_DEFAULT_REGION", "");
});
afterEach(() => vi.unstubAllEnvs());

const start = async (
  answer: { status?: number; body: string },
  args: Record<string, unknown> = {},
  client: Record<string, unknown> = {},
) => {
  const { url, got } = await startBackend(() => answer);
  const settings = { ...keys, endpoint: url, ...client };
  const source = await startTestSource(remoteAwsSecretsManager, { secret_id: "shop/loki", ...args, client: settings });
  return { ...source, got };
};
const secretString = (text: string) => ({ body: JSON.stringify({ Name: "shop/loki", SecretString: text }) });

describe("the secret", () => {
  test.for([
    { it: "is exported as it is", text: secretText, exported: { content: secretText, data: {} } },
    {
      it: "has the fields of a JSON object; what is no string as JSON",
      text: `{"password":"${secretText}","port":3100,"on":true,"none":null,"list":[1]}`,
      exported: {
        content: `{"password":"${secretText}","port":3100,"on":true,"none":null,"list":[1]}`,
        data: { password: secretText, port: "3100", on: "true", none: "null", list: "[1]" },
      },
    },
    { it: "that is a JSON list has no fields", text: '["a"]', exported: { content: '["a"]', data: {} } },
    { it: "that begins like JSON has none either", text: "{a", exported: { content: "{a", data: {} } },
  ])("$it", async ({ text, exported }) => {
    const source = await start(secretString(text));
    expect(source.exported()).toEqual(exported);
    expect(source.shown()).not.toContain(secretText);
    expect([source.everyMs, source.health()]).toEqual([300_000, "healthy: secret fetched"]);
  });

  test("is asked for by one signed request", async () => {
    const { got } = await start(secretString("x"), { version_stage: "AWSPREVIOUS" });
    expect(got).toMatchObject([
      {
        method: "POST",
        path: "/",
        headers: {
          "x-amz-target": "secretsmanager.GetSecretValue",
          "content-type": "application/x-amz-json-1.1",
          authorization: expect.stringContaining("/20") as unknown,
        },
        body: Buffer.from('{"SecretId":"shop/loki","VersionStage":"AWSPREVIOUS"}'),
      },
    ]);
    expect(got[0]?.headers.authorization).toMatch(
      /Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request/,
    );
  });

  test.for([
    { it: "the argument", args: {}, client: { region: "us-west-2" }, region: "us-west-2" },
    {
      it: "the ARN",
      args: { secret_id: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/loki-AbCdEf" },
      client: {},
      region: "eu-west-1",
    },
    { it: "the function", args: {}, client: {}, region: "eu-central-1" },
  ])("is read in the region of $it", async ({ args, client, region }) => {
    const { got } = await start(secretString("x"), args, client);
    expect(got[0]?.headers.authorization).toContain(`/${region}/secretsmanager/`);
  });

  test("is read once where poll_frequency is 0", async () => {
    expect((await start(secretString("x"), { poll_frequency: "0s" })).everyMs).toBeUndefined();
  });
});

test.for([
  {
    it: "a refusal",
    answer: {
      status: 400,
      body: '{"__type":"com.amazonaws#AccessDeniedException","Message":"User is not authorized\\nsecond line"}',
    },
    message: "GetSecretValue was refused, got status 400: AccessDeniedException: User is not authorized",
  },
  {
    it: "an answer that is no JSON",
    answer: { status: 200, body: secretText },
    message: "GetSecretValue was refused, got status 200",
  },
  {
    it: "a binary secret",
    answer: { body: `{"SecretBinary":"${Buffer.from(secretText).toString("base64")}"}` },
    message: "it is binary, and should be text",
  },
  {
    it: "an answer without a secret",
    answer: { body: "{}" },
    message: "the answer should have a SecretString, got none",
  },
])("$it fails the load", async ({ answer, message }) => {
  expect(await failureOf(start(answer))).toBe(`secret "shop/loki" can't be read: ${message}`);
});

test("a function without a region is told", async () => {
  vi.stubEnv("AWS_REGION", "");
  expect(await failureOf(start(secretString("x")))).toBe(
    `secret "shop/loki" can't be read: client.region should be set where there is neither AWS_REGION nor AWS_DEFAULT_REGION`,
  );
});

const arn = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:";
const whole = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/loki";
const read = "secretsmanager:GetSecretValue";

test.for([
  { it: "its name", args: {}, permissions: [{ action: read, resource: `${arn}shop/loki-??????` }] },
  {
    it: "its name in another region",
    args: { client: { region: "us-west-2" } },
    permissions: [{ action: read, resource: `${arn.replace("${AWS::Region}", "us-west-2")}shop/loki-??????` }],
  },
  {
    it: "its ARN",
    args: { secret_id: `${whole}-AbCdEf` },
    permissions: [`${whole}-AbCdEf`, `${whole}-AbCdEf-??????`].map(resource => ({ action: read, resource })),
  },
  {
    it: "its ARN without the end",
    args: { secret_id: whole },
    permissions: [{ action: read, resource: `${whole}-??????` }],
  },
  {
    it: "a key of one's own",
    args: { kms_key: "arn:aws:kms:eu-central-1:123456789012:key/k" },
    permissions: [
      { action: read, resource: `${arn}shop/loki-??????` },
      { action: "kms:Decrypt", resource: "arn:aws:kms:eu-central-1:123456789012:key/k" },
    ],
  },
  {
    it: "a role that may read it",
    args: { client: { assume_role: { role_arn: "arn:aws:iam::1:role/r" } } },
    permissions: [{ action: "sts:AssumeRole", resource: "arn:aws:iam::1:role/r" }],
  },
])(
  "where nothing may be read, the permissions follow from $it, and any field is there",
  async ({ args, permissions }) => {
    const { needs, exported, shown } = await startTestSource(
      remoteAwsSecretsManager,
      {
        secret_id: "shop/loki",
        ...args,
      },
      { offline: true },
    );
    expect(needs).toEqual({ permissions });
    expect(exported()).toEqual({
      content: expect.stringMatching(/^https:\/\/unresolved\.invalid\/#/) as unknown,
      data: {},
    });
    expect(shown()).toContain("(secret)");
  },
);

test.for([
  { it: "no secret", args: { secret_id: "" }, problem: "secret_id must not be empty" },
  {
    it: "two versions",
    args: { version_id: "a", version_stage: "b" },
    problem: "only one of version_stage and version_id may be set",
  },
  { it: "a negative age", args: { poll_frequency: "-1s" }, problem: "poll_frequency must not be negative" },
  {
    it: "a key without its secret",
    args: { client: { key: "a" } },
    problem: "client: key and secret must both be set or both be empty",
  },
  {
    it: "an endpoint that is no URL",
    args: { client: { endpoint: "localhost" } },
    problem: "endpoint should start with http:// or https:// and a host",
  },
])("$it is told", async ({ args, problem }) => {
  expect(await failureOf(startTestSource(remoteAwsSecretsManager, { secret_id: "a", ...args }))).toBe(problem);
});
