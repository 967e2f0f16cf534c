import { expect, test } from "vitest";
import { configurationPermissions } from "./permissions.ts";
import { remotePlace } from "./place.ts";

test.for([
  { text: "s3://shop/logs/main.alloy", place: { kind: "s3", bucket: "shop", key: "logs/main.alloy", folder: false } },
  { text: "s3://shop/logs/", place: { kind: "s3", bucket: "shop", key: "logs/", folder: true } },
  { text: "s3://shop/", place: { kind: "s3", bucket: "shop", key: "", folder: true } },
  { text: "https://a.example/c.alloy", place: { kind: "http", url: new URL("https://a.example/c.alloy") } },
  { text: "http://127.0.0.1:8080/c", place: { kind: "http", url: new URL("http://127.0.0.1:8080/c") } },
  { text: "http://localhost/c", place: { kind: "http", url: new URL("http://localhost/c") } },
  { text: "http://[::1]/c", place: { kind: "http", url: new URL("http://[::1]/c") } },
])("$text is a place", ({ text, place }) => {
  expect(remotePlace(text)).toEqual({ name: text, ...place });
});

test("what may be a secret in an address is not in its name", () => {
  expect(remotePlace("https://a.example/c.alloy?X-Amz-Signature=hidden#hidden").name).toBe("https://a.example/c.alloy");
});

test.for([
  {
    text: "gs://shop/main.alloy",
    message: 'AMALGAM_CONFIG should be a path, s3://BUCKET/KEY or https://HOST/PATH, got what begins with "gs://"',
  },
  {
    text: "s3://shop",
    message: 'AMALGAM_CONFIG should be s3://BUCKET/KEY, with a slash at the end for a folder, got "s3://shop"',
  },
  {
    text: "s3:///main.alloy",
    message: 'AMALGAM_CONFIG should be s3://BUCKET/KEY, with a slash at the end for a folder, got "s3:///main.alloy"',
  },
  {
    text: "https://",
    message: "AMALGAM_CONFIG should be an address with a host, as https://HOST/PATH, got none",
  },
  {
    text: "https://me:hidden@a.example/c",
    message:
      "AMALGAM_CONFIG should have no user and password, since they get into logs: a token may be in AMALGAM_CONFIG_TOKEN",
  },
  {
    text: "http://a.example/c?token=hidden",
    message:
      "AMALGAM_CONFIG should begin with https://, got http://a.example/c: without TLS anyone on the way may change where the data goes, so http:// is for 127.0.0.1 and localhost only",
  },
  {
    text: "http://127.0.0.1.example.com/c",
    message:
      "AMALGAM_CONFIG should begin with https://, got http://127.0.0.1.example.com/c: without TLS anyone on the way may change where the data goes, so http:// is for 127.0.0.1 and localhost only",
  },
])("$text is refused", ({ text, message }) => {
  expect(() => remotePlace(text)).toThrow(new Error(message));
});

const arn = "arn:${AWS::Partition}:s3:::shop";

test.for([
  {
    it: "an object",
    text: "s3://shop/logs/main.alloy",
    permissions: [
      {
        actions: ["s3:GetObject"],
        resource: `${arn}/logs/main.alloy`,
        reason: "the configuration is read from s3://shop/logs/main.alloy",
      },
    ],
  },
  {
    it: "a folder",
    text: "s3://shop/logs/",
    permissions: [
      {
        actions: ["s3:GetObject"],
        resource: `${arn}/logs/*.alloy`,
        reason: "the configuration is read from s3://shop/logs/",
      },
      {
        actions: ["s3:ListBucket"],
        resource: arn,
        prefix: "logs/",
        reason: "the files of s3://shop/logs/ are listed",
      },
    ],
  },
  { it: "a server", text: "https://a.example/c.alloy", permissions: [] },
  { it: "a file", text: "conf/main.alloy", permissions: [] },
])("to read $it needs just that", ({ text, permissions }) => {
  expect(configurationPermissions(text)).toEqual(permissions);
});
