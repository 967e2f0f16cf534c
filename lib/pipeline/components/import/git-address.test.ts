import { expect, test } from "vitest";
import { parseAddress, withUser } from "./git-address.ts";

const plain = { username: "", password: "" };

test.for([
  {
    it: "https",
    text: "https://example.com/a.git",
    out: { transport: "http", url: "https://example.com/a.git", shown: "https://example.com/a.git", ...plain },
  },
  {
    it: "http with credentials, which are kept apart",
    text: "http://ann:p%40ss@example.com:8080/a",
    out: {
      transport: "http",
      url: "http://example.com:8080/a",
      shown: "http://example.com:8080/a",
      username: "ann",
      password: "p@ss",
    },
  },
  {
    it: "https with a token for a user",
    text: "https://t0ken@example.com/a",
    out: {
      transport: "http",
      url: "https://example.com/a",
      shown: "https://example.com/a",
      username: "t0ken",
      password: "",
    },
  },
  {
    it: "ssh",
    text: "ssh://git@example.com:22/a",
    out: {
      transport: "ssh",
      url: "ssh://git@example.com:22/a",
      shown: "ssh://git@example.com:22/a",
      username: "git",
      password: "",
    },
  },
  {
    it: "ssh in the short form",
    text: "git@example.com:a/b.git",
    out: { transport: "ssh", url: "git@example.com:a/b.git", shown: "git@example.com:a/b.git", ...plain },
  },
  {
    it: "git's own",
    text: "git://example.com/a",
    out: { transport: "git", url: "git://example.com/a", shown: "git://example.com/a", ...plain },
  },
  {
    it: "a file URL",
    text: "file:///srv/a",
    out: { transport: "file", url: "file:///srv/a", shown: "file:///srv/a", ...plain },
  },
  {
    it: "a path from the configuration's folder",
    text: "../my repo",
    out: { transport: "file", url: "file:///etc/my%20repo", shown: "../my repo", ...plain },
  },
  { it: "a path", text: "/srv/a", out: { transport: "file", url: "file:///srv/a", shown: "/srv/a", ...plain } },
  { it: "nothing", text: "", out: undefined },
  { it: "an option", text: "--upload-pack=id", out: undefined },
  { it: "a program", text: "ext::sh -c id", out: undefined },
  { it: "another helper", text: "fd::17/a", out: undefined },
  { it: "another protocol", text: "ftp://example.com/a", out: undefined },
  { it: "a URL without a host", text: "ssh:///a", out: undefined },
  { it: "a host that is an option", text: "ssh://-oProxyCommand=id/a", out: undefined },
  { it: "a host that is an option, in the short form", text: "-oProxyCommand=id:a", out: undefined },
  { it: "a user that is an option", text: "ssh://-oProxyCommand=id@example.com/a", out: undefined },
  { it: "a host that is an option after a user", text: "git@-oProxyCommand=id:a", out: undefined },
  { it: "a broken escape", text: "https://a%zz@example.com/a", out: undefined },
  { it: "a line break", text: "https://example.com/a\nb", out: undefined },
])("$it", ({ text, out }) => {
  expect(parseAddress(text, "/etc/amalgam")).toEqual(out);
});

test.for([
  { address: "ssh://ann@example.com/a", user: "git", url: "ssh://git@example.com/a" },
  { address: "ssh://example.com/a", user: "git", url: "ssh://git@example.com/a" },
  { address: "ann@example.com:a@b", user: "git", url: "git@example.com:a@b" },
  { address: "example.com:a@b", user: "git", url: "git@example.com:a@b" },
  { address: "example.com:a", user: "-l", url: undefined },
  { address: "example.com:a", user: "a b", url: undefined },
  { address: "example.com:a", user: "", url: undefined },
])("$address for $user", ({ address, user, url }) => {
  const parsed = parseAddress(address, "/");
  if (!parsed) throw new Error("should be an address");
  expect(withUser(parsed, user)?.url).toBe(url);
});
