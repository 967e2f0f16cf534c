/** LogQL's pattern expressions: literals and captures by turns, `<ip> - <_> [<time>]`. */
import { ProblemError } from "../../../graph/component.ts";
import { isClassicLabelName } from "./label-sets.ts";

interface Part {
  readonly capture: boolean;
  /** A capture's name or the literal. */
  readonly text: string;
}

/** Gives captures as name, value pairs; stops where a literal is missing, with the rest in the capture before it. */
export type PatternMatcher = (text: string, capture: (name: string, value: string) => void) => void;

export function compilePattern(pattern: string): PatternMatcher {
  const parts = parse(pattern);
  const [first] = parts;
  const prefix = first && !first.capture ? first.text : "";
  const steps: { name: string; until: string }[] = [];
  for (let i = prefix === "" ? 0 : 1; i < parts.length; i += 2) {
    steps.push({ name: (parts[i] as Part).text, until: parts[i + 1]?.text ?? "" }); // captures and literals alternate
  }
  return (text, capture) => {
    if (text === "" || !text.startsWith(prefix)) return;
    let at = prefix.length;
    for (const { name, until } of steps) {
      const end = until === "" ? -1 : text.indexOf(until, at);
      if (name !== "_") capture(name, text.slice(at, end < 0 ? undefined : end));
      if (end < 0) return;
      at = end + until.length;
    }
  };
}

function parse(pattern: string): readonly Part[] {
  const parts: Part[] = pattern
    .split(/(<[a-zA-Z_][a-zA-Z0-9_]*>)/)
    .map((text, i) => (i % 2 ? { capture: true, text: text.slice(1, -1) } : { capture: false, text }))
    .filter(({ text }) => text !== "");
  const names = parts.filter(({ capture, text }) => capture && text !== "_").map(({ text }) => text);
  if (!names.length) throw new ProblemError("failed to parse pattern: at least one capture is required");
  const second = parts.findIndex((part, i) => part.capture && parts[i + 1]?.capture);
  if (second >= 0) throw new ProblemError("failed to parse pattern: found consecutive capture: invalid expression");
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ProblemError(`failed to parse pattern: duplicate capture name (${twice}): invalid expression`);
  const bad = names.find(name => !isClassicLabelName(name));
  if (bad !== undefined) throw new ProblemError(`invalid capture label name '${bad}'`);
  return parts;
}
