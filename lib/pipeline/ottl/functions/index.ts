/** The tables of functions, as components use them. One file holds one group. */
import type { FunctionTable } from "./define.ts";
import { editors } from "./editors.ts";
import { hashes } from "./hashes.ts";
import { ids } from "./ids.ts";
import { kinds } from "./kinds.ts";
import { numbers } from "./numbers.ts";
import { strings } from "./strings.ts";
import { filterFunctions, telemetry } from "./telemetry.ts";
import { times } from "./times.ts";
import { values } from "./values.ts";

/** Functions that give values and change nothing. */
export const converters: FunctionTable = {
  ...hashes,
  ...ids,
  ...kinds,
  ...numbers,
  ...strings,
  ...telemetry,
  ...times,
  ...values,
};

/** For conditions of filters. */
export const filterConverters: FunctionTable = { ...converters, ...filterFunctions };

/** For statements. */
export const allFunctions: FunctionTable = { ...converters, ...editors };
