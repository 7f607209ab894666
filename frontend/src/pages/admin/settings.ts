/** Settings as they are shown. */

/** Return the value of a setting as text; empty where it has none. */
export function shownValue(value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map(shownValue).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
