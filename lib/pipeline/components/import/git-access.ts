/**
 * How a repository is reached: credentials, certificates and a proxy as settings of the program `git`. They go through its
 * environment and through files that live as long as the call, never through its arguments.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { validateClientConfig } from "../../delivery/client-config.ts";
import { messageOf } from "../../delivery/errors.ts";
import { proxySelector } from "../../delivery/proxy.ts";
import { block, type Infer, object, optional, required } from "../../eval/schema.ts";
import { secret, string } from "../../eval/types.ts";
import type { Problem } from "../../graph/component.ts";
import { httpClientFields } from "../http-client.ts";
import { type GitAddress, withUser } from "./git-address.ts";

const { proxy_url, no_proxy, proxy_from_environment, tls_config } = httpClientFields;

/** The fields themselves, to be spread into a component's arguments. */
export const gitAccessFields = {
  basic_auth: block(
    object({ username: required(string, "User."), password: required(secret, "Password or token.") }),
    "Credentials for a repository behind https:// or http://.",
  ),
  ssh_key: block(
    object({
      username: required(string, "User."),
      key: optional(secret, undefined, "Private key."),
      key_file: optional(string, undefined, "File with the private key."),
      passphrase: optional(secret, undefined, "Passphrase of the private key."),
    }),
    "Key for a repository behind SSH.",
  ),
  proxy_url,
  no_proxy,
  proxy_from_environment,
  tls_config,
};

const gitAccessArgs = object(gitAccessFields);
export type GitAccessArgs = Infer<typeof gitAccessArgs>;

/** Arguments that don't fit each other or the repository. */
export function* gitAccessProblems(args: GitAccessArgs, address: GitAddress | undefined): Iterable<Problem> {
  const { basic_auth, ssh_key, tls_config, proxy_url, no_proxy, proxy_from_environment } = args;
  const message = validateClientConfig({ tls_config, proxy_url, no_proxy, proxy_from_environment });
  if (message !== undefined) yield { path: [], message };
  if (tls_config?.server_name)
    yield { path: ["tls_config", "server_name"], message: "server_name can't be set: git checks the name in the URL" };
  if (!address) return;
  if (basic_auth && address.transport !== "http")
    yield { path: ["basic_auth"], message: "basic_auth needs a repository behind https:// or http://" };
  else if (ssh_key && !basic_auth && address.transport !== "ssh")
    yield { path: ["ssh_key"], message: "ssh_key needs a repository behind SSH" };
  else if (ssh_key && address.transport === "ssh" && !withUser(address, ssh_key.username))
    yield {
      path: ["ssh_key", "username"],
      message: `username should be a word, got ${JSON.stringify(ssh_key.username)}`,
    };
}

