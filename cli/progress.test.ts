import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";

function terminal(options: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  return { ...options, written, write: (text: string) => void written.push(text) };
}

test("a terminal has a bar, in one line that is as wide as it", () => {
  const tty = terminal({ isTTY: true, columns: 60 });
  const view = createProgress(tty);
  view.line("before");
  view.show({ done: 0, total: 200, failures: 0 });
  view.show({ done: 100, total: 200, failures: 3 });
  view.line("told");
  view.end();
  view.end();
  expect(tty.written).toEqual([
    "before\n",
    "\r\x1b[K[------------------------------]   0% 0 of 200 letters",
    "\r\x1b[K[###############---------------]  50% 100 of 200 letters, 3",
    "\r\x1b[Ktold\n[###############---------------]  50% 100 of 200 letters, 3",
    "\r\x1b[K",
  ]);
});

test("elsewhere there is a line each tenth, and more than was counted is still all", () => {
  const log = terminal({});
  const view = createProgress(log);
  for (const done of [1, 19, 20, 21, 59, 100, 250]) view.show({ done, total: 200, failures: 0 });
  view.line("told");
  view.end();
  expect(log.written).toEqual([
    " 10% 20 of 200 letters\n",
    " 29% 59 of 200 letters\n",
    " 50% 100 of 200 letters\n",
    "100% 250 of 250 letters\n",
    "told\n",
  ]);
});
