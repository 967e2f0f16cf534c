/** Reads logfmt as github.com/go-logfmt/logfmt does: lines of `key=value`, `key="quoted"` and bare keys. */

const maxLine = 64 * 1024;

/** Gives each pair to `pair`; stops at the first mistake, keeping what was read before it. */
export function readLogfmt(text: string, pair: (key: string, value: string) => void): void {
  for (const line of text.split("\n")) {
    if (line.length > maxLine / 3 && Buffer.byteLength(line) >= maxLine) return;
    if (!readRecord(line.endsWith("\r") ? line.slice(0, -1) : line, pair)) return;
  }
}

function readRecord(line: string, pair: (key: string, value: string) => void): boolean {
  let at = 0;
  for (;;) {
    while (at < line.length && line.charCodeAt(at) <= 0x20) at++;
    if (at >= line.length) return true;
    const start = at;
    while (at < line.length && isKeyPart(line.charCodeAt(at))) at++;
    const key = line.slice(start, at);
    if (line[at] === '"' || key === "" || key.includes("\ufffd")) return false;
    if (line[at] !== "=") {
      pair(key, "");
      continue;
    }
    at++;
    if (line[at] === '"') {
      const end = closingQuote(line, at);
      const value = end < 0 ? undefined : unquote(line.slice(at + 1, end));
      if (value === undefined) return false;
      pair(key, value);
      at = end + 1;
      continue;
    }
    const valueStart = at;
    while (at < line.length && isKeyPart(line.charCodeAt(at))) at++;
    if (line[at] === "=" || line[at] === '"') return false;
    pair(key, line.slice(valueStart, at));
  }
}

/** Neither blank, `=` nor `"`. */
const isKeyPart = (code: number) => code > 0x20 && code !== 0x3d && code !== 0x22;

function closingQuote(line: string, open: number): number {
  for (let i = open + 1; i < line.length; i++) {
    if (line[i] === "\\") i++;
    else if (line[i] === '"') return i;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** `undefined` for an escape that isn't one, or a control character beside escapes. */
function unquote(body: string): string | undefined {
  if (!body.includes("\\")) return body;
  if (/[\x00-\x1f]/.test(body)) return undefined;
  let bad = false;
  const text = body.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    const known = escapes[code];
    if (known === undefined) bad = true;
    return known ?? "";
  });
  return bad ? undefined : text.toWellFormed();
}
