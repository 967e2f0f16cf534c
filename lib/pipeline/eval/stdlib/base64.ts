/** Base64 with Go's rules: padding is a must, line breaks are skipped, an error tells the byte. */

export type Alphabet = "standard" | "url";

/** Encodes the bytes of a text. */
export function encodeBase64(text: string, alphabet: Alphabet): string {
  const encoded = Buffer.from(text, "utf8").toString("base64");
  return alphabet === "url" ? encoded.replaceAll("+", "-").replaceAll("/", "_") : encoded;
}

const pad = 0x3d;
const isBreak = (byte: number | undefined) => byte === 0x0a || byte === 0x0d;

/** Decodes; throws an Error with Go's words. */
export function decodeBase64(text: string, alphabet: Alphabet): Uint8Array {
  const source = new TextEncoder().encode(text);
  check(source, alphabet === "url" ? /^[A-Za-z0-9_-]$/ : /^[A-Za-z0-9+/]$/);
  return new Uint8Array(Buffer.from(text.replace(/[\r\n]/g, ""), "base64"));
}

const corrupt = (byte: number) => new Error(`illegal base64 data at input byte ${byte}`);

/** Walks the quanta of four characters and finds the byte that Go would complain about. */
function check(source: Uint8Array, valid: RegExp): void {
  let at = 0;
  const skipBreaks = () => {
    while (isBreak(source[at])) at++;
  };
  for (;;) {
    for (let count = 0; count < 4; ) {
      const byte = source[at];
      if (byte === undefined) {
        if (count === 0) return;
        throw corrupt(at - count);
      }
      at++;
      if (isBreak(byte)) continue;
      if (byte !== pad) {
        if (!valid.test(String.fromCharCode(byte))) throw corrupt(at - 1);
        count++;
        continue;
      }
      if (count < 2) throw corrupt(at - 1);
      skipBreaks();
      if (count === 2) {
        if (at === source.length) throw corrupt(source.length);
        if (source[at] !== pad) throw corrupt(at - 1);
        at++;
        skipBreaks();
      }
      if (at < source.length) throw corrupt(at);
      return;
    }
  }
}
