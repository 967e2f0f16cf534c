/** An emulator of AWS that checks signatures and permissions as AWS does: moto, which `scripts/install-moto` installs. */
import { spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { OutgoingRequest } from "../../../lib/pipeline/delivery/http.ts";
import { type AwsCredentials, signRequest } from "../../../lib/pipeline/delivery/sigv4.ts";
import { freePort } from "./ports.ts";
import { exitOf } from "./process.ts";
import { until } from "./until.ts";

const cache = path.join(process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"), "amalgam/moto-*/bin");
const program = [...globSync(cache), ...(process.env["PATH"] ?? "").split(path.delimiter)]
  .map(folder => path.join(folder, "moto_server"))
  .find(file => existsSync(file));

/** Whether the tests with it can run; on CI they must. */
export const motoIsInstalled = program !== undefined || process.env["CI"] !== undefined;
if (!motoIsInstalled) console.warn("tests with an emulator of AWS are skipped: run scripts/install-moto to have it");

export const region = "eu-central-1";

export interface Moto {
  readonly url: string;
  /** Calls a service that speaks JSON, as somebody who may do everything. */
  json(service: string, target: string, input: object): Promise<unknown>;
  /** Calls a service that speaks forms, such as IAM. */
  form(service: string, fields: Readonly<Record<string, string>>): Promise<string>;
  put(place: string, body: string): Promise<void>;
  /** A user who may do these actions and no others. */
  addUser(name: string, actions: readonly string[]): Promise<AwsCredentials>;
  /** From now on signatures and permissions are checked. */
  guard(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it with nothing in it. */
export async function startMoto(): Promise<Moto> {
  if (!program)
    throw new Error("moto_server should be in PATH or in the user's cache, got none: run scripts/install-moto");
  const port = await freePort();
  const child = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    log += chunk;
  });
  const exited = exitOf(child);
  const url = `http://127.0.0.1:${port}`;
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}:\n${log}`);
      return fetch(`${url}/moto-api/data.json`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    () => `moto is ready, its log so far:\n${log}`,
  );
  return clientOf(url, async () => {
    child.kill("SIGKILL");
    await exited;
  });
}

async function clientOf(url: string, stop: () => Promise<void>): Promise<Moto> {
  let admin: AwsCredentials = { accessKeyId: "setup", secretAccessKey: "setup" };
  const send = async (service: string, place: string, { method = "POST", headers = {}, body = "" }) => {
    const request: OutgoingRequest = {
      method,
      url: new URL(place, url),
      headers: { ...headers },
      body: Buffer.from(body),
    };
    if (service === "s3") request.headers["x-amz-content-sha256"] = await sha256(body);
    signRequest(request, { region, service, credentials: admin, now: Date.now() });
    const answer = await fetch(request.url, { method, headers: request.headers as Record<string, string>, body }); // all are texts here
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${place} of ${service}: got status ${answer.status}: ${text}`);
    return text;
  };
  const form = (service: string, fields: Readonly<Record<string, string>>) =>
    send(service, "/", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Object.entries({ Version: "2010-05-08", ...fields })
        .map(([name, value]) => `${name}=${percentEncode(value)}`)
        .join("&"),
    });
  const addUser = async (UserName: string, actions: readonly string[]) => {
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }],
    });
    await form("iam", { Action: "CreateUser", UserName });
    await form("iam", { Action: "PutUserPolicy", UserName, PolicyName: "all", PolicyDocument });
    const key = await form("iam", { Action: "CreateAccessKey", UserName });
    const field = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(key)?.[1] ?? "";
    return { accessKeyId: field("AccessKeyId"), secretAccessKey: field("SecretAccessKey") };
  };
  return {
    url,
    stop,
    form,
    addUser,
    put: async (place, body) => void (await send("s3", place, { method: "PUT", body })),
    json: async (service, target, input) => {
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
      return JSON.parse((await send(service, "/", { headers, body: JSON.stringify(input) })) || "{}");
    },
    async guard() {
      admin = await addUser("admin", ["*"]);
      await fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: "0" });
    },
  };
}

/** Moto writes a form anew to check its signature, as the SDK for Python would. */
const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(text))).toString("hex");
}
