/** Credentials expire while data is under way: it is sent with fresh ones, or goes back to the trigger, and is no dead letter. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { functionLetters } from "../../functions/aws/dead-letters.ts";
import { LocalProcess } from "../../functions/local/process.ts";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { type DeadLetter, memoryDeadLetters } from "../../lib/pipeline/delivery/dead-letters.ts";
import { readLetter } from "../../lib/pipeline/delivery/dead-letters-form.ts";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { DynamoDbStore } from "../../lib/pipeline/state/dynamodb.ts";
import { type Emulator, startEmulator } from "../../lib/pipeline/state/testing.ts";
import { freePort } from "../e2e/support/ports.ts";
import { temporaryFolder } from "../e2e/support/process.ts";
import { balanced, balanceOf } from "./support/account.ts";
import { type Behaviour, type FaultyBackend, good, refuses, startFaultyBackend } from "./support/backend.ts";
import { type Front, startFront } from "./support/front.ts";
import { loadTestFunction } from "./support/function.ts";
import { bodyFor, sqsEvent } from "./support/messages.ts";
import { idsOfLetter } from "./support/wire.ts";

let backend: FaultyBackend;
beforeAll(async () => {
  backend = await startFaultyBackend();
});
afterAll(() => backend.close());
beforeEach(() => {
  vi.stubEnv("AWS_REGION", "eu-central-1");
});
afterEach(() => vi.unstubAllEnvs());

/** How services refuse credentials that were good once. */
const expired = {
  "Amazon Managed Prometheus": refuses(403, { "content-type": "application/json" }, '{"message":"The security token included in the request is expired"}'), // biome-ignore format: a table
  "a header": refuses(403, { "x-amzn-errortype": "ExpiredTokenException:http://internal.amazon.com/" }, "{}"),
  "an API in JSON": refuses(400, { "content-type": "application/x-amz-json-1.0" }, '{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"}'), // biome-ignore format: a table
} satisfies Readonly<Record<string, Behaviour>>;

const remoteWrite = (more: string) => `
prometheus.remote_write "out" {
  endpoint {
    url = "${backend.url}/api/v1/write"
    ${more}
    queue_config {
      min_backoff = "1ms"
      max_backoff = "2ms"
    }
  }
}
test.samples "in" { forward_to = [prometheus.remote_write.out.receiver] }`;

const lokiWrite = (more: string) => `
loki.write "out" {
  endpoint {
    url = "${backend.url}/loki/api/v1/push"
    ${more}
    min_backoff_period  = "1ms"
    max_backoff_period  = "2ms"
    max_backoff_retries = 2
  }
}
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}`;

/** What is sent with credentials of a component of its own, or of the arguments. */
const otlp = (auth: string, client: string) => `
${auth}
otelcol.exporter.otlphttp "out" {
  client {
    endpoint = "${backend.url}"
    ${client}
  }
  retry_on_failure { enabled = false }
}
otelcol.receiver.otlp "in" {
  http { }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}`;

/** Sends three messages, and says where their records are. */
async function send(config: string, wire: "loki" | "remote_write_v1" | "otlp_traces") {
  const letters = memoryDeadLetters();
  let passed = 0;
  const clock = () => Date.now() + passed;
  const pass = (ms: number) => {
    passed += ms;
  };
  const { handler, pipeline } = await loadTestFunction(config, { deadLetters: letters, clock });
  onTestFinished(() => pipeline.close());
  const batch = ["a", "b", "c"].map(id => ({ id, ids: [id], body: bodyFor(wire, [id]) }));
  const invoke = async () => {
    const answer = await handler(sqsEvent(batch), { getRemainingTimeInMillis: () => 60_000 });
    const { batchItemFailures } = answer as {
      readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
    }; // what the adapter of queues gives
    const returned = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    const dead = letters.letters.flatMap(letter => idsOfLetter(letter));
    const { stored } = backend;
    expect(balanceOf({ sent: ["a", "b", "c"], stored, dead, returned })).toEqual(balanced);
    return { stored: [...stored.keys()], dead, returned };
  };
  return { invoke, pass, giveUp: () => pass(3_600_000) };
}

