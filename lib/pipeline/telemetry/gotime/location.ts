/**
 * Time zones by their IANA names. Offsets come from the engine's tables by way of Intl, which is slow, so they are remembered
 * by the week: a week has one offset, or two and the second between them.
 */

/** What a time needs to know of where it is. */
export interface Zone {
  readonly name: string;
  /** Seconds east of Greenwich at a time. */
  offsetAt(seconds: number): number;
  /** `CET`, `EDT`, `+03`; empty where the zone has only an offset. */
  abbreviationAt(seconds: number): string;
}

/** A zone that may stand behind the texts of times. */
export interface Location extends Zone {
  /** The offset that an abbreviation means here, best at the given local time; `undefined` for one that is not used here. */
  offsetOf(abbreviation: string, localSeconds: number): number | undefined;
}

export const utc: Location = { name: "UTC", offsetAt: () => 0, abbreviationAt: () => "UTC", offsetOf: () => undefined };

/** A zone with a constant offset, as the text of a time may bring one along. */
export const fixedZone = (name: string, offset: number): Zone => ({
  name,
  offsetAt: () => offset,
  abbreviationAt: () => name,
});

const known = new Map<string, Location>();

/** Finds a zone; an unknown name throws an error with Go's message. No name is UTC, and so is `Local`, as in a container. */
export function loadLocation(name: string): Location {
  if (name === "" || name === "UTC" || name === "Local") return utc;
  let location = known.get(name);
  if (!location) {
    location = openLocation(name);
    known.set(name, location);
  }
  return location;
}

function openLocation(name: string): Location {
  if (/\.\.|^[/\\]|\\/.test(name)) throw new Error("time: invalid location name");
  // Intl takes names in any case and offsets; Go reads files.
  const looksLikeFile = name.split("/").every(part => /^[A-Z]/.test(part)) && !/\/[A-Z]{5,}/.test(name);
  try {
    if (looksLikeFile) return new IanaLocation(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new Error(`unknown time zone ${name}`);
}

const secondsPerWeek = 7 * 86_400;

interface Week {
  readonly before: number;
  /** From this second on the other offset holds. */
  readonly change: number;
  readonly after: number;
}

class IanaLocation implements Location {
  readonly name: string;
  readonly #offsets: Intl.DateTimeFormat;
  readonly #weeks = new Map<number, Week>();
  #abbreviations: ((seconds: number) => string) | undefined;
  #used: ReadonlyMap<string, number> | undefined;

  constructor(name: string) {
    this.name = name;
    this.#offsets = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  }

  offsetAt(seconds: number): number {
    const number = Math.floor(seconds / secondsPerWeek);
    let week = this.#weeks.get(number);
    if (!week) {
      week = this.#lookUpWeek(number * secondsPerWeek);
      if (this.#weeks.size >= 10_000) this.#weeks.clear();
      this.#weeks.set(number, week);
    }
    return seconds < week.change ? week.before : week.after;
  }

  abbreviationAt(seconds: number): string {
    if (this.offsetAt(seconds) % 60 !== 0) return "LMT"; // before zones were agreed on
    this.#abbreviations ??= abbreviationsOf(this);
    return this.#abbreviations(seconds);
  }

  offsetOf(abbreviation: string, localSeconds: number): number | undefined {
    this.#used ??= usedAbbreviations(this);
    const usual = this.#used.get(abbreviation);
    if (usual === undefined) return undefined;
    const then = localSeconds - usual;
    return this.abbreviationAt(then) === abbreviation ? this.offsetAt(then) : usual;
  }

  #lookUpWeek(start: number): Week {
    const before = this.#ask(start);
    const after = this.#ask(start + secondsPerWeek - 1);
    if (before === after) return { before, change: start, after };
    let low = start;
    let high = start + secondsPerWeek - 1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle) === before) low = middle;
      else high = middle;
    }
    return { before, change: high, after };
  }

  #ask(seconds: number): number {
    const text = zoneNamePart(this.#offsets, seconds);
    const [, sign, hours, minutes, rest = "0"] = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
    if (sign === undefined) return 0; // plain GMT
    const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
    return sign === "-" ? -offset : offset;
  }
}

/** Intl takes times up to 275,760 years from the epoch. */
const farthest = 8.64e12;

function zoneNamePart(format: Intl.DateTimeFormat, seconds: number): string {
  const within = Math.max(-farthest, Math.min(farthest, seconds));
  const part = format.formatToParts(within * 1000).find(({ type }) => type === "timeZoneName");
  return part?.value ?? "GMT";
}

