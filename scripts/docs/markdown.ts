/** Pieces of Markdown that pages are made of. */

/** Rows under a head; nothing where there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (!rows.length) return [];
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

/** On one line, with its bars escaped: also those in code, where GitHub needs it as well. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

export function code(text: string): string {
  const ticks = /`+/.test(text) ? "``" : "`";
  const space = ticks.length > 1 ? " " : "";
  return `${ticks}${space}${text}${space}${ticks}`;
}

export const fenced = (language: string, text: string): string[] => [
  `\`\`\`${language}`,
  ...text.replace(/\n$/, "").split("\n"),
  "```",
  "",
];

/** The name under which GitHub and others link to a heading. */
export const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

/** `a`, `b` or `c`. */
export function anyOf(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}

/** JSON as the formatter of this repository writes it: lists of plain values on one line where they fit. */
export function printJson(value: unknown): string {
  return `${jsonText(value, "", 0)}\n`;
}

const width = 120;

/** `before` is what stands on the line already; `after` follows, a comma at most. */
function jsonText(value: unknown, indent: string, before: number): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (!Array.isArray(value)) {
    const fields = Object.entries(value).filter(([, each]) => each !== undefined);
    if (!fields.length) return "{}";
    const lines = fields.map(([key, each]) => {
      const head = `${inner}${JSON.stringify(key)}: `;
      return head + jsonText(each, inner, head.length);
    });
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  if (!value.length) return "[]";
  const items = value.map(each => jsonText(each, inner, inner.length));
  const oneLine = `[${items.join(", ")}]`;
  const fits = items.every(item => !item.includes("\n")) && before + oneLine.length + 1 <= width;
  if (fits) return oneLine;
  if (value.every(each => typeof each === "number")) return `[\n${filled(items, inner)}\n${indent}]`;
  return `[\n${items.map(item => inner + item).join(",\n")}\n${indent}]`;
}

/** Numbers fill their lines. */
function filled(items: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const [i, item] of items.entries()) {
    const text = i === items.length - 1 ? item : `${item},`;
    if (line && indent.length + line.length + 1 + text.length > width) {
      lines.push(indent + line);
      line = text;
    } else line = line ? `${line} ${text}` : text;
  }
  return [...lines, indent + line].join("\n");
}
