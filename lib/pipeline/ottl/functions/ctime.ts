/** Layouts with per cent signs (`%Y-%m-%d`), as Go's layouts. */

const elements: Readonly<Record<string, string>> = {
  a: "Mon",
  A: "Monday",
  b: "Jan",
  B: "January",
  c: "Mon Jan 02 15:04:05 2006",
  d: "02",
  D: "01/02/2006",
  e: "_2",
  f: "999999",
  F: "2006-01-02",
  g: "2",
  h: "Jan",
  H: "15",
  i: "-07",
  I: "03",
  j: "-07:00",
  k: "-07:00:00",
  l: "3",
  L: "999",
  m: "01",
  M: "04",
  n: "\n",
  o: "_1",
  p: "PM",
  P: "pm",
  q: "1",
  r: "03:04:05 pm",
  R: "15:04",
  s: "99999999",
  S: "05",
  t: "\t",
  T: "15:04:05",
  w: "-070000",
  x: "01/02/2006",
  X: "15:04:05",
  y: "06",
  Y: "2006",
  z: "-0700",
  Z: "MST",
  "%": "%",
};

/** Go's layout for one with per cent signs; what can't be throws an Error. */
export function goLayout(format: string): string {
  return format.replace(/%([\s\S]?)/g, (whole, letter: string, at: number) => {
    const element = Object.hasOwn(elements, letter) ? elements[letter] : undefined;
    if (element === undefined) throw new Error(`unsupported directive: ${whole}`);
    if ("fLs".includes(letter) && !/[.,]/.test(format[at - 1] ?? ""))
      throw new Error(`${whole} must be preceded by a point or a comma`);
    return element;
  });
}
