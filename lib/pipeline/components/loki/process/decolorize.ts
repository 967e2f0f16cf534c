/** stage.decolorize: removes terminal escape sequences from the line. */
import { type Infer, object } from "../../../eval/schema.ts";
import type { Stage } from "./entry.ts";

export const decolorizeArgs = object({});

/** An introducer (ESC or CSI), then either parameters up to BEL, or numbers and one final letter; digits and letters as RE2 has them. */
const escapeSequence =
  /[\x1b\x9b][[\]()#;?]*(?:(?:(?:[a-zA-Z0-9]*(?:;[a-zA-Z0-9]*)*)?\x07)|(?:(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~]))/g;

export function decolorizeStage(_args: Infer<typeof decolorizeArgs>): Stage {
  return entry => {
    const { line } = entry;
    if (line.includes("\x1b") || line.includes("\x9b")) entry.line = line.replace(escapeSequence, "");
    return true;
  };
}
