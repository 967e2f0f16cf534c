const encoder = new TextEncoder();

/** Quotes a text as the messages of Go's time package do: bytes that are not printable ASCII as `\xNN`. */
export function quoteGo(text: string): string {
  let quoted = "";
  for (const char of text) {
    if (char === '"' || char === "\\") quoted += `\\${char}`;
    else if (char >= " " && char < "\u0080") quoted += char;
    else for (const byte of encoder.encode(char)) quoted += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${quoted}"`;
}
