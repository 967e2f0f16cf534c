/** The process' own counters, in Prometheus' data model, with a text exposition. */

export interface Metrics {
  counter(name: string, help: string, labels?: Readonly<Record<string, string>>): Counter;
  gauge(name: string, help: string, labels?: Readonly<Record<string, string>>): Gauge;
  /** Text exposition format 0.0.4 of all series. */
  expose(): string;
}

export interface Counter {
  add(n: number): void;
  readonly value: number;
}

export interface Gauge {
  set(n: number): void;
  readonly value: number;
}

class Series implements Counter, Gauge {
  value = 0;

  add(n: number): void {
    this.value += n;
  }
  set(n: number): void {
    this.value = n;
  }
}

interface Family {
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly series: Map<string, Series>;
}

/** Keeps each series once: asking again for the same name and labels gives the same series. */
export class MetricsRegistry implements Metrics {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: Readonly<Record<string, string>> = {}): Counter {
    return this.#series(name, help, "counter", labels);
  }

  gauge(name: string, help: string, labels: Readonly<Record<string, string>> = {}): Gauge {
    return this.#series(name, help, "gauge", labels);
  }

  /** Text exposition format 0.0.4. */
  expose(): string {
    const lines: string[] = [];
    for (const [name, { help, type, series }] of [...this.#families].sort(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`);
      for (const [labels, { value }] of series) lines.push(`${name}${labels} ${value}`);
    }
    return lines.length ? `${lines.join("\n")}\n` : "";
  }

  #series(name: string, help: string, type: Family["type"], labels: Readonly<Record<string, string>>): Series {
    let family = this.#families.get(name);
    if (!family) {
      family = { help, type, series: new Map() };
      this.#families.set(name, family);
    }
    const key = labelText(labels);
    let series = family.series.get(key);
    if (!series) {
      series = new Series();
      family.series.set(key, series);
    }
    return series;
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (!pairs.length) return "";
  const quote = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${pairs.map(([name, value]) => `${name}="${quote(value)}"`).join(",")}}`;
}
