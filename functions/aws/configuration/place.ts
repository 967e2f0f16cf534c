/**
 * Where `AMALGAM_CONFIG` says that the configuration is. What is no address is a path, as ever.
 *
 *     s3://BUCKET/KEY     an object
 *     s3://BUCKET/KEY/    the *.alloy objects of a folder, as one configuration
 *     https://HOST/PATH   what a server answers
 */

export type RemotePlace =
  | {
      readonly kind: "s3";
      /** For messages. */
      readonly name: string;
      readonly bucket: string;
      /** Of a folder it ends with a slash, or is empty for the whole bucket. */
      readonly key: string;
      readonly folder: boolean;
    }
  | {
      readonly kind: "http";
      /** For messages: without what may be a secret. */
      readonly name: string;
      readonly url: URL;
    };

/** What may be said. */
export const places = "a path, s3://BUCKET/KEY or https://HOST/PATH";

/** Whether it is an address rather than a path. */
export const isAddress = (text: string): boolean => text.includes("://");

/** Reads an address; throws what is wrong with it, without what may be a secret. `variable` is what has it. */
export function remotePlace(text: string, variable = "AMALGAM_CONFIG"): RemotePlace {
  const scheme = text.slice(0, text.indexOf("://")).toLowerCase();
  switch (scheme) {
    case "s3":
      return s3Place(text, variable);
    case "http":
    case "https":
      return httpPlace(text, variable);
    default:
      throw new Error(`${variable} should be ${places}, got what begins with ${JSON.stringify(`${scheme}://`)}`);
  }
}

function s3Place(text: string, variable: string): RemotePlace {
  const [, bucket = "", key] = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(text) ?? [];
  if (!/^[a-z0-9][a-z0-9._-]{1,254}$/i.test(bucket) || key === undefined)
    throw new Error(
      `${variable} should be s3://BUCKET/KEY, with a slash at the end for a folder, got ${JSON.stringify(text)}`,
    );
  return { kind: "s3", name: text, bucket, key, folder: key === "" || key.endsWith("/") };
}

function httpPlace(text: string, variable: string): RemotePlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname) throw new Error(`${variable} should be an address with a host, as https://HOST/PATH, got none`);
  const name = `${url.origin}${url.pathname}`;
  if (url.username || url.password)
    throw new Error(
      `${variable} should have no user and password, since they get into logs: a token may be in ${variable}_TOKEN`,
    );
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    throw new Error(
      `${variable} should begin with https://, got ${name}: without TLS anyone on the way may change where the data goes, so http:// is for 127.0.0.1 and localhost only`,
    );
  url.hash = "";
  return { kind: "http", name, url };
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
