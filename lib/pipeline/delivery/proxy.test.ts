import { expect, test } from "vitest";
import { type ProxySettings, proxySelector } from "./proxy.ts";

const select = (settings: ProxySettings, target: string) => proxySelector(settings)?.(new URL(target))?.href;
const url = "http://proxy:3128";
const used = "http://proxy:3128/";

test.for<{ it: string; noProxy: string; target: string; out: string | undefined }>([
  { it: "everything goes through it", noProxy: "", target: "http://a.example.com/", out: used },
  { it: "also the machine itself where no_proxy is unset", noProxy: "", target: "http://localhost/", out: used },
  { it: "not the machine itself where no_proxy is set", noProxy: "x", target: "http://localhost/", out: undefined },
  { it: "not the loopback network where no_proxy is set", noProxy: "x", target: "http://127.1.2.3/", out: undefined },
  { it: "not the loopback address of IPv6", noProxy: "x", target: "http://[::1]/", out: undefined },
  { it: "a star means all", noProxy: "a, *", target: "http://b/", out: undefined },
  { it: "a domain", noProxy: "example.com", target: "http://example.com/", out: undefined },
  {
    it: "a domain includes its subdomains",
    noProxy: "x, Example.com",
    target: "https://A.example.com/",
    out: undefined,
  },
  { it: "a domain is not a suffix of letters", noProxy: "example.com", target: "http://badexample.com/", out: used },
  { it: "a leading dot means subdomains", noProxy: ".example.com", target: "http://a.example.com/", out: undefined },
  { it: "a leading dot leaves the domain itself", noProxy: ".example.com", target: "http://example.com/", out: used },
  { it: "a leading star and dot means the same", noProxy: "*.example.com", target: "http://example.com/", out: used },
  { it: "an address", noProxy: "10.0.0.1", target: "http://10.0.0.1/", out: undefined },
  { it: "another address", noProxy: "10.0.0.1", target: "http://10.0.0.11/", out: used },
  { it: "a network", noProxy: "10.0.0.0/8", target: "http://10.9.8.7/", out: undefined },
  { it: "another network", noProxy: "10.0.0.0/8", target: "http://11.9.8.7/", out: used },
  { it: "a network of IPv6", noProxy: "fd00::/8", target: "http://[fd12::1]/", out: undefined },
  { it: "a network holds no names", noProxy: "10.0.0.0/8", target: "http://ten/", out: used },
  { it: "a port", noProxy: "example.com:8080", target: "http://example.com:8080/", out: undefined },
  { it: "another port", noProxy: "example.com:8080", target: "http://example.com/", out: used },
  { it: "the default port", noProxy: "example.com:443", target: "https://example.com/", out: undefined },
  { it: "an address of IPv6 with port", noProxy: "[fd00::1]:80", target: "http://[fd00::1]/", out: undefined },
])("no_proxy: $it", ({ noProxy, target, out }) => {
  expect(select({ url, noProxy }, target)).toBe(out);
});

test.for<{ it: string; environment: Record<string, string>; target: string; out: string | undefined }>([
  { it: "http", environment: { HTTP_PROXY: url, HTTPS_PROXY: "http://secure:1" }, target: "http://a/", out: used },
  {
    it: "https",
    environment: { HTTP_PROXY: url, HTTPS_PROXY: "http://secure:1" },
    target: "https://a/",
    out: "http://secure:1/",
  },
  { it: "no https", environment: { HTTP_PROXY: url }, target: "https://a/", out: undefined },
  { it: "small letters", environment: { http_proxy: url }, target: "http://a/", out: used },
  { it: "a proxy without a protocol", environment: { HTTP_PROXY: "proxy:3128" }, target: "http://a/", out: used },
  { it: "NO_PROXY", environment: { HTTP_PROXY: url, NO_PROXY: "a" }, target: "http://a/", out: undefined },
  { it: "not the machine itself", environment: { HTTP_PROXY: url }, target: "http://localhost:9090/", out: undefined },
  {
    it: "not a client's header in CGI",
    environment: { HTTP_PROXY: url, REQUEST_METHOD: "GET" },
    target: "http://a/",
    out: undefined,
  },
  { it: "nothing", environment: {}, target: "http://a/", out: undefined },
])("proxy_from_environment: $it", ({ environment, target, out }) => {
  expect(select({ fromEnvironment: true, environment }, target)).toBe(out);
});

test("a protocol that proxies don't have here is an error", () => {
  expect(() => proxySelector({ url: "socks5://proxy" })).toThrow(
    /^proxy_url should start with http:\/\/ or https:\/\/, got socks5:\/\/$/,
  );
});
