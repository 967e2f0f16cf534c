import { describe, expect, test } from "vitest";
import { parseFile } from "../syntax/parser.ts";
import { checkConfiguration } from "./check.ts";
import { testPipeline } from "./testing.ts";

const options = { definitions: new Map(), stability: "generally-available" } as const;

/** What a check without evaluation says, and what a load does. */
async function problemsOf(text: string): Promise<{ checked: readonly string[]; loaded: readonly string[] }> {
  const checked = checkConfiguration([parseFile({ name: "test.alloy", text }).file], options);
  const { pipeline, diagnostics } = await testPipeline(text, []);
  await pipeline?.close();
  const messages = (list: typeof diagnostics) => list.map(({ message }) => message);
  return { checked: messages(checked), loaded: messages(diagnostics) };
}

/** Needs more than one value, or the meaning of one: Alloy tells it when it loads. */
const refused = (says: string) => ({ checked: [], loaded: [says] });
const accepted = { checked: [], loaded: [] };

describe("logging", () => {
  test.for([
    {
      it: "takes all arguments",
      body: 'level = "warn"\nformat = "json"\ndestination = "stderr"\nwrite_to = []',
      out: accepted,
    },
    { it: "takes empty words for none", body: 'level = ""\nformat = ""\ndestination = ""', out: accepted },
    {
      it: "has no log of Windows",
      body: 'destination = "windows_event_log"',
      out: refused("windows_event_log is only supported on Windows"),
    },
    { it: "can have its limit switched off", body: 'rate_limiting {\nenabled = false\ntick = "0s"\n}', out: accepted },
    {
      it: "has windows of some length",
      body: 'rate_limiting {\ntick = "0s"\n}',
      out: refused("logging rate_limiting.tick must be > 0, got 0s"),
    },
    {
      it: "lets some lines through",
      body: "rate_limiting {\nthreshold = 0\n}",
      out: refused("logging rate_limiting.threshold must be > 0"),
    },
    {
      it: "lets a fraction through",
      body: "rate_limiting {\nrate = 1.5\n}",
      out: refused("logging rate_limiting.rate must be in [0,1], got 1.5"),
    },
    {
      it: "counts some kinds of lines",
      body: "rate_limiting {\nmax_signatures = 0\n}",
      out: refused("logging rate_limiting.max_signatures must be > 0, got 0"),
    },
  ])("$it", async ({ body, out }) => {
    expect(await problemsOf(`logging {\n${body}\n}`)).toEqual(out);
  });
});

describe("remotecfg", () => {
  test.for([
    {
      it: "takes all arguments",
      body: 'url = "http://a"\nid = "i"\nname = "n"\nattributes = {a = "b"}\npoll_frequency = "10s"\nbasic_auth {\nusername = "u"\npassword = "p"\n}\nfollow_redirects = false',
      out: accepted,
    },
    { it: "may be empty", body: "", out: accepted },
    {
      it: "does not ask all the time",
      body: 'poll_frequency = "5s"',
      out: refused('poll_frequency must be at least "10s", got "5s"'),
    },
    {
      it: "keeps its own attributes",
      body: 'attributes = {"collector.os" = "mine"}',
      out: refused('"collector" is a reserved namespace for remotecfg attribute keys'),
    },
    {
      it: "has one kind of credentials",
      body: 'bearer_token = "a"\nbasic_auth {\nusername = "u"\n}',
      out: refused(
        "at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured",
      ),
    },
  ])("$it", async ({ body, out }) => {
    expect(await problemsOf(`remotecfg {\n${body}\n}`)).toEqual(out);
  });
});

test("what is only known at run time is not judged by a check", async () => {
  const text = 'http {\ntls {\ncert_pem = string.format("%s", "")\nkey_pem = "k"\n}\n}\n';
  expect(await problemsOf(text)).toEqual({ checked: [], loaded: ["must specify either cert_pem or cert_file"] });
});

test("a message stands at what it is about", async () => {
  const text = 'remotecfg {\n  url            = "http://a"\n  poll_frequency = "5s"\n}\n';
  const [found] = (await testPipeline(text, [])).diagnostics;
  expect(text.slice(found?.start, found?.end)).toBe('"5s"');
});

test("a password needs both parts", async () => {
  expect(await problemsOf('http {\nauth {\nbasic {\nusername = "a"\n}\n}\n}')).toEqual({
    checked: ['missing required attribute "password"'],
    loaded: ['missing required attribute "password"'],
  });
});
