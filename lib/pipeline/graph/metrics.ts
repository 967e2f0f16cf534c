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

interface Family {
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly series: Map<string, { value: number }>;
}

/** Keeps each series once: asking again for the same name and labels gives the same series. */
export class MetricsRegistry implements Metrics {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: Readonly<Record<string, string>> = {}): Counter {
    const series = this.#series(name, help, "counter", labels);
    return {
      add: n => {
        series.value += n;
      },
      get value() {
        return series.value;
      },
    };
  }

  gauge(name: string, help: string, labels: Readonly<Record<string, string>> = {}): Gauge {
    const series = this.#series(name, help, "gauge", labels);
    return {
      set: n => {
        series.value = n;
      },
      get value() {
        return series.value;
      },
    };
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

  #series(name: string, help: string, type: Family["type"], labels: Readonly<Record<string, string>>) {
    let family = this.#families.get(name);
    if (!family) {
      family = { help, type, series: new Map() };
      this.#families.set(name, family);
    }
    const key = labelText(labels);
    let series = family.series.get(key);
    if (!series) {
      series = { value: 0 };
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
