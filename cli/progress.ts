/** How far long work is: a bar on a terminal, a line now and then elsewhere. */

export interface Progress {
  readonly done: number;
  /** About; what is done may be more. */
  readonly total: number;
  readonly failures: number;
}

export interface ProgressView {
  show(progress: Progress): void;
  /** A line of its own, above the bar. */
  line(text: string): void;
  /** Takes the bar away. */
  end(): void;
}

/** What progress needs of a stream. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const eraseLine = "\r\x1b[K";
const barWidth = 30;

export function createProgress(terminal: Terminal): ProgressView {
  return terminal.isTTY ? bar(terminal) : lines(terminal);
}

function bar(terminal: Terminal): ProgressView {
  let shown = "";
  return {
    show(progress) {
      const filled = Math.floor(shareOf(progress) * barWidth);
      const text = `[${"#".repeat(filled).padEnd(barWidth, "-")}] ${describe(progress)}`;
      shown = text.slice(0, (terminal.columns ?? 80) - 1);
      terminal.write(`${eraseLine}${shown}`);
    },
    line: text => void terminal.write(`${shown && eraseLine}${text}\n${shown}`),
    end() {
      if (shown) terminal.write(eraseLine);
      shown = "";
    },
  };
}

/** One each tenth of the work. */
function lines(terminal: Terminal): ProgressView {
  let tenths = 0;
  return {
    show(progress) {
      const reached = Math.floor(shareOf(progress) * 10);
      if (reached <= tenths) return;
      tenths = reached;
      terminal.write(`${describe(progress)}\n`);
    },
    line: text => void terminal.write(`${text}\n`),
    end: () => {},
  };
}

const shareOf = ({ done, total }: Progress): number => (total > 0 ? Math.min(1, done / total) : 1);

const describe = (progress: Progress): string => {
  const { done, total, failures } = progress;
  const percent = `${Math.floor(shareOf(progress) * 100)}%`.padStart(4);
  return `${percent} ${done} of ${Math.max(done, total)} letters${failures ? `, ${failures} failed` : ""}`;
};
