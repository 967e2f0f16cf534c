import path from "node:path";
import { expect, test } from "vitest";
import { Secret } from "../eval/value.ts";
import { type ListenerTlsArgs, listenerTls, listenerTlsProblems } from "./listener-tls.ts";

const testdata = path.join(import.meta.dirname, "../delivery/testdata");
const none: ListenerTlsArgs = {
  cert_pem: undefined,
  cert_file: undefined,
  key_pem: undefined,
  key_file: undefined,
  client_ca_file: undefined,
};
const pair = { cert_pem: "cert", key_pem: new Secret("key") };

test.for<{ it: string; args: Partial<ListenerTlsArgs>; problems: [string, string][] }>([
  { it: "a pair is enough", args: pair, problems: [] },
  { it: "files are, too", args: { cert_file: "c", key_file: "k" }, problems: [] },
  {
    it: "nothing is not",
    args: {},
    problems: [
      ["http.tls", "tls should have a certificate, got neither cert_pem nor cert_file"],
      ["http.tls", "tls should have a key, got neither key_pem nor key_file"],
    ],
  },
  {
    it: "both ways are too many",
    args: { ...pair, cert_file: "c", key_file: "k", client_ca: "a", client_ca_file: "b" },
    problems: [
      ["http.tls", "tls should have one certificate, got both cert_pem and cert_file"],
      ["http.tls", "tls should have one key, got both key_pem and key_file"],
      ["http.tls", "tls should have the clients' CA once, got both client_ca and client_ca_file"],
    ],
  },
  {
    it: "a type that Go doesn't know",
    args: { ...pair, client_auth_type: "Maybe" },
    problems: [
      [
        "http.tls.client_auth_type",
        'client_auth_type should be one of NoClientCert, RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert, got "Maybe"',
      ],
    ],
  },
  {
    it: "a CA that nothing is done with",
    args: { ...pair, client_ca: "a", client_auth_type: "NoClientCert" },
    problems: [["http.tls.client_auth_type", "client CA's have been configured without a Client Auth Policy"]],
  },
])("$it", ({ args, problems }) => {
  const found = [...listenerTlsProblems({ ...none, ...args }, ["http", "tls"])];
  expect(found.map(({ path: to, message }) => [to.join("."), message])).toEqual(problems);
});

test.for<{ it: string; args: Partial<ListenerTlsArgs>; out: object }>([
  { it: "text is taken as it is", args: pair, out: { cert: "cert", key: "key" } },
  {
    it: "files are read from the configuration's folder",
    args: { cert_file: "server.pem", key_file: path.join(testdata, "server.key") },
    out: { cert: expect.stringMatching(/^-----BEGIN CERTIFICATE/), key: expect.stringMatching(/PRIVATE KEY-----$/) },
  },
  {
    it: "a CA alone requires certificates of it",
    args: { ...pair, client_ca: "ca" },
    out: { cert: "cert", key: "key", clientCa: "ca", clientCertificates: "require-and-verify" },
  },
  {
    it: "a CA from a file",
    args: { ...pair, client_ca_file: "ca.pem" },
    out: {
      cert: "cert",
      key: "key",
      clientCa: expect.stringMatching(/^-----BEGIN/),
      clientCertificates: "require-and-verify",
    },
  },
  {
    it: "a type tells what else is asked",
    args: { ...pair, client_ca: "ca", client_auth_type: "VerifyClientCertIfGiven" },
    out: { cert: "cert", key: "key", clientCa: "ca", clientCertificates: "verify-if-given" },
  },
  {
    it: "a type needs no CA",
    args: { ...pair, client_auth_type: "RequestClientCert" },
    out: { cert: "cert", key: "key", clientCertificates: "request" },
  },
  {
    it: "no type asks nothing",
    args: { ...pair, client_auth_type: "NoClientCert" },
    out: { cert: "cert", key: "key" },
  },
])("$it", ({ args, out }) => {
  expect(listenerTls({ ...none, ...args }, testdata, ["http", "tls"])).toEqual(out);
});

test("a file that is not there is a problem at its argument", () => {
  expect(() =>
    listenerTls({ ...none, ...pair, cert_pem: undefined, cert_file: "gone.pem" }, testdata, ["http", "tls"]),
  ).toThrow(
    expect.objectContaining({
      name: "ProblemError",
      path: ["http", "tls", "cert_file"],
      message: expect.stringMatching(/^cert_file can't be read: ENOENT/),
    }),
  );
});
