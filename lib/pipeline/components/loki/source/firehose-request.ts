/** What Firehose sends to an HTTP endpoint: https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html */

export interface FirehoseRequest {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** In base64. */
  readonly records: readonly string[];
}

/** Reads the JSON as Go does: names in any case, null for nothing, what is behind the first value passed over. Throws for anything else. */
export function parseFirehoseRequest(text: string): FirehoseRequest {
  const value = firstValue(text);
  if (value === null) return { timestamp: 0, records: [] };
  const { requestid, timestamp, records } = fieldsOf(value, "request");
  if (given(requestid) && typeof requestid !== "string")
    throw new Error(`requestId should be a string, got ${typeof requestid}`);
  if (given(timestamp) && !Number.isSafeInteger(timestamp))
    throw new Error(`timestamp should be an integer, got ${JSON.stringify(timestamp)}`);
  if (given(records) && !Array.isArray(records)) throw new Error(`records should be a list, got ${typeof records}`);
  return {
    timestamp: typeof timestamp === "number" ? timestamp : 0,
    records: Array.isArray(records) ? records.map(dataOf) : [],
  };
}

function dataOf(record: unknown): string {
  if (!given(record)) return "";
  const { data } = fieldsOf(record, "record");
  if (given(data) && typeof data !== "string")
    throw new Error(`data of a record should be a string, got ${typeof data}`);
  return typeof data === "string" ? data : "";
}

const given = (value: unknown): boolean => value !== undefined && value !== null;

/** Fields by their names in lower case. */
function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${what} should be an object, got ${Array.isArray(value) ? "a list" : typeof value}`);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field as unknown]));
}

function firstValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const end = endOfObject(text);
    if (end === undefined) throw text.trim() === "" ? new Error("EOF", { cause: error }) : error;
    return JSON.parse(text.slice(0, end));
  }
}

/** Where the object that a text begins with ends; `undefined` where it does not, or nothing is behind it. */
function endOfObject(text: string): number | undefined {
  let depth = 0;
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]]/gs;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === "{" || token === "[") depth++;
    else if ((token === "}" || token === "]") && --depth === 0) return index + 1;
  }
  return undefined;
}

/** Base64 with its padding; `undefined` where it is none. Line breaks in it don't count. */
export function decodeBase64(text: string): Buffer | undefined {
  const plain = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, "") : text;
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) return undefined;
  return Buffer.from(plain, "base64");
}
