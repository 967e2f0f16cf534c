/** Character classes by name: `\d`, `[:alpha:]`, `\pL`, `\p{Greek}`. Those of Perl and POSIX are ASCII only. */
import { anyChar, type Charset, charset, negate } from "./charset.ts";

const digit: Charset = [0x30, 0x39];
const space: Charset = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];
const word: Charset = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];

export const perlClasses: ReadonlyMap<string, Charset> = new Map([
  ["d", digit],
  ["s", space],
  ["w", word],
]);

export const posixClasses: ReadonlyMap<string, Charset> = new Map<string, Charset>([
  ["alnum", [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a]],
  ["alpha", [0x41, 0x5a, 0x61, 0x7a]],
  ["ascii", [0x00, 0x7f]],
  ["blank", [0x09, 0x09, 0x20, 0x20]],
  ["cntrl", [0x00, 0x1f, 0x7f, 0x7f]],
  ["digit", digit],
  ["graph", [0x21, 0x7e]],
  ["lower", [0x61, 0x7a]],
  ["print", [0x20, 0x7e]],
  ["punct", [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ["space", [0x09, 0x0d, 0x20, 0x20]],
  ["upper", [0x41, 0x5a]],
  ["word", word],
  ["xdigit", [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
]);

const shortCategories =
  "C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs";
const longCategories =
  "Other Control cntrl Format Unassigned Private_Use Surrogate Letter Cased_Letter Lowercase_Letter Modifier_Letter " +
  "Other_Letter Titlecase_Letter Uppercase_Letter Mark Combining_Mark Spacing_Mark Enclosing_Mark Nonspacing_Mark Number " +
  "Decimal_Number digit Letter_Number Other_Number Punctuation punct Connector_Punctuation Dash_Punctuation " +
  "Close_Punctuation Final_Punctuation Initial_Punctuation Other_Punctuation Open_Punctuation Symbol Currency_Symbol " +
  "Modifier_Symbol Math_Symbol Other_Symbol Separator Line_Separator Paragraph_Separator Space_Separator";
/** Scripts whose name has four letters; the engine also knows four-letter codes, which Go does not. */
const shortScripts = "Ahom Cham Kawi Lisu Modi Newa Thai Toto";

const known = new Map<string, Charset | undefined>();

/** The characters of a Unicode category or script, `undefined` for a name that Go does not know. */
export function unicodeClass(given: string): Charset | undefined {
  const name = canonical(given);
  if (!known.has(name)) known.set(name, lookUp(name));
  return known.get(name);
}

function lookUp(name: string): Charset | undefined {
  if (name === "Any") return anyChar;
  if (name === "Ascii") return [0, 0x7f];
  if (name === "Assigned") return negate(scan("gc=Cn"));
  const category = `${shortCategories} ${longCategories}`.split(" ").find(each => canonical(each) === name);
  if (category !== undefined)
    return category === "Cs" || category === "Surrogate" ? [0xd800, 0xdfff] : scan(`gc=${category}`);
  if (name.length === 4 && !shortScripts.includes(name)) return undefined;
  return /^[A-Z][a-z]+$/.test(name) ? scanIfKnown(`sc=${name}`) : undefined;
}

/** Names are compared without case, blanks, underscores and dashes. */
function canonical(name: string): string {
  const letters = name.replace(/[ _-]/g, "").toLowerCase();
  return letters.charAt(0).toUpperCase() + letters.slice(1);
}

function scanIfKnown(property: string): Charset | undefined {
  try {
    return scan(property);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Collects the characters that have a property by asking the engine, in pieces to keep the strings small. */
function scan(property: string): Charset {
  const runs = new RegExp(`\\p{${property}}+`, "gu");
  const ranges: number[] = [];
  const piece = 0x8000;
  for (let start = 0; start <= 0x10ffff; start += piece) {
    const codes: number[] = [];
    for (let c = start; c < start + piece; c++) codes.push(c >= 0xd800 && c <= 0xdfff ? 0x20 : c);
    let text = "";
    for (let i = 0; i < codes.length; i += 0x1000) text += String.fromCodePoint(...codes.slice(i, i + 0x1000));
    const width = start < 0x10000 ? 1 : 2;
    for (const { 0: run, index } of text.matchAll(runs))
      ranges.push(start + index / width, start + (index + run.length) / width - 1);
  }
  return charset(ranges);
}