type Wait = PromiseWithResolvers<void>;
const all = ["a", "b", "c"];
const delivered = { stored: all, dead: [], returned: [] };

/** The name of who signed a request. */
const signerOf = (authorization = ""): string => /Credential=([^/]+)\//.exec(authorization)?.[1] ?? "";

describe("of AWS, which the runtime has in its environment", () => {
  const put = (id: string) => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", id);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", `secret of ${id}`);
    vi.stubEnv("AWS_SESSION_TOKEN", `token of ${id}`);
  };
  const config = () => remoteWrite('sigv4 {\n service_name = "aps"\n }');

  test.for(Object.keys(expired) as (keyof typeof expired)[])(
    "as %s says it: what is under way is signed anew",
    async how => {
      put("OLD");
      const signers: string[] = [];
      backend.reset(({ request }) => {
        signers.push(signerOf(request.headers.authorization));
        if (signers.at(-1) !== "OLD") return good;
        put("NEW"); // the runtime is as quick as that here
        return expired[how];
      });
      const { invoke } = await send(config(), "remote_write_v1");
      expect(await invoke()).toEqual(delivered);
      expect(signers).toEqual(["OLD", "NEW"]);
    },
  );

  test("where there are no others yet it goes back, and is delivered when there are", async () => {
    put("OLD");
    const { invoke, giveUp } = await send(config(), "remote_write_v1");
    backend.reset(({ request, number }) => {
      if (number === 2) giveUp();
      return signerOf(request.headers.authorization) === "OLD" ? expired["Amazon Managed Prometheus"] : good;
    });
    expect(await invoke()).toEqual({ stored: [], dead: [], returned: all });
    expect(backend.requests.length).toBeGreaterThan(1);
    put("NEW");
    expect(await invoke()).toEqual(delivered);
  });

  test("what may not be written at all is refused as before", async () => {
    put("OLD");
    const { invoke } = await send(config(), "remote_write_v1");
    backend.reset(() => refuses(403, {}, '{"message":"User is not authorized to perform: aps:RemoteWrite"}'));
    expect(await invoke()).toEqual({ stored: [], dead: all, returned: [] });
    expect(backend.requests.length).toBe(1);
  });
});

describe("of AWS, which are asked for", () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
  const asJson = (id: string) => JSON.stringify({ AccessKeyId: id, SecretAccessKey: "s", Token: "t", Expiration: inAnHour() }); // biome-ignore format: one line
  const asXml = (id: string) => `<r><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${inAnHour()}</Expiration></Credentials></r>`; // biome-ignore format: one document

  test.for([
    { it: "of a container", role: "", answer: asJson },
    { it: "of a role", role: 'role_arn = "arn:aws:iam::123456789012:role/writer"', answer: asXml },
  ])("$it: they are asked for once more, however many requests were refused", async ({ role, answer }) => {
    const source = await startBackend((_, number) => ({ body: answer(`KEY${number}`) }));
    vi.stubEnv("AWS_ACCESS_KEY_ID", role && "BASE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", role && "secret");
    vi.stubEnv("AWS_ENDPOINT_URL_STS", source.url);
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", role ? "" : `${source.url}/credentials`);
    const signers: string[] = [];
    backend.reset(({ request }) => {
      signers.push(signerOf(request.headers.authorization));
      return signers.at(-1) === "KEY0" ? expired["Amazon Managed Prometheus"] : good;
    });
    const { invoke } = await send(remoteWrite(`sigv4 {\n service_name = "aps"\n ${role}\n }`), "remote_write_v1");
    expect(await invoke()).toEqual(delivered);
    expect([signers, source.got.length]).toEqual([["KEY0", "KEY1"], 2]);
  });
});

