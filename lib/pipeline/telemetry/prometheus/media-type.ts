/** Content types as Go's `mime.ParseMediaType` reads them, and the exposition format that one stands for. */

export interface MediaType {
  /** Lower case, without parameters. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;
const parameter =
  /^\s*;\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))/;

/** Reads a Content-Type header; `undefined` for one that is malformed. */
export function parseMediaType(header: string): MediaType | undefined {
  const semicolon = header.indexOf(";");
  const type = (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  const [major = "", minor, more] = type.split("/");
  const isToken = (text: string) => token.exec(text)?.[0] === text;
  if (more !== undefined || !isToken(major) || (minor !== undefined && !isToken(minor))) return undefined;
  const parameters = new Map<string, string>();
  for (let rest = semicolon < 0 ? "" : header.slice(semicolon); rest.trim() !== "" && rest.trim() !== ";"; ) {
    const match = parameter.exec(rest);
    if (!match) return undefined;
    const [all, name = "", quoted, plain = ""] = match;
    if (parameters.has(name.toLowerCase())) return undefined;
    parameters.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
    rest = rest.slice(all.length);
  }
  return { type, parameters };
}

/** The three parsers that Prometheus has. */
export type ExpositionFormat = "text" | "openmetrics" | "protobuf";

const formats: Readonly<Record<string, ExpositionFormat>> = {
  "text/plain": "text",
  "application/openmetrics-text": "openmetrics",
  "application/vnd.google.protobuf": "protobuf",
};

const protocols: Readonly<Record<string, ExpositionFormat>> = {
  PrometheusProto: "protobuf",
  "PrometheusText0.0.4": "text",
  "PrometheusText1.0.0": "text",
  "OpenMetricsText0.0.1": "openmetrics",
  "OpenMetricsText1.0.0": "openmetrics",
};

/** The format of a content type, else that of the scrape protocol to fall back to; `problem` says why there is none, or why it fell back. */
export function expositionFormat(
  contentType: string,
  fallbackProtocol: string,
): { format: ExpositionFormat | undefined; problem: string | undefined } {
  const format = formats[parseMediaType(contentType)?.type ?? ""];
  if (format !== undefined) return { format, problem: undefined };
  const fallback = protocols[fallbackProtocol];
  const got = contentType === "" ? "blank" : JSON.stringify(contentType);
  const instead =
    fallback === undefined
      ? "no fallback_scrape_protocol specified for target"
      : `using fallback_scrape_protocol ${JSON.stringify(fallbackProtocol)}`;
  return {
    format: fallback,
    problem: `content type should be one of ${Object.keys(formats).join(", ")}, got ${got}, ${instead}`,
  };
}
