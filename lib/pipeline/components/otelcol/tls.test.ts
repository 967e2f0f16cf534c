import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientTls } from "./args.ts";
import { clientTlsSettings } from "./tls.ts";

const testdata = path.join(import.meta.dirname, "../../delivery/testdata");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tls-"));
  for (const name of ["ca.pem", "client.pem", "client.key"])
    copyFileSync(path.join(testdata, name), path.join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

const settings = (args: Record<string, unknown>) => clientTlsSettings(clientTls.decode(args), folder);
const nothing = { ca: undefined, cert: undefined, key: undefined, serverName: undefined, insecureSkipVerify: false };

test.for<{ it: string; args: Record<string, unknown>; out: object }>([
  { it: "nothing", args: {}, out: nothing },
  {
    it: "text",
    args: { ca_pem: "ca", cert_pem: "cert", key_pem: "key", server_name: "n", insecure_skip_verify: true },
    out: { ca: "ca", cert: "cert", key: "key", serverName: "n", insecureSkipVerify: true },
  },
  {
    it: "files of the configuration's folder",
    args: { cert_file: "client.pem", key_file: "client.key" },
    out: {
      ...nothing,
      cert: expect.stringMatching(/^-----BEGIN CERT/),
      key: expect.stringMatching(/PRIVATE KEY-----$/),
    },
  },
  {
    it: "versions",
    args: { min_version: "1.2", max_version: "1.3" },
    out: { ...nothing, minVersion: "TLSv1.2", maxVersion: "TLSv1.3" },
  },
  {
    it: "a CA besides those of the system",
    args: { ca_pem: "mine", include_system_ca_certs_pool: true },
    out: { ...nothing, ca: expect.stringMatching(/^mine\n-----BEGIN CERTIFICATE-----/) },
  },
])("$it", ({ args, out }) => {
  expect(settings(args)()).toEqual(out);
});

test("settings are the same object until a file changes", () => {
  const current = settings({ ca_file: "ca.pem" });
  const first = current();
  expect(current()).toBe(first);
  writeFileSync(path.join(folder, "ca.pem"), "other");
  utimesSync(path.join(folder, "ca.pem"), 1, 1);
  expect(current()).toEqual({ ...nothing, ca: "other" });
});

test("a file that is not there is a problem", () => {
  expect(() => settings({ ca_file: "gone.pem" })).toThrow(
    expect.objectContaining({
      name: "ProblemError",
      path: ["client", "tls"],
      message: expect.stringMatching(/^ca_file can't be read: ENOENT/),
    }),
  );
});
