/** Members of a W3C trace state: `a=1,b=2`, the newest first. */

const keyPattern = /^[a-z0-9][a-z0-9_\-*/]{0,255}(?:@[a-z][a-z0-9_\-*/]{0,13})?$/;
const valuePattern = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const most = 32;

type Member = readonly [key: string, value: string];

function parse(state: string): readonly Member[] | undefined {
  const members: Member[] = [];
  for (const part of state.split(",")) {
    if (part.trim() === "") continue;
    const [, key = "", value = ""] = /^[ \t]*([^=]*)=(.*?)[ \t]*$/.exec(part) ?? [];
    if (!keyPattern.test(key) || !valuePattern.test(value)) return undefined;
    if (members.some(([other]) => other === key)) return undefined;
    members.push([key, value]);
  }
  return members.length > most ? undefined : members;
}

/** The value of a member: "" where it isn't there, nil where the state can't be read. */
export function getTraceState(state: string, key: string): string | undefined {
  const members = parse(state);
  return members && (members.find(([own]) => own === key)?.[1] ?? "");
}

/** The state with the member at its front; what can't be read or written stays as it is. */
export function setTraceState(state: string, key: string, value: string): string {
  const members = parse(state);
  if (!members || !keyPattern.test(key) || !valuePattern.test(value)) return state;
  const rest = members.filter(([own]) => own !== key).slice(0, most - 1);
  return [[key, value] as const, ...rest].map(member => member.join("=")).join(",");
}
