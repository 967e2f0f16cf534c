/** Conversions between kinds. */
import { boolLike, floatLike, intLike, textLike } from "../params.ts";
import { define, type FunctionTable } from "./define.ts";

export const numbers: FunctionTable = {
  Int: define({ params: { target: intLike }, build: ({ target }) => target }),
  Double: define({ params: { target: floatLike }, build: ({ target }) => target }),
  Bool: define({ params: { target: boolLike }, build: ({ target }) => target }),
  String: define({ params: { target: textLike }, build: ({ target }) => target }),
};