/** English-speaking places whose people use an abbreviation: Intl tells it only to them. */
const locales = ["en-US", "en-GB", "en-AU", "en-NZ", "en-IN", "en-ZA", "en-CA"];

/** Where the tz database has another abbreviation than Intl: standard and summer time; nothing where it has a number. */
const exceptions: Readonly<Record<string, string>> = {
  "Africa/Casablanca": "",
  "Africa/El_Aaiun": "",
  "America/Adak": "HST/HDT",
  "America/Dawson": "MST",
  "America/Havana": "CST/CDT",
  "America/Hermosillo": "MST",
  "America/Mazatlan": "MST",
  "America/Miquelon": "",
  "America/Whitehorse": "MST",
  "Antarctica/Casey": "",
  "Antarctica/Troll": "",
  "Asia/Colombo": "",
  "Asia/Dubai": "",
  "Asia/Hong_Kong": "HKT",
  "Asia/Jakarta": "WIB",
  "Asia/Jayapura": "WIT",
  "Asia/Jerusalem": "IST/IDT",
  "Asia/Karachi": "PKT",
  "Asia/Macau": "CST",
  "Asia/Makassar": "WITA",
  "Asia/Manila": "PST",
  "Asia/Muscat": "",
  "Asia/Pontianak": "WIB",
  "Asia/Pyongyang": "KST",
  "Asia/Seoul": "KST",
  "Asia/Shanghai": "CST",
  "Asia/Taipei": "CST",
  "Asia/Tokyo": "JST",
  "Australia/Eucla": "",
  "Australia/Lord_Howe": "",
  "Europe/Dublin": "GMT/IST",
  "Europe/Guernsey": "GMT/BST",
  "Europe/Isle_of_Man": "GMT/BST",
  "Europe/Jersey": "GMT/BST",
  "Europe/Kirov": "MSK/MSD",
  "Europe/Moscow": "MSK/MSD",
  "Europe/Simferopol": "MSK/MSD",
  "Europe/Volgograd": "MSK/MSD",
  "Pacific/Chatham": "",
  "Pacific/Guam": "ChST",
  "Pacific/Midway": "SST",
  "Pacific/Pago_Pago": "SST",
  "Pacific/Saipan": "ChST",
  EST: "EST",
  HST: "HST",
  MET: "MET/MEST",
  MST: "MST",
};

function abbreviationsOf(location: Location): (seconds: number) => string {
  const { name: timeZone } = location;
  const exception = Object.hasOwn(exceptions, timeZone) ? exceptions[timeZone] : undefined;
  if (exception !== undefined) return exceptionalAbbreviation(location, exception);
  const formats = locales.map(locale => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "short" }));
  const seen = new Map<string, string>();
  return seconds => {
    const key = `${Math.floor(seconds / secondsPerWeek)} ${location.offsetAt(seconds)}`;
    let found = seen.get(key);
    if (found === undefined) {
      const names = formats.map(format => zoneNamePart(format, seconds));
      found = names.find(name => !/^(?:GMT|UTC)[+-]/.test(name)) ?? numericName(location.offsetAt(seconds));
      if (seen.size >= 10_000) seen.clear();
      seen.set(key, found);
    }
    return found;
  };
}

/** Summer time is what is ahead of the smaller offset of the year around. */
function exceptionalAbbreviation(location: Location, names: string): (seconds: number) => string {
  const [standard = "", summer = standard] = names.split("/");
  return seconds => {
    const offset = location.offsetAt(seconds);
    if (standard === "") return numericName(offset);
    const around = [-26, -13, 13, 26].map(weeks => location.offsetAt(seconds + weeks * secondsPerWeek));
    const isSummer = offset > Math.min(...around);
    return isSummer ? summer : standard;
  };
}

/** The tz database's name for a zone without one: `+03`, `-0330`. */
function numericName(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60);
  const digits = (value: number) => String(value).padStart(2, "0");
  const rest = minutes % 60 === 0 ? "" : digits(minutes % 60);
  return `${offset < 0 ? "-" : "+"}${digits(Math.floor(minutes / 60))}${rest}`;
}

/** Abbreviations of the last decades with their offsets, the latest use first. */
function usedAbbreviations(location: Location): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  for (const year of [2024, 2010, 1996, 1980]) {
    for (let month = 0; month < 12; month++) {
      const seconds = Date.UTC(year, month, 15) / 1000;
      const name = location.abbreviationAt(seconds);
      if (!used.has(name)) used.set(name, location.offsetAt(seconds));
    }
  }
  return used;
}
