import { expect, test } from "vitest";
import { echoText } from "./echo.ts";

test("a line an entry, which stays one line whatever is in it", () => {
  const entries = [
    { timestamp: 5n, line: 'say "hi"\nthere', metadata: ["m", "n"] },
    { timestamp: 6n, line: "", metadata: [] },
  ];
  expect(echoText([{ labels: ["a", "b"], entries }])).toBe(
    'timestamp=5 labels="{a=\\"b\\"}" structured_metadata="{m=\\"n\\"}" entry="say \\"hi\\"\\nthere"\n' +
      'timestamp=6 labels="{a=\\"b\\"}" structured_metadata="{}" entry=""\n',
  );
  expect(echoText([])).toBe("");
});
