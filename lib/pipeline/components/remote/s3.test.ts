import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { inTurn, startBackend } from "../testing.ts";
import { remoteS3, urlOf } from "./s3.ts";
import { failureOf, startTestSource } from "./testing.ts";

const keys = { key: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

beforeEach(() => {
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
    vi.stubEnv(name, "");
});
afterEach(() => vi.unstubAllEnvs());

test.for([
  {
    it: "in the host's name",
    path: "s3://b/k",
    client: { region: "eu-central-1" },
    url: "https://b.s3.eu-central-1.amazonaws.com/k",
  },
  {
    it: "in the path where that is wanted",
    path: "s3://b/k/l",
    client: { region: "eu-central-1", use_path_style: true },
    url: "https://s3.eu-central-1.amazonaws.com/b/k/l",
  },
  {
    it: "in the path where a certificate would not fit",
    path: "s3://b.c/k",
    client: { region: "eu-central-1" },
    url: "https://s3.eu-central-1.amazonaws.com/b.c/k",
  },
  {
    it: "in China",
    path: "s3://b/k",
    client: { region: "cn-north-1" },
    url: "https://b.s3.cn-north-1.amazonaws.com.cn/k",
  },
  {
    it: "before another host",
    path: "s3://b/k",
    client: { endpoint: "http://minio:9000" },
    url: "http://b.minio:9000/k",
  },
  {
    it: "in the path of an address",
    path: "s3://b/k",
    client: { endpoint: "http://127.0.0.1:9000/s3/" },
    url: "http://127.0.0.1:9000/s3/b/k",
  },
  {
    it: "with odd characters of a key",
    path: "s3://b/a b+c/d'(e)*/ü%?#",
    client: { endpoint: "http://minio", use_path_style: true },
    url: "http://minio/b/a%20b%2Bc/d%27%28e%29%2A/%C3%BC%25%3F%23",
  },
])("the bucket is $it", ({ path, client, url }) => {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(path) ?? [];
  expect(urlOf({ bucket, key }, remoteS3.args.decode({ path, client }).client).href).toBe(url);
});

test("the object is asked for by a signed request, and exported as it is", async () => {
  const { url, got } = await startBackend(() => ({ body: " one\n" }));
  const client = { ...keys, endpoint: url, signing_region: "eu-west-1" };
  const source = await startTestSource(remoteS3, { path: "s3://b/k", is_secret: true, client });
  expect(source.exported()).toEqual({ content: { text: " one\n", secret: true } });
  expect(source.shown()).not.toContain("one");
  expect([source.everyMs, source.health()]).toEqual([600_000, "healthy: s3 file updated"]);
  expect(got).toMatchObject([
    {
      method: "GET",
      path: "/b/k",
      headers: { "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    },
  ]);
  expect(got[0]?.headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/s3\/aws4_request/);
});

describe("reading again", () => {
  test("keeps the last content where it fails", async () => {
    const { url } = await startBackend(inTurn({ body: "one" }, 500, { body: "two" }));
    const source = await startTestSource(remoteS3, { path: "s3://b/k", client: { ...keys, endpoint: url } });
    expect(await failureOf(source.refresh())).toBe("s3://b/k can't be read: got status 500");
    expect(source.exported()).toEqual({ content: { text: "one", secret: false } });
    await source.refresh();
    expect(source.exported()).toEqual({ content: { text: "two", secret: false } });
  });
});

test("a region that nobody knows fails the read", async () => {
  const args = { path: "s3://b/k", client: keys };
  expect(await failureOf(startTestSource(remoteS3, args, { mode: "function" }))).toBe(
    "s3://b/k can't be read: client.region should be set where there is neither AWS_REGION nor AWS_DEFAULT_REGION",
  );
});

test("the permission is to read the one object", async () => {
  const { needs } = await startTestSource(remoteS3, { path: "s3://b/k/l.txt" }, { offline: true });
  expect(needs).toEqual({
    permissions: [{ action: "s3:GetObject", resource: "arn:${AWS::Partition}:s3:::b/k/l.txt" }],
  });
});

test.for([
  { it: "a path without a bucket", args: { path: "/etc/x" }, problem: 'path should be s3://BUCKET/KEY, got "/etc/x"' },
  { it: "a path without a key", args: { path: "s3://b/" }, problem: 'path should be s3://BUCKET/KEY, got "s3://b/"' },
  { it: "a short frequency", args: { poll_frequency: "30s" }, problem: "poll_frequency must be greater than 30s" },
  {
    it: "a key without its secret",
    args: { client: { key: "a" } },
    problem: "if accesskey or secret are specified then the other must also be specified",
  },
])("$it is told", async ({ args, problem }) => {
  expect(await failureOf(startTestSource(remoteS3, { path: "s3://b/k", ...args }))).toBe(problem);
});
