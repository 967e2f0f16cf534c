/** `encoding.*`: JSON, YAML, base64, URL escapes. */
import { boundInput, boundText, countJsonParts, countYamlParts, mapText, maxParts, maxYamlParts } from "../bounds.ts";
import { byteList } from "../bytes.ts";
import { toText } from "../convert.ts";
import { parseGoJson } from "../gojson.ts";
import { toGoPlain } from "../goplain.ts";
import { goJson } from "../json.ts";
import { FunctionValue } from "../value.ts";
import { type Alphabet, decodeBase64, encodeBase64 } from "./base64.ts";
import { argument, expectCount, namespace, textFunction } from "./define.ts";
import { parseYaml } from "./yaml.ts";

export const fromJson = textFunction("from_json", 1, text => {
  if (text.length > maxParts) boundInput(countJsonParts(text)); // shorter ones can't have so many
  return parseGoJson(text);
});
export const fromYaml = textFunction("from_yaml", 1, text => {
  if (text.length > maxYamlParts) boundInput(countYamlParts(text), maxYamlParts); // as above
  return parseYaml(text);
});
export const fromBase64 = new FunctionValue("from_base64", args => {
  expectCount(args, 1);
  return byteList(decodeBase64(argument(args, 0, toText), "standard"));
});
const fromUrlBase64 = textFunction("from_URLbase64", 1, text => byteList(decodeBase64(text, "url")));
const toBase64 = textFunction("to_base64", 1, text => encoded(text, "standard"));
const toUrlBase64 = textFunction("to_URLbase64", 1, text => encoded(text, "url"));

function encoded(text: string, alphabet: Alphabet): string {
  boundText(Math.ceil(Buffer.byteLength(text) / 3) * 4);
  return encodeBase64(text, alphabet);
}

const toJson = new FunctionValue("to_json", args => {
  expectCount(args, 1);
  const object = args[0];
  if (!(object instanceof Map)) throw new Error("jsonEncode only supports map");
  return goJson(toGoPlain(object));
});

/** How each byte stands in a URL. */
const urlBytes: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (byte === 0x20) return "+";
  if (/[A-Za-z0-9\-_.~]/.test(character)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

const urlEncode = textFunction("url_encode", 1, text => {
  let length = 0;
  for (const byte of Buffer.from(text)) length += urlBytes[byte]?.length ?? 0;
  boundText(length);
  return mapText(text, piece => Array.from(Buffer.from(piece), byte => urlBytes[byte]).join(""));
});

const urlDecode = textFunction("url_decode", 1, text => {
  const source = new TextEncoder().encode(text);
  const decoded = new Uint8Array(source.length);
  let length = 0;
  for (let i = 0; i < source.length; i++) {
    const byte = source[i] ?? 0;
    if (byte !== 0x25) {
      decoded[length++] = byte === 0x2b ? 0x20 : byte;
      continue;
    }
    const triplet = new TextDecoder().decode(source.subarray(i, i + 3));
    if (!/^%[0-9a-fA-F]{2}$/.test(triplet)) throw new Error(`invalid URL escape ${JSON.stringify(triplet)}`);
    decoded[length++] = Number.parseInt(triplet.slice(1), 16);
    i += 2;
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(decoded.subarray(0, length));
});

export const encoding = namespace({
  from_json: fromJson,
  from_yaml: fromYaml,
  from_base64: fromBase64,
  from_URLbase64: fromUrlBase64,
  to_json: toJson,
  to_base64: toBase64,
  to_URLbase64: toUrlBase64,
  url_encode: urlEncode,
  url_decode: urlDecode,
});