export interface GitAccess {
  /** Settings of git's configuration. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Calls `work` with the settings for an address; secrets that git and ssh only take as files are in `folder` meanwhile. */
export async function withAccess<T>(
  args: GitAccessArgs,
  address: GitAddress,
  { folder, directory }: { readonly folder: string; readonly directory: string },
  work: (access: GitAccess) => Promise<T>,
): Promise<T> {
  const secrets = mkdtempSync(path.join(folder, "access-")); // only this user can look into it
  const save = (name: string, text: string, mode = 0o600): string => {
    const file = path.join(secrets, name);
    writeFileSync(file, text, { mode, flag: "wx" });
    chmodSync(file, mode);
    return file;
  };
  try {
    const { username, password } = address;
    const basic = args.basic_auth
      ? [args.basic_auth.username, args.basic_auth.password.reveal()]
      : [username, password];
    const settings = address.transport === "http" ? httpSettings(args, address, basic.join(":")) : [];
    const ssh = address.transport === "ssh" ? sshEnvironment(args, directory, save) : {};
    return await work({ settings, environment: { ...tlsEnvironment(args, directory, save), ...ssh } });
  } finally {
    rmSync(secrets, { recursive: true, force: true });
  }
}

type Save = (name: string, text: string, mode?: number) => string;

function httpSettings(args: GitAccessArgs, { url }: GitAddress, credentials: string): [string, string][] {
  const settings: [string, string][] = [];
  const { origin } = new URL(url);
  if (credentials !== ":") {
    const header = `Authorization: Basic ${Buffer.from(credentials).toString("base64")}`;
    // only for this host: submodules may be elsewhere
    settings.push(["credential.helper", ""], [`http.${origin}/.extraHeader`, header]);
  }
  if (!args.proxy_url && !args.proxy_from_environment) return settings;
  const select = proxySelector({
    url: args.proxy_url,
    noProxy: args.no_proxy,
    fromEnvironment: args.proxy_from_environment,
  });
  settings.push(["http.proxy", select?.(new URL(url))?.href ?? ""]);
  return settings;
}

/** Variables, since those of the process' own environment would have precedence over settings. */
function tlsEnvironment({ tls_config: tls }: GitAccessArgs, directory: string, save: Save): Record<string, string> {
  if (!tls) return {};
  const environment: Record<string, string> = {};
  const addFile = (variable: string, name: string, text: string | undefined, file: string | undefined) => {
    if (text) environment[variable] = save(name, text);
    else if (file) environment[variable] = path.resolve(directory, file);
  };
  addFile("GIT_SSL_CAINFO", "ca.pem", tls.ca_pem, tls.ca_file);
  addFile("GIT_SSL_CERT", "cert.pem", tls.cert_pem, tls.cert_file);
  addFile("GIT_SSL_KEY", "key.pem", tls.key_pem?.reveal(), tls.key_file);
  if (tls.insecure_skip_verify) environment["GIT_SSL_NO_VERIFY"] = "1";
  if (tls.min_version) environment["GIT_SSL_VERSION"] = tls.min_version.replace(/^TLS1/, "tlsv1.");
  return environment;
}

/** Hosts must be known, as in Alloy: in ~/.ssh/known_hosts, or in the files that SSH_KNOWN_HOSTS names. */
function sshEnvironment({ ssh_key }: GitAccessArgs, directory: string, save: Save): Record<string, string> {
  const options: string[] = [];
  const knownHosts = process.env["SSH_KNOWN_HOSTS"];
  if (knownHosts)
    options.push(`-o UserKnownHostsFile=${shellWord(knownHosts.split(path.delimiter).map(sshWord).join(" "))}`);
  const environment: Record<string, string> = { GIT_SSH_VARIANT: "ssh" };
  const passphrase = ssh_key?.passphrase?.reveal();
  const key = ssh_key && privateKey(ssh_key, directory);
  if (key !== undefined) options.push(`-i ${shellWord(save("key", key))} -o IdentitiesOnly=yes`);
  if (key !== undefined && passphrase) {
    environment["SSH_ASKPASS"] = save("passphrase", '#!/bin/sh\nprintf "%s\\n" "$AMALGAM_PASSPHRASE"\n', 0o700);
    environment["SSH_ASKPASS_REQUIRE"] = "force";
    environment["AMALGAM_PASSPHRASE"] = passphrase;
    // it must be asked nothing else
    options.push("-o StrictHostKeyChecking=yes -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no");
  } else options.push("-o BatchMode=yes");
  return { ...environment, GIT_SSH_COMMAND: ["ssh", ...options].join(" ") };
}

function privateKey({ key, key_file }: NonNullable<GitAccessArgs["ssh_key"]>, directory: string): string | undefined {
  const text = key?.reveal();
  if (text) return withNewline(text);
  if (!key_file) return undefined;
  try {
    return withNewline(readFileSync(path.resolve(directory, key_file), "utf8"));
  } catch (cause) {
    throw new Error(`Loading SSH keys failed: ${messageOf(cause)}`, { cause });
  }
}

/** ssh takes no key whose last line has no end. */
const withNewline = (text: string): string => `${text.replaceAll("\r\n", "\n").trimEnd()}\n`;

const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const sshWord = (text: string): string => `"${text}"`;
