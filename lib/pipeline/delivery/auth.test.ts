import { describe, expect, test } from "vitest";
import { basicAuthenticator, bearerAuthenticator, singleUser } from "./auth.ts";
import { constantTimeEqual } from "./constant-time.ts";
import { md5Crypt, shaCrypt } from "./crypt.ts";
import { htpasswd } from "./htpasswd.ts";

// Made with `openssl passwd`, perl's `crypt` and bcrypt of cost 4.
const users = `
# a comment
plain:pässword
sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=
ssha:{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0
apr1:$apr1$saltysal$yMB1klBtYsm2Q3fj3WXM81
md5:$1$saltysal$F.PPXXbUJ7PCL66lJ1s5Z/
sha256:$5$saltysalt$6t1KnXWbuVLrquzRFSPglBb7lrwXs1eJILyWk4d108D
sha512:$6$saltysalt$8lWTO0164pHZ9q9jrMwKtCVGH7nXwTUt.Yb9Ru7uFtUg.SJkEMGbM35bwwJ4c5IZyxUgAzNpx2tPyypE3xmw41
bcrypt:$2y$04$6G0IcmQHAQTlsT3ddHuCZeOWAwTfcXlEvI0fynqLOVL0I/A8KBOk2
twice:first
  twice:second
colon:a:b
no colon
:nobody
`;

test.for([
  { it: "plain", user: "plain", password: "pässword", out: true },
  { it: "plain, wrong", user: "plain", password: "password", out: false },
  { it: "plain, empty", user: "plain", password: "", out: false },
  { it: "SHA", user: "sha", password: "password", out: true },
  { it: "SHA, wrong", user: "sha", password: "passwort", out: false },
  { it: "SSHA", user: "ssha", password: "password", out: true },
  { it: "SSHA, wrong", user: "ssha", password: "passwort", out: false },
  { it: "Apache's MD5", user: "apr1", password: "pässword", out: true },
  { it: "Apache's MD5, wrong", user: "apr1", password: "passwörd", out: false },
  { it: "crypt's MD5", user: "md5", password: "pässword", out: true },
  { it: "crypt's SHA-256", user: "sha256", password: "pässword", out: true },
  { it: "crypt's SHA-256, wrong", user: "sha256", password: "p", out: false },
  { it: "crypt's SHA-512", user: "sha512", password: "pässword", out: true },
  { it: "crypt's SHA-512, wrong", user: "sha512", password: "p", out: false },
  { it: "bcrypt", user: "bcrypt", password: "password", out: true },
  { it: "bcrypt, wrong", user: "bcrypt", password: "passwort", out: false },
  { it: "the last line of a user", user: "twice", password: "second", out: true },
  { it: "not an earlier one", user: "twice", password: "first", out: false },
  { it: "a colon in a password", user: "colon", password: "a:b", out: true },
  { it: "the hash itself is no password", user: "apr1", password: "$apr1$saltysal$yMB1klBtYsm2Q3fj3WXM81", out: false },
  { it: "an unknown user", user: "unknown", password: "pässword", out: false },
  { it: "a comment is no user", user: "# a comment", password: "", out: false },
  { it: "no user", user: "", password: "nobody", out: false },
])("htpasswd: $it", async ({ user, password, out }) => {
  const verify = htpasswd(users);
  expect([await verify(user, password), await verify(user, password)]).toEqual([out, out]);
});

test("an empty htpasswd knows nobody", async () => {
  expect(await htpasswd("")("a", "b")).toBe(false);
});

test.for([
  { it: "an empty password", password: "", out: "$1$abc$Or2rbeUYTvt12aiVzMuS/." },
  { it: "an empty password", password: "", out: "$apr1$abc$BfqKdn9xFDWJPa3kcp/PH0" },
  { it: "a long password", password: "a".repeat(100), out: "$apr1$r31.....$47NNrlnjdvqYcPNUMMR8Z0" },
])("md5 crypt: $it", ({ password, out }) => {
  const [, magic = "", salt = ""] = out.split("$");
  expect(md5Crypt(password, salt, magic)).toBe(out);
});

