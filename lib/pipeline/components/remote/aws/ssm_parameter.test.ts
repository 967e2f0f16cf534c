import { afterEach, describe, expect, test, vi } from "vitest";
import { inTurn, startBackend } from "../../testing.ts";
import { failureOf, startTestSource } from "../testing.ts";
import { remoteAwsSsmParameter } from "./ssm_parameter.ts";

const client = (endpoint: string) => ({
  endpoint,
  region: "eu-central-1",
  key: "AKIDEXAMPLE",
  secret: "wJalrXUtnFEMI",
});
const json = (value: object) => ({ body: JSON.stringify(value) });
const parameter = (Name: string, Value: string) => ({ Name, Value, Type: "SecureString" });

afterEach(() => vi.unstubAllEnvs());

describe("one parameter", () => {
  test("is read decrypted, with its fields where it is a JSON object", async () => {
    const { url, got } = await startBackend(() => json({ Parameter: parameter("/a", '{"b":"c"}') }));
    const source = await startTestSource(remoteAwsSsmParameter, { name: "/a:3", client: client(url) });
    expect(source.exported()).toEqual({ content: '{"b":"c"}', data: { b: "c" } });
    expect(got.map(({ headers, body }) => [headers["x-amz-target"], String(body)])).toEqual([
      ["AmazonSSM.GetParameter", '{"Name":"/a:3","WithDecryption":true}'],
    ]);
  });

  test("that is not there fails the load", async () => {
    const { url } = await startBackend(() => ({ status: 400, body: '{"__type":"ParameterNotFound"}' }));
    expect(await failureOf(startTestSource(remoteAwsSsmParameter, { name: "/a", client: client(url) }))).toBe(
      'parameter "/a" can\'t be read: GetParameter was refused, got status 400: ParameterNotFound',
    );
  });
});

describe("a path", () => {
  test("is read page by page; what it gives is named by the rest of the path, and there is no content", async () => {
    const { url, got } = await startBackend(
      inTurn(
        json({ Parameters: [parameter("/shop/a", "1"), parameter("/shop/b/c", "2")], NextToken: "next" }),
        json({ Parameters: [parameter("/shop/d", "3")] }),
      ),
    );
    const source = await startTestSource(remoteAwsSsmParameter, { path: "/shop", client: client(url) });
    expect(source.exported()).toEqual({ data: { a: "1", "b/c": "2", d: "3" } });
    expect(got.map(({ body }) => JSON.parse(String(body)) as unknown)).toEqual([
      { Path: "/shop", Recursive: true, WithDecryption: true },
      { Path: "/shop", Recursive: true, WithDecryption: true, NextToken: "next" },
    ]);
  });

  test("without parameters fails the load", async () => {
    const { url } = await startBackend(() => json({ Parameters: [] }));
    expect(await failureOf(startTestSource(remoteAwsSsmParameter, { path: "/shop", client: client(url) }))).toBe(
      'parameters below "/shop" can\'t be read: there are none',
    );
  });
});

const arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/";

test.for([
  {
    it: "a name",
    args: { name: "/shop/a:3" },
    permissions: [{ action: "ssm:GetParameter", resource: `${arn}shop/a` }],
  },
  {
    it: "a name without a path",
    args: { name: "a" },
    permissions: [{ action: "ssm:GetParameter", resource: `${arn}a` }],
  },
  {
    it: "an ARN with a version",
    args: { name: "arn:aws:ssm:eu-west-1:123456789012:parameter/a:3" },
    permissions: [{ action: "ssm:GetParameter", resource: "arn:aws:ssm:eu-west-1:123456789012:parameter/a" }],
  },
  {
    it: "the path of all",
    args: { path: "/" },
    permissions: [arn, `${arn}*`].map(resource => ({ action: "ssm:GetParametersByPath", resource })),
  },
  {
    it: "a path, and a key of one's own",
    args: { path: "/shop/", kms_key: "arn:aws:kms:eu-west-1:123456789012:key/k" },
    permissions: [
      { action: "ssm:GetParametersByPath", resource: `${arn}shop` },
      { action: "ssm:GetParametersByPath", resource: `${arn}shop/*` },
      { action: "kms:Decrypt", resource: "arn:aws:kms:eu-west-1:123456789012:key/k" },
    ],
  },
])("the permissions follow from $it", async ({ args, permissions }) => {
  expect((await startTestSource(remoteAwsSsmParameter, args, { offline: true })).needs).toEqual({ permissions });
});

test.for([
  { it: "neither name nor path", args: {}, problem: "exactly one of name and path must be set" },
  { it: "both", args: { name: "a", path: "/a" }, problem: "exactly one of name and path must be set" },
  { it: "a path without a slash", args: { path: "a" }, problem: 'path should start with /, got "a"' },
])("$it is told", async ({ args, problem }) => {
  expect(await failureOf(startTestSource(remoteAwsSsmParameter, args))).toBe(problem);
});
