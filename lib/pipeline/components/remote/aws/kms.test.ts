import { describe, expect, test } from "vitest";
import { startBackend } from "../../testing.ts";
import { failureOf, startTestSource } from "../testing.ts";
import { remoteAwsKms } from "./kms.ts";

const key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const client = (endpoint: string) => ({ endpoint, key: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI" });
const plaintext = (text: string | Uint8Array) => ({
  body: JSON.stringify({ KeyId: key, Plaintext: Buffer.from(text).toString("base64") }),
});

describe("a text", () => {
  test("is decrypted with its key and context, with its fields where it is a JSON object", async () => {
    const { url, got } = await startBackend(() => plaintext('{"password":"p","port":1}'));
    const args = { ciphertext: "AQIC\nAHg=\n", key_id: key, encryption_context: { app: "shop" }, client: client(url) };
    const source = await startTestSource(remoteAwsKms, args);
    expect(source.exported()).toEqual({
      content: '{"password":"p","port":1}',
      data: { password: "p", port: "1" },
    });
    expect(got.map(({ headers, body }) => [headers["x-amz-target"], JSON.parse(String(body)) as unknown])).toEqual([
      ["TrentService.Decrypt", { CiphertextBlob: "AQICAHg=", KeyId: key, EncryptionContext: { app: "shop" } }],
    ]);
    expect(got[0]?.headers["authorization"]).toContain("/eu-west-1/kms/aws4_request"); // the region of the key
  });

  test.for([
    {
      it: "may not be decrypted",
      answer: { status: 400, body: '{"__type":"AccessDeniedException","Message":"not allowed"}' },
      message: "Decrypt was refused, got status 400: AccessDeniedException: not allowed",
    },
    {
      it: "is of another key",
      answer: { status: 400, body: '{"__type":"IncorrectKeyException"}' },
      message: "Decrypt was refused, got status 400: IncorrectKeyException",
    },
    { it: "is no text", answer: plaintext(Uint8Array.of(0xff, 0)), message: "it is binary, and should be text" },
    { it: "is not in the answer", answer: { body: "{}" }, message: "the answer should have a Plaintext, got none" },
  ])("that $it fails the load", async ({ answer, message }) => {
    const { url } = await startBackend(() => answer);
    expect(
      await failureOf(startTestSource(remoteAwsKms, { ciphertext: "AQ==", key_id: key, client: client(url) })),
    ).toBe(`the text can't be decrypted with key "${key}": ${message}`);
  });
});

test.for([
  { it: "an ARN", key_id: key, resource: key },
  {
    it: "an id",
    key_id: "1234abcd",
    resource: "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/1234abcd",
  },
])("$it of a key is what the permission is for", async ({ key_id, resource }) => {
  const { needs } = await startTestSource(remoteAwsKms, { ciphertext: "AQ==", key_id }, { offline: true });
  expect(needs).toEqual({ permissions: [{ action: "kms:Decrypt", resource }] });
});

test.for([
  { args: { ciphertext: "p4ssw:rd" }, problem: "ciphertext should be base64 as aws kms encrypt gives it" },
  { args: { key_id: "alias/shop" }, problem: 'key_id should be the ARN or the id of a key, got "alias/shop"' },
  { args: { poll_frequency: "-1s" }, problem: "poll_frequency must not be negative" },
])("$problem", async ({ args, problem }) => {
  expect(await failureOf(startTestSource(remoteAwsKms, { ciphertext: "AQ==", key_id: key, ...args }))).toBe(problem);
});