test.for([
  {
    password: "a".repeat(100),
    out: "$6$saltstring$JScHikn0ipeafNsMFqiv6ssVGy/bli03a6zot98EeDT9Eis0IVo.NzTwTN4F896wEgL50y3nqQ9Os/B3lkI2.0",
  },
  { password: "a".repeat(100), out: "$5$saltstring$HE80cZIBUxLL.bS7Ud8vy2RfFEVIyvfBaoUr.RekKl3" },
  { password: "Hello world!", out: "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5" },
  { password: "Hello world!", out: "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA" },
  {
    password: "",
    out: "$6$rounds=1400$anotherlongsalts$CvyNSQwf6bQerEu9N9SQOWtPnrIu1XZzaKZQpGKfoQ/SaumCMqHGCEvfGxtQ5xG2Au23d5sGapl8LQH64hLtn/",
  },
])("sha crypt of $out", ({ password, out }) => {
  expect(shaCrypt(password, out)).toBe(out);
});

describe("basic", () => {
  const authenticate = basicAuthenticator(
    singleUser(
      () => "us",
      () => "pa:ss",
    ),
  );
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

  test("gives the user", async () => {
    const result = await authenticate({ authorization: basic("us:pa:ss") });
    expect(result).toEqual({ ok: true, attributes: new Map([["username", "us"], ["raw", "dXM6cGE6c3M="]]) }); // biome-ignore format: pairs
  });

  test.for([
    { it: "no header", authorization: undefined, out: "no basic auth provided" },
    { it: "an empty header", authorization: "", out: "no basic auth provided" },
    { it: "another scheme", authorization: "Bearer x", out: "invalid authorization scheme prefix" },
    { it: "no base64", authorization: "Basic !!!!", out: "invalid authorization format" },
    { it: "no padding", authorization: "Basic dXM6cGE6c3M", out: "invalid authorization format" },
    { it: "no colon", authorization: basic("user"), out: "invalid authorization format" },
    { it: "a wrong password", authorization: basic("us:pass"), out: "invalid credentials" },
    { it: "a wrong user", authorization: basic("USER:pa:ss"), out: "invalid credentials" },
    { it: "an empty password", authorization: basic("us:"), out: "invalid credentials" },
  ])("refuses $it", async ({ authorization, out }) => {
    expect(await authenticate({ authorization })).toEqual({
      ok: false,
      reply: {
        status: 401,
        headers: {
          "www-authenticate": 'Basic realm="amalgam", charset="UTF-8"',
          "content-type": "text/plain; charset=utf-8",
        },
        body: `${out}\n`,
      },
    });
  });

  test("the scheme may have any case", async () => {
    expect((await authenticate({ authorization: basic("us:pa:ss").replace("Basic", "bAsIc") })).ok).toBe(true);
  });
});

describe("bearer", () => {
  test.for([
    { it: "the token", options: {}, headers: { authorization: "Bearer one" }, ok: true },
    { it: "another of the tokens", options: {}, headers: { authorization: "Bearer two" }, ok: true },
    { it: "no token of them", options: {}, headers: { authorization: "Bearer three" }, ok: false },
    { it: "the start of a token", options: {}, headers: { authorization: "Bearer on" }, ok: false },
    { it: "the token without scheme", options: {}, headers: { authorization: "one" }, ok: false },
    { it: "a scheme of another case", options: {}, headers: { authorization: "bearer one" }, ok: false },
    { it: "no header", options: {}, headers: {}, ok: false },
    { it: "a header of another name", options: { header: "X-Key", scheme: "" }, headers: { "x-key": "one" }, ok: true },
    { it: "another scheme", options: { scheme: "Token" }, headers: { authorization: "Token two" }, ok: true },
  ])("$it", async ({ options, headers, ok }) => {
    const result = await bearerAuthenticator({ tokens: () => ["one", "two"], ...options })(
      headers as Record<string, string>,
    ); // one of several shapes
    expect(result.ok).toBe(ok);
    if (!result.ok) expect(result.reply.body).not.toMatch(/one|three/);
  });

  test("says what is missing", async () => {
    const result = await bearerAuthenticator({ tokens: () => ["x"], header: "X-Key" })({});
    expect(result).toEqual({
      ok: false,
      reply: {
        status: 401,
        headers: { "www-authenticate": "Bearer", "content-type": "text/plain; charset=utf-8" },
        body: "missing or empty authorization header: X-Key\n",
      },
    });
  });

  test("without tokens nobody passes", async () => {
    expect((await bearerAuthenticator({ tokens: () => [] })({ authorization: "Bearer " })).ok).toBe(false);
  });
});

test.for([
  { a: "a", b: "a", out: true },
  { a: "a", b: "b", out: false },
  { a: "a", b: "aa", out: false },
  { a: "", b: "", out: true },
  { a: "é", b: Buffer.from("é"), out: true },
])("constant time: $a and $b", ({ a, b, out }) => {
  expect(constantTimeEqual(a, b)).toBe(out);
});
