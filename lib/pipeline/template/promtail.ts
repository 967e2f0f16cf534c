/** The functions of templates in log stages: Promtail's own, and Sprig's. */
import { createHash } from "node:crypto";
import { goBytes } from "./bytes.ts";
import { type Fn, fn } from "./functions.ts";
import { collectionFunctions } from "./sprig-collections.ts";
import { dateFunctions } from "./sprig-dates.ts";
import { encodingFunctions, regexOf } from "./sprig-encoding.ts";
import { numberFunctions } from "./sprig-numbers.ts";
import {
  lower,
  replaceText,
  stringFunctions,
  trimPrefix,
  trimSet,
  trimSpace,
  trimSuffix,
  upper,
} from "./sprig-strings.ts";

const salted = (algorithm: string) =>
  fn("string string", (salt: string, text: string) =>
    createHash(algorithm)
      .update(goBytes(salt + text))
      .digest("hex"),
  );

/** Sprig's functions, those left out that make keys and certificates or look up hosts. */
export const sprigFunctions: Readonly<Record<string, Fn>> = {
  ...stringFunctions,
  ...numberFunctions,
  ...collectionFunctions,
  ...dateFunctions,
  ...encodingFunctions,
};

/** What `stage.template` and `stage.replace` offer. */
export const promtailFunctions: Readonly<Record<string, Fn>> = {
  ...sprigFunctions,
  ToLower: fn("string", lower),
  ToUpper: fn("string", upper),
  Replace: fn("string string string int", replaceText),
  Trim: fn("string string", (text: string, set: string) => trimSet(text, set)),
  TrimLeft: fn("string string", (text: string, set: string) => trimSet(text, set, true, false)),
  TrimRight: fn("string string", (text: string, set: string) => trimSet(text, set, false, true)),
  TrimPrefix: fn("string string", trimPrefix),
  TrimSuffix: fn("string string", trimSuffix),
  TrimSpace: fn("string", trimSpace),
  Hash: salted("sha3-256"),
  Sha2Hash: salted("sha256"),
  regexReplaceAll: fn("string string string", (pattern: string, text: string, template: string) =>
    regexOf(pattern).replaceAll(text, template),
  ),
  regexReplaceAllLiteral: fn("string string string", (pattern: string, text: string, literal: string) =>
    regexOf(pattern).replaceAll(text, () => literal),
  ),
};