describe("of others", () => {
  test("a token of OAuth 2.0 that is not taken any more is asked for anew", async () => {
    const tokens = await startBackend((_, number) => ({
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ access_token: `token-${number}`, token_type: "Bearer", expires_in: 3600 }),
    }));
    const seen: string[] = [];
    let good1 = "Bearer token-1";
    backend.reset(({ request }) => {
      seen.push(request.headers.authorization ?? "");
      return seen.at(-1) === good1 ? good : refuses(401);
    });
    const oauth2 = `oauth2 {\n client_id = "id"\n client_secret = "s"\n token_url = "${tokens.url}/token"\n }`;
    const { invoke } = await send(lokiWrite(oauth2), "loki");
    expect(await invoke()).toEqual(delivered);
    expect(seen).toEqual(["Bearer token-0", "Bearer token-1"]);
    // it is asked for once for each request: a client that nobody knows any more is refused
    good1 = "";
    seen.length = 0;
    backend.reset(({ request }) => {
      seen.push(request.headers.authorization ?? "");
      return refuses(401);
    });
    expect(await invoke()).toEqual({ stored: [], dead: all, returned: [] });
    expect(seen).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  test.for([
    {
      it: "remote.aws.secrets_manager",
      component: "remote.aws.secrets_manager",
      more: (url: string) =>
        `secret_id = "loki"\n client {\n endpoint = "${url}"\n region = "eu-central-1"\n key = "k"\n secret = "s"\n }`,
      answer: (text: string) => JSON.stringify({ SecretString: text }),
    },
    {
      it: "remote.http",
      component: "remote.http",
      more: (url: string) => `url = "${url}"\n poll_frequency = "5m"\n is_secret = true`,
      answer: (text: string) => text,
    },
  ])("$it: a secret that was rotated is read again", async ({ component, more, answer }) => {
    // biome-ignore format: a table
    let secret = "old";
    const source = await startBackend(() => ({ body: answer(secret) }));
    const seen: string[] = [];
    let taken = "fresh";
    const behave = () =>
      backend.reset(({ request }) => {
        seen.push(request.headers.authorization ?? "");
        return seen.at(-1) === `Bearer ${taken}` ? good : refuses(401);
      });
    behave();
    const config = `${component} "secret" {\n${more(source.url)}\n}\n${lokiWrite(`bearer_token = ${component}.secret.content`)}`;
    const { invoke, pass } = await send(config, "loki");
    pass(60_000); // so that it was not read just now
    secret = "fresh";
    expect(await invoke()).toEqual(delivered);
    expect([seen, source.got.length]).toEqual([["Bearer old", "Bearer fresh"], 2]);

    // a secret that nobody takes any more is refused: it is not read again and again
    seen.length = 0;
    taken = "another one";
    behave();
    expect(await invoke()).toEqual({ stored: [], dead: all, returned: [] });
    expect([seen, source.got.length]).toEqual([["Bearer fresh"], 2]);
  });

  const uses = (component: string, more: string) => ({
    auth: `otelcol.auth.${component} "a" {\n${more}\n}`,
    client: `auth = otelcol.auth.${component}.a.handler`,
  });
  const secret = "remote.http.secret.content";
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

  test.for([
    { it: "otelcol.auth.bearer", ...uses("bearer", `token = ${secret}`), headers: bearer },
    {
      it: "otelcol.auth.basic",
      ...uses("basic", `username = "u"\npassword = ${secret}`),
      headers: (text: string) => ({ authorization: `Basic ${Buffer.from(`u:${text}`).toString("base64")}` }),
    },
    {
      it: "otelcol.auth.headers",
      ...uses("headers", `header {\nkey = "X-Key"\nvalue = ${secret}\n}`),
      headers: (text: string) => ({ "x-key": text }),
    },
    {
      it: "headers of the client",
      auth: "",
      client: `headers = { "X-Key" = convert.nonsensitive(${secret}) }`,
      headers: (text: string) => ({ "x-key": text }),
    },
    {
      it: "otelcol.auth.bearer, in a module",
      auth: `declare "auth" {\nargument "token" { }\n${uses("bearer", "token = argument.token.value").auth}\nexport "handler" { value = otelcol.auth.bearer.a.handler }\n}\nauth "m" { token = ${secret} }`,
      client: "auth = auth.m.handler",
      headers: bearer,
    },
  ])(
    "otelcol.exporter.otlphttp with $it: a secret that was rotated is read again",
    async ({ auth, client, headers }) => {
      // biome-ignore format: a table
      let content = "old";
      const source = await startBackend(() => ({ body: content }));
      const seen: unknown[] = [];
      let taken = "fresh";
      const [name = ""] = Object.keys(headers(""));
      const behave = (status: number) =>
        backend.reset(({ request }) => {
          seen.push({ [name]: request.headers[name] });
          return JSON.stringify(seen.at(-1)) === JSON.stringify(headers(taken)) ? good : refuses(status);
        });
      behave(403);
      const config = `remote.http "secret" {\nurl = "${source.url}"\npoll_frequency = "5m"\n is_secret = true\n}`;
      const { invoke, pass } = await send(`${config}\n${otlp(auth, client)}`, "otlp_traces");
      pass(60_000); // so that it was not read just now
      content = "fresh";
      expect(await invoke()).toEqual(delivered);
      // each of the messages is a request, whose secret is read once for all
      expect(seen.slice(0, 3)).toEqual(all.map(() => headers("old")));
      expect(seen.slice(3)).toEqual(all.map(() => headers("fresh")));
      expect(source.got.length).toBe(2);

      // a secret that nobody takes any more is refused: it is not read again and again
      seen.length = 0;
      taken = "another one";
      behave(401);
      expect(await invoke()).toEqual({ stored: [], dead: all, returned: [] });
      expect([seen, source.got.length]).toEqual([all.map(() => headers("fresh")), 2]);
    },
  );

  test("a configuration that is loaded meanwhile does not wait for ever", async () => {
    let asked = 0;
    const [waits, release, loads] = [1, 2, 3].map(() => Promise.withResolvers<void>()) as [Wait, Wait, Wait];
    const source = await startFront(async () => {
      if (++asked === 1) return { status: 200, body: "old" };
      if (asked === 2) {
        waits.resolve();
        await release.promise;
      } else loads.resolve();
      return { status: 200, body: "fresh" };
    });
    onTestFinished(() => source.close());
    const seen: unknown[] = [];
    backend.reset(({ request }) => {
      seen.push(request.headers.authorization);
      return seen.at(-1) === "Bearer fresh" ? good : refuses(401);
    });
    const folder = temporaryFolder();
    const config = path.join(folder, "config.alloy");
    const port = await freePort();
    const receiver = otlp("otelcol.auth.bearer \"a\" { token = remote.http.secret.content }", "auth = otelcol.auth.bearer.a.handler").replace("http { }", `http { endpoint = "127.0.0.1:${port}" }`); // biome-ignore format: one text
    writeFileSync(config, `remote.http "secret" {\nurl = "${source.url}"\nis_secret = true\n}\n${receiver}`);
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const local = new LocalProcess({ config, storagePath: path.join(folder, "data"), stability: "generally-available", log: testLog() }); // biome-ignore format: one call
    onTestFinished(() => local.stop());
    await local.load();
    vi.setSystemTime(Date.now() + 60_000);
    const headers = { "content-type": "application/json" };
    const answer = fetch(`http://127.0.0.1:${port}/v1/traces`, { method: "POST", headers, body: bodyFor("otlp_traces", all) }); // biome-ignore format: one call
    await waits.promise;
    const loaded = local.load();
    await loads.promise;
    release.resolve();
    await loaded;
    expect((await answer).status).toBe(200);
    expect([...backend.stored.keys()]).toEqual(all);
    expect(seen).toEqual(["Bearer old", "Bearer fresh"]);
  });

  test.for([
    {
      argument: "bearer_token_file",
      config: (file: string) => `bearer_token_file = "${file}"`,
      of: (text: string) => `Bearer ${text}`,
    },
    {
      argument: "password_file",
      config: (file: string) => `basic_auth {\n username = "u"\n password_file = "${file}"\n }`,
      of: (text: string) => `Basic ${Buffer.from(`u:${text}`).toString("base64")}`,
    },
  ])("$argument: a file that has changed meanwhile is read again", async ({ config, of }) => {
    // biome-ignore format: a table
    const file = path.join(temporaryFolder(), "secret");
    writeFileSync(file, "old");
    const seen: string[] = [];
    backend.reset(({ request }) => {
      seen.push(request.headers.authorization ?? "");
      if (seen.at(-1) === of("fresh")) return good;
      writeFileSync(file, "fresh");
      return refuses(401);
    });
    const { invoke } = await send(lokiWrite(config(file)), "loki");
    expect(await invoke()).toEqual(delivered);
    expect(seen).toEqual([of("old"), of("fresh")]);
  });
});

