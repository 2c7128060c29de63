// Names and times as people read them.

const SYSTEMS = [[/Windows/, "Windows"], [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/CrOS/, "ChromeOS"],
  [/Mac OS X/, "Mac"], [/Linux/, "Linux"]];
const BROWSERS = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"]];

/** A name to begin with for this device, such as “Firefox on Linux”. */
export function deviceName() {
  const of = (table) => table.find(([pattern]) => pattern.test(navigator.userAgent))?.[1];
  return [of(BROWSERS) ?? "Browser", of(SYSTEMS)].filter(Boolean).join(" on ");
}

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** A time in Unix seconds as date and time. */
export function when(seconds) {
  return seconds ? DATE.format(seconds * 1000) : "never";
}

/** How long ago a time in Unix seconds was, roughly; older than a day as a date. */
export function ago(seconds) {
  if (!seconds) return "never";
  const past = Math.max(0, Date.now() / 1000 - seconds);
  if (past < 60) return "just now";
  if (past < 3600) return AGO.format(-Math.floor(past / 60), "minute");
  if (past < 86_400) return AGO.format(-Math.floor(past / 3600), "hour");
  return when(seconds);
}

/** Seconds as whole minutes, hours or days. */
export function span(seconds) {
  const units = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, name] = units.find(([size]) => seconds >= size) ?? [1, "second"];
  const count = Math.round(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
