import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { awsCredentials, type CredentialOptions } from "./aws-credentials.ts";
import { signRequest, sigv4Authorizer } from "./sigv4.ts";

// The key pairs, requests and signatures that AWS publishes: its Signature Version 4 test suite, and the examples of the
// S3 API reference ("Signature Calculations for the Authorization Header").
const suite = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const s3 = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test.for([
  {
    it: "get-vanilla",
    method: "GET",
    url: "/",
    signed: "host;x-amz-date",
    out: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  {
    it: "get-vanilla-query-order-key-case",
    method: "GET",
    url: "/?Param2=value2&Param1=value1",
    signed: "host;x-amz-date",
    out: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  {
    it: "post-vanilla",
    method: "POST",
    url: "/",
    signed: "host;x-amz-date",
    out: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
])("test suite: $it", ({ method, url, signed, out }) => {
  const headers: Record<string, string> = { "user-agent": "not signed" };
  const request = { method, url: new URL(url, "https://example.amazonaws.com"), headers, body: undefined };
  signRequest(request, {
    region: "us-east-1",
    service: "service",
    credentials: suite,
    now: Date.UTC(2015, 7, 30, 12, 36),
  });
  expect(headers["x-amz-date"]).toBe("20150830T123600Z");
  expect(headers["authorization"]).toBe(
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signed}, Signature=${out}`,
  );
});

test.for([
  {
    it: "GET object",
    method: "GET",
    url: "/test.txt",
    headers: { range: "bytes=0-9", "x-amz-content-sha256": emptyHash },
    out: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  {
    it: "PUT object",
    method: "PUT",
    url: "/test%24file.text",
    body: "Welcome to Amazon S3.",
    headers: {
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    },
    out: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  {
    it: "GET bucket lifecycle",
    method: "GET",
    url: "/?lifecycle",
    headers: { "x-amz-content-sha256": emptyHash },
    out: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  {
    it: "GET bucket (list objects)",
    method: "GET",
    url: "/?max-keys=2&prefix=J",
    headers: { "x-amz-content-sha256": emptyHash },
    out: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
])("S3: $it", ({ method, url, headers, body, out }) => {
  const request = {
    method,
    url: new URL(url, "https://examplebucket.s3.amazonaws.com"),
    headers: { ...headers } as Record<string, string>,
    body: body ? Buffer.from(body) : undefined,
  }; // widened to add to it
  signRequest(request, { region: "us-east-1", service: "s3", credentials: s3, now: Date.UTC(2013, 4, 24) });
  expect(request.headers["authorization"]).toMatch(new RegExp(`Signature=${out}$`));
});

test("a session token is signed, and one of an earlier attempt is taken away", () => {
  const headers: Record<string, string> = {};
  const request = { method: "POST", url: new URL("https://h/a//b%20c"), headers, body: Buffer.from("x") };
  const options = { region: "r", service: "aps", now: 0 };
  signRequest(request, { ...options, credentials: { ...suite, sessionToken: "token" } });
  expect(headers["x-amz-security-token"]).toBe("token");
  expect(headers["authorization"]).toContain("SignedHeaders=host;x-amz-date;x-amz-security-token,");
  signRequest(request, { ...options, credentials: suite });
  expect(headers["x-amz-security-token"]).toBeUndefined();
});

describe("authorizer", () => {
  test.for([
    {
      it: "reads service and region from the host",
      url: "https://aps-workspaces.eu-central-1.amazonaws.com/x",
      options: {},
      out: "/eu-central-1/aps/",
    },
    {
      it: "prefers its arguments",
      url: "https://aps-workspaces.eu-central-1.amazonaws.com/x",
      options: { region: "r", service: "s" },
      out: "/r/s/",
    },
    {
      it: "takes the region of the environment",
      url: "https://h/x",
      options: { service: "s", environment: { AWS_REGION: "r" } },
      out: "/r/s/",
    },
  ])("$it", async ({ url, options, out }) => {
    const headers: Record<string, string> = {};
    const authorize = sigv4Authorizer({ environment: {}, now: () => 0, credentials: async () => suite, ...options });
    await authorize({ method: "GET", url: new URL(url), headers, body: undefined });
    expect(headers["authorization"]).toContain(`Credential=AKIDEXAMPLE/19700101${out}aws4_request`);
  });

  describe("after a refusal", () => {
    const refusedWith = async (
      answer: { status: number; body?: string; headers?: Record<string, string> },
      ids: string[],
    ) => {
      let at = 0;
      const forgotten: unknown[] = [];
      const credentials = Object.assign(async () => ({ ...suite, accessKeyId: ids[at] ?? "" }), {
        refused: (given: unknown) => {
          forgotten.push(given);
          at = ids.length - 1;
        },
      });
      const request = { method: "GET", url: new URL("https://h/"), headers: {}, body: undefined };
      const authorize = sigv4Authorizer({ region: "r", service: "s", environment: {}, credentials });
      await authorize(request);
      const { status, body = "", headers = {} } = answer;
      const renewed = authorize.renew?.(request, {
        status,
        headers,
        body: Buffer.from(body),
        truncated: false,
        url: "",
      });
      return { renewed: await renewed, forgotten };
    };
    const expired = '{"__type":"com.amazon.coral.service#ExpiredTokenException"}';

    test.for([
      { it: "an error of JSON", answer: { status: 400, body: expired } },
      { it: "an error of XML", answer: { status: 400, body: "<Error><Code>ExpiredToken</Code></Error>" } },
      { it: "a text", answer: { status: 403, body: "The security token included in the request is expired" } },
      { it: "a header", answer: { status: 403, headers: { "x-amzn-errortype": "ExpiredTokenException" } } },
    ])("$it tells that credentials have expired: others are asked for", async ({ answer }) => {
      expect(await refusedWith(answer, ["OLD", "NEW"])).toEqual({
        renewed: true,
        forgotten: [{ accessKeyId: "OLD", sessionToken: undefined }],
      });
      await expect(refusedWith(answer, ["OLD"])).rejects.toMatchObject({
        kind: "retry",
        message: `credentials of AWS have expired and there are no others yet, got status ${answer.status}`,
      });
    });

    test.for([
      { it: "who may not do it", answer: { status: 403, body: "not authorized to perform" } },
      { it: "a wrong signature", answer: { status: 403, body: "SignatureDoesNotMatch" } },
    ])("$it stays refused", async ({ answer }) => {
      expect(await refusedWith(answer, ["OLD", "NEW"])).toEqual({ renewed: false, forgotten: [] });
    });
  });

  test("says what is missing", async () => {
    const request = { method: "GET", url: new URL("https://h/"), headers: {}, body: undefined };
    const credentials = async () => suite;
    await expect(sigv4Authorizer({ environment: {}, credentials })(request)).rejects.toThrow(
      "sigv4 should have a region, from its arguments, the host or AWS_REGION",
    );
    await expect(sigv4Authorizer({ environment: {}, region: "r", credentials })(request)).rejects.toThrow(
      "sigv4 should have a service, from its arguments or the host",
    );
  });
});

describe("credentials", () => {
  let folder: string;
  let url: string;
  let seen: { path: string; authorization: string | undefined; body: string }[];
  let answer: { status: number; body: string };
  let close: () => void;
  let now = 0;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "aws-"));
    seen = [];
    now = 0;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      seen.push({
        path: request.url ?? "",
        authorization: request.headers.authorization,
        body: Buffer.concat(chunks).toString(),
      });
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // listens on TCP
    close = () => {
      server.close();
      server.closeAllConnections();
    };
  });
  afterEach(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  const find = (options: CredentialOptions, environment: Record<string, string> = {}) =>
    awsCredentials({ stsUrl: url, now: () => now, environment: { HOME: folder, ...environment }, ...options });
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const sts = (id: string, expiration: string) =>
    `<r><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials></r>`;

  test("arguments come before the environment", async () => {
    expect(await find({ accessKey: "a", secretKey: () => "s" }, keys)()).toEqual({
      accessKeyId: "a",
      secretAccessKey: "s",
    });
  });

  test("the environment has a session token", async () => {
    const environment: Record<string, string> = { ...keys, AWS_SESSION_TOKEN: "t" };
    const credentials = awsCredentials({ environment });
    expect(await credentials()).toEqual({ accessKeyId: "id", secretAccessKey: "secret", sessionToken: "t" });
    environment["AWS_ACCESS_KEY_ID"] = "renewed";
    expect((await credentials()).accessKeyId).toBe("renewed");
  });

  test("a profile comes before the environment", async () => {
    const file = join(folder, "file");
    writeFileSync(
      file,
      "[default]\naws_access_key_id=no\n# c\n[dev]\naws_access_key_id = p\r\naws_secret_access_key=q=\naws_session_token = r\n[z]\naws_access_key_id=no\n",
    );
    const environment = { ...keys, AWS_SHARED_CREDENTIALS_FILE: file };
    expect(await find({ profile: "dev" }, environment)()).toEqual({
      accessKeyId: "p",
      secretAccessKey: "q=",
      sessionToken: "r",
    });
    await expect(find({ profile: "z" }, environment)()).rejects.toThrow(
      `AWS profile "z" should have aws_access_key_id and aws_secret_access_key in ${file}`,
    );
  });

  test("a role is assumed, kept, and assumed again before it expires", async () => {
    answer = { status: 200, body: sts("one", "1970-01-01T01:00:00Z") };
    const credentials = find({ roleArn: "arn:role", externalId: "ex", region: "eu-west-1" }, keys);
    expect((await Promise.all([credentials(), credentials()]))[1]).toMatchObject({
      accessKeyId: "one",
      secretAccessKey: "s",
      sessionToken: "t",
    });
    expect(seen.length).toBe(1);
    expect(seen[0]?.body).toBe(
      "Version=2011-06-15&Action=AssumeRole&RoleArn=arn%3Arole&RoleSessionName=amalgam&ExternalId=ex",
    );
    expect(seen[0]?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=id\/19700101\/eu-west-1\/sts\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
    now = 54 * 60_000;
    expect((await credentials()).accessKeyId).toBe("one");
    answer = { status: 200, body: sts("two", "1970-01-01T03:00:00Z") };
    now = 55 * 60_000;
    expect((await credentials()).accessKeyId).toBe("two");
  });

  test("a role that is refused is told", async () => {
    answer = {
      status: 403,
      body: "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>",
    };
    await expect(find({ roleArn: "arn:role" }, keys)()).rejects.toMatchObject({
      kind: "retry",
      message: "AssumeRole of arn:role was refused, got status 403: not yours",
    });
  });

  test("a web identity is exchanged without a signature", async () => {
    writeFileSync(join(folder, "token"), "jwt\n");
    answer = { status: 200, body: sts("web", "") };
    const credentials = find({}, { AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"), AWS_ROLE_ARN: "arn:role" });
    expect(await credentials()).toMatchObject({ accessKeyId: "web" });
    expect(seen[0]).toMatchObject({
      authorization: undefined,
      body: expect.stringContaining(
        "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Arole&RoleSessionName=amalgam&WebIdentityToken=jwt",
      ),
    });
  });

  test("a container is asked", async () => {
    answer = {
      status: 200,
      body: JSON.stringify({ AccessKeyId: "c", SecretAccessKey: "s", Token: "t", Expiration: "1970-01-01T01:00:00Z" }),
    };
    const credentials = find(
      {},
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}creds`, AWS_CONTAINER_AUTHORIZATION_TOKEN: "auth" },
    );
    expect(await credentials()).toMatchObject({ accessKeyId: "c", sessionToken: "t" });
    expect(seen).toMatchObject([{ path: "/creds", authorization: "auth" }]);
  });

  test("none is an error that says where they were looked for", async () => {
    await expect(find({})()).rejects.toMatchObject({
      kind: "retry",
      message:
        "no AWS credentials: neither in the arguments, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile, a web identity nor a container; those of an EC2 instance are not supported",
    });
  });
});