describe("of the function itself", () => {
  const letter = (id: string): DeadLetter => ({ component: "loki.write.out", destination: "", reason: "no", time: 0, contentType: "", body: Buffer.from(id), metadata: {} }); // biome-ignore format: one letter
  let emulator: Emulator;
  let front: Front;
  let signers: string[] = [];
  const letters: string[] = [];

  beforeAll(async () => {
    emulator = await startEmulator();
    front = await startFront(({ headers, body }) => {
      const target = String(headers["x-amz-target"] ?? "");
      signers.push(signerOf(headers.authorization));
      if (signers.at(-1) === "OLD") {
        vi.stubEnv("AWS_ACCESS_KEY_ID", "NEW");
        if (!target) return { status: 400, body: "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>" }; // biome-ignore format: one answer
        return { status: 400, body: '{"__type":"com.amazonaws.dynamodb.v20120810#ExpiredTokenException","message":"The security token included in the request is expired"}' }; // biome-ignore format: one answer
      }
      if (target.startsWith("Dynamo")) return emulator.url;
      if (!target) letters.push(Buffer.from(readLetter(body).body).toString());
      else letters.push(JSON.parse(body.toString()).MessageBody.split("\n")[1]);
      return { status: 200, body: "{}" };
    });
  });
  afterAll(async () => {
    await front.close();
    await emulator.stop();
  });
  beforeEach(() => {
    signers = [];
    letters.length = 0;
    vi.stubEnv("AWS_ACCESS_KEY_ID", "OLD");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv("AWS_SESSION_TOKEN", "token");
    vi.stubEnv("AWS_ENDPOINT_URL", front.url);
  });

  test.for([
    { it: "a bucket", place: "s3://letters/shop", stored: ["a"] },
    {
      it: "a queue",
      place: "sqs:https://sqs.eu-central-1.amazonaws.com/1/letters",
      stored: [Buffer.from("a").toString("base64")],
    },
  ])("a dead letter reaches $it", async ({ place, stored }) => {
    // biome-ignore format: a table
    await functionLetters("", place).deadLetters?.put(letter("a"));
    expect([letters, signers]).toEqual([stored, ["OLD", "NEW"]]);
  });

  test("state is kept, and kept once", async () => {
    const { table } = await emulator.table();
    const store = new DynamoDbStore({ table, region: "us-east-1", endpoint: front.url });
    const version = await store.put("n", "k", Uint8Array.of(1), { ifVersion: null });
    expect(await store.get("n", "k")).toEqual({ value: Uint8Array.of(1), version });
    expect(signers).toEqual(["OLD", "NEW", "NEW"]);
    await store.close();
  });
});
