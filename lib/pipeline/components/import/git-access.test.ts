import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { object } from "../../eval/schema.ts";
import { testHost } from "../../graph/testing.ts";
import { importGit } from "./git.ts";
import { gitAccessFields, withAccess } from "./git-access.ts";
import { parseAddress } from "./git-address.ts";
import { testRepository } from "./testing.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "git-access-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Settings and variables by name, with the content of files that hold a text. */
async function settingsOf(args: Record<string, unknown>, repository: string) {
  const address = parseAddress(repository, folder);
  if (!address) throw new Error("should be an address");
  const secrets = path.join(folder, "secrets");
  mkdirSync(secrets);
  const found = await withAccess(
    object(gitAccessFields).decode(args),
    address,
    { folder: secrets, directory: "/etc/amalgam" },
    async ({ settings, environment }) => {
      const shown = Object.entries(environment).map(([name, value]) => {
        if (!value.startsWith(secrets)) return [name, value];
        return [name, `${readFileSync(value, "utf8")} ${(statSync(value).mode & 0o777).toString(8)}`];
      });
      return { ...Object.fromEntries(settings), ...Object.fromEntries(shown) };
    },
  );
  expect(readdirSync(secrets)).toEqual([]);
  return found;
}

const header = (text: string) => `Authorization: Basic ${Buffer.from(text).toString("base64")}`;

test.for<{ it: string; args: Record<string, unknown>; repository?: string; settings: Record<string, string> }>([
  { it: "nothing needs no setting", args: {}, settings: {} },
  {
    it: "credentials go to the repository's host alone",
    args: { basic_auth: { username: "ann", password: "s3cret" } },
    settings: { "credential.helper": "", "http.https://example.com:8443/.extraHeader": header("ann:s3cret") },
  },
  {
    it: "those of basic_auth come before those of the address",
    repository: "https://bob:x@example.com/a",
    args: { basic_auth: { username: "ann", password: "s3cret" } },
    settings: { "credential.helper": "", "http.https://example.com/.extraHeader": header("ann:s3cret") },
  },
  {
    it: "a proxy",
    args: { proxy_url: "http://ann:s3cret@proxy:3128" },
    settings: { "http.proxy": "http://ann:s3cret@proxy:3128/" },
  },
  {
    it: "a proxy that the host doesn't need",
    args: { proxy_url: "http://proxy:3128", no_proxy: "example.com" },
    settings: { "http.proxy": "" },
  },
  {
    it: "certificates as texts",
    args: { tls_config: { ca_pem: "CA", cert_pem: "CERT", key_pem: "KEY", min_version: "TLS12" } },
    settings: {
      GIT_SSL_CAINFO: "CA 600",
      GIT_SSL_CERT: "CERT 600",
      GIT_SSL_KEY: "KEY 600",
      GIT_SSL_VERSION: "tlsv1.2",
    },
  },
  {
    it: "certificates as files",
    args: { tls_config: { ca_file: "ca.pem", cert_file: "/c.pem", key_file: "k.pem", insecure_skip_verify: true } },
    settings: {
      GIT_SSL_CAINFO: "/etc/amalgam/ca.pem",
      GIT_SSL_CERT: "/c.pem",
      GIT_SSL_KEY: "/etc/amalgam/k.pem",
      GIT_SSL_NO_VERIFY: "1",
    },
  },
])("$it", async ({ args, repository = "https://example.com:8443/a.git", settings }) => {
  expect(await settingsOf(args, repository)).toEqual(settings);
});

test("known hosts are read from where Alloy reads them", async () => {
  vi.stubEnv("SSH_KNOWN_HOSTS", "/a b:/it's");
  expect(await settingsOf({}, "git@example.com:a.git")).toEqual({
    GIT_SSH_VARIANT: "ssh",
    GIT_SSH_COMMAND: `ssh -o UserKnownHostsFile='"/a b" "/it'\\''s"' -o BatchMode=yes`,
  });
});

/**
 * Stands for ssh and for the server behind it: takes whoever has the private key of `key.pub`, and writes down what it was
 * called with. The key opens as in ssh itself: by asking SSH_ASKPASS.
 */
const server = `#!/bin/sh
key=none
while true; do
  case "$1" in
    -i) key="$2"; shift 2 ;;
    -o) shift 2 ;;
    *) break ;;
  esac
done
echo "$1 $(stat -c %a "$key")" > "$HOME/called"
shift
ssh-keygen -y -f "$key" < /dev/null > "$HOME/given.pub" 2> /dev/null
if [ "$(cut -d ' ' -f 2 "$HOME/given.pub")" = "$(cut -d ' ' -f 2 "$HOME/key.pub")" ]; then exec sh -c "$*"; fi
echo "git@example.invalid: Permission denied (publickey)." >&2
exit 255
`;

test("keys of SSH, with and without a passphrase", async () => {
  const repository = await testRepository(path.join(folder, "repo.git"));
  await repository.commit({ "a.alloy": "A" });
  writeFileSync(path.join(folder, "ssh"), server);
  chmodSync(path.join(folder, "ssh"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  vi.stubEnv("HOME", folder);
  const makeKey = (name: string, passphrase: string): string => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", path.join(folder, name)]);
    return readFileSync(path.join(folder, name), "utf8");
  };
  const load = async (ssh_key: Record<string, unknown>, data: string) => {
    const address = `ssh://ann@example.invalid${repository.folder}`;
    const args = importGit.args.decode({ repository: address, path: "a.alloy", ssh_key });
    const built = await Promise.resolve(
      importGit.build(args, testHost({ directory: folder, storagePath: path.join(folder, data) })),
    ).catch((error: Error) => error.message.replace(/".*"/, "REPOSITORY"));
    return typeof built === "string" ? built : built.exports?.content.files[0]?.text;
  };
  const key = makeKey("key", "");
  expect(await load({ username: "git", key: key.trim().replaceAll("\n", "\r\n") }, "1")).toBe("A");
  expect(readFileSync(path.join(folder, "called"), "utf8")).toBe("git@example.invalid 600\n");
  expect(await load({ username: "git", key_file: "key" }, "2")).toBe("A");
  const refused = "updating component: failed to download repository REPOSITORY: authentication required";
  expect(await load({ username: "git", key: makeKey("other", "") }, "3")).toBe(refused);
  rmSync(path.join(folder, "key"));
  const locked = makeKey("locked", "pass word");
  writeFileSync(path.join(folder, "key.pub"), readFileSync(path.join(folder, "locked.pub")));
  expect(await load({ username: "git", key: locked, passphrase: "pass word" }, "4")).toBe("A");
  expect(await load({ username: "git", key: locked, passphrase: "wrong" }, "5")).toBe(refused);
  expect(await load({ username: "git", key_file: "gone" }, "6")).toMatch(
    /^updating component: failed to download repository REPOSITORY: Loading SSH keys failed: /,
  );
});
