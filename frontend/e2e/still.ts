/**
 * A dock that stands still, so that pictures of it are the same whenever they are taken: the browser's clock does not
 * go, and what the dock says of times is moved to it.
 */
import type { BrowserContext, Route } from "@playwright/test";

const DAY_MS = 86_400_000;
/** The time of all pictures. */
const NOW = Date.parse("2026-11-02T10:00:00Z");
/** When all that the dock tells of has happened. */
const BEFORE = "2026-11-02T09:48:00Z";
const INSTANT = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const DAY = /\b\d{4}-\d\d-\d\d\b(?!T)/g;
/** How long a model took: of figures under this name, limits are whole. */
const SECONDS = /("seconds":\s*)\d+\.\d*[1-9]\d*/g;
const SECONDS_IN_WORDS = /\bin \d+(\.\d+)? s\b/g;

/** Days from the day of the pictures until today. */
const days = Math.floor(Date.now() / DAY_MS) - Math.floor(NOW / DAY_MS);

function moved(text: string, by: number): string {
  return text.replace(DAY, (day) => new Date(Date.parse(day) + by * DAY_MS).toISOString().slice(0, 10));
}

async function answer(route: Route): Promise<void> {
  const request = route.request();
  const response = await route.fetch({ url: moved(request.url(), days) });
  const type = response.headers()["content-type"] ?? "";
  if (!/json|event-stream|text\/plain/.test(type)) return route.fulfill({ response });
  const told = (await response.text())
    .replace(INSTANT, BEFORE)
    .replace(SECONDS, "$10.7")
    .replace(SECONDS_IN_WORDS, "in 0.7 s");
  return route.fulfill({ response, body: moved(told, -days) });
}

/** Stop the time of a browser that is about to be used. */
export async function standStill(context: BrowserContext): Promise<void> {
  await context.clock.setFixedTime(NOW);
  await context.route("**/api/v1/**", answer);
}
