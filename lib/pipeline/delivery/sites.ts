/** URLs as clients compare and show them. */

/** The same host, whatever the port, or a subdomain of it; never from https to http. */
export function sameSite(first: URL, target: URL): boolean {
  if (first.protocol === "https:" && target.protocol !== "https:") return false;
  const [from, to] = [first.hostname, target.hostname];
  return from === to || (to.endsWith(`.${from}`) && !/^[\d.]+$|:/.test(from));
}

/** A URL as messages show it: without credentials, and without the query, which may hold some. */
export function nameOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
