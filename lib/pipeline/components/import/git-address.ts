/** Where a repository is, in the forms that `git clone` takes: a URL, `user@host:path`, or a path on this machine. */
import path from "node:path";
import { pathToFileURL } from "node:url";

export interface GitAddress {
  readonly transport: "http" | "ssh" | "git" | "file";
  /** As the program gets it: without credentials, which others could read in the list of processes. */
  readonly url: string;
  /** As messages show it. */
  readonly shown: string;
  /** Credentials of an HTTP URL. */
  readonly username: string;
  readonly password: string;
}

const transports: Readonly<Record<string, GitAddress["transport"]>> = {
  "https:": "http",
  "http:": "http",
  "ssh:": "ssh",
  "git:": "git",
  "file:": "file",
};

/** Also what stands before it could be an option or a program (`ext::sh -c …`) is no address. */
export function parseAddress(text: string, directory: string): GitAddress | undefined {
  const plain = { username: "", password: "" };
  if (text === "" || text.startsWith("-") || /\p{Cc}/u.test(text)) return undefined;
  if (/^[^/]*::/.test(text)) return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseUrl(text);
  const [, host] = /^([^/:]+):/.exec(text) ?? [];
  if (host !== undefined)
    return /^([\w.+-]+@)?[\w[][\w.:\]-]*$/.test(host)
      ? { transport: "ssh", url: text, shown: text, ...plain }
      : undefined;
  return { transport: "file", url: pathToFileURL(path.resolve(directory, text)).href, shown: text, ...plain };
}

function parseUrl(text: string): GitAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const transport = transports[url.protocol];
  if (!transport || (transport !== "file" && !url.host) || url.hostname.startsWith("-")) return undefined;
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (username === undefined || password === undefined || username.startsWith("-")) return undefined;
  url.password = "";
  if (transport === "http") url.username = ""; // a token may stand there alone
  return { transport, url: url.href, shown: url.href, username, password };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a percent sign that escapes nothing
  }
}

/** The same address for another user of SSH; `undefined` for a name that could be anything else. */
export function withUser({ url, ...rest }: GitAddress, user: string): GitAddress | undefined {
  if (!/^[\w.+][\w.+-]*$/.test(user)) return undefined;
  if (!url.startsWith("ssh://")) return { ...rest, url: `${user}@${url.replace(/^[^/:@]*@/, "")}` };
  const changed = new URL(url);
  changed.username = user;
  return { ...rest, url: changed.href };
}
