/**
 * What `python -m benchmarks.web` measures in a browser: when pages show what they have, how evenly a long list
 * scrolls, and what Lighthouse says. It writes one JSON file.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { chromium, expect, test, type Browser, type Page } from "@playwright/test";
import { address } from "./dock";

const LOADS = 5;
const PAGES = ["/", "/explore", "/search", "/learnwares/00000001", "/world", "/help", "/sign-in"];
const LIGHTHOUSE_PAGES = ["/", "/explore", "/search", "/learnwares/00000001"];
// Fetched when it is run: it is larger than all else that the app is built with.
const LIGHTHOUSE = "lighthouse@13.5.0";
const LONGEST_REPORT = 64 << 20;
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const SCROLL_STEP = 900;
/** A frame is drawn every 17 ms where nothing is in its way. */
const LONG_FRAME_MS = 50;

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Milliseconds until a page that was never seen before shows what it has and answers to input. */
async function timeOf(browser: Browser, path: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(address() + path, { waitUntil: "commit" });
  const handle = await page.waitForFunction(
    () =>
      document.querySelector("main h1") !== null &&
      document.querySelector(".animate-pulse") === null &&
      performance.now(),
    undefined,
    { polling: "raf", timeout: 30_000 },
  );
  const time = Number(await handle.jsonValue());
  await context.close();
  return time;
}

/** The same of a page without scripts, from the same dock: what browser and connection take by themselves. */
async function timeOfNothing(browser: Browser): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${address()}/favicon.svg`, { waitUntil: "load" });
  const time = await page.evaluate(() => performance.now());
  await context.close();
  return time;
}

/** Scroll to the end of all learnwares, which are fetched on the way; return how long each frame took. */
async function scroll(page: Page): Promise<{ frames: number[]; learnwares: number }> {
  await page.goto(`${address()}/explore`);
  await expect(page.getByRole("list", { name: "Learnwares" })).toBeVisible();
  const total = await page.getByRole("listitem").last().getAttribute("aria-setsize");
  const frames = await page.evaluate(
    (step) =>
      new Promise<number[]>((resolve) => {
        const taken: number[] = [];
        let last = performance.now();
        let still = 0;
        const next = (now: number) => {
          taken.push(now - last);
          last = now;
          const before = scrollY;
          scrollBy(0, step);
          // At the end for now: more may be on its way.
          still = scrollY === before ? still + 1 : 0;
          if (still > 180) resolve(taken.slice(1, -180));
          else requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
    SCROLL_STEP,
  );
  const seen = await page.getByRole("listitem").last().getAttribute("aria-posinset");
  expect(seen).toBe(total);
  return { frames, learnwares: Number(total) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = (server.address() as { port: number }).port;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The marks of a page, from 0 to 100. */
async function marks(path: string, port: number, phone: boolean): Promise<Record<string, number>> {
  const flags = [
    `--port=${String(port)}`,
    `--only-categories=${CATEGORIES.join(",")}`,
    "--output=json",
    "--quiet",
  ];
  const { stdout } = await promisify(execFile)(
    "npx",
    ["--yes", LIGHTHOUSE, address() + path, ...flags, ...(phone ? [] : ["--preset=desktop"])],
    { maxBuffer: LONGEST_REPORT },
  );
  const { categories } = JSON.parse(stdout) as { categories: Record<string, { score: number | null }> };
  return Object.fromEntries(
    CATEGORIES.map((name) => [name, Math.round((categories[name]?.score ?? 0) * 100)]),
  );
}

test("measure", async ({ browser }, { project }) => {
  const pages: Record<string, number> = {};
  for (const path of PAGES) {
    const times = [];
    for (let load = 0; load < LOADS; load += 1) times.push(await timeOf(browser, path));
    pages[path] = median(times);
  }
  const nothing = [];
  for (let load = 0; load < LOADS; load += 1) nothing.push(await timeOfNothing(browser));

  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const { frames, learnwares } = await scroll(page);
  await page.close();
  const sorted = [...frames].sort((a, b) => a - b);

  const port = await freePort();
  const own = await chromium.launch({
    ...project.use.launchOptions,
    args: [...(project.use.launchOptions?.args ?? []), `--remote-debugging-port=${String(port)}`],
  });
  const desk: Record<string, Record<string, number>> = {};
  const phone: Record<string, Record<string, number>> = {};
  for (const path of LIGHTHOUSE_PAGES) {
    desk[path] = await marks(path, port, false);
    phone[path] = await marks(path, port, true);
  }
  await own.close();

  const found = {
    pages,
    nothing: median(nothing),
    scroll: {
      learnwares,
      frames: frames.length,
      median: median(frames),
      most: sorted[Math.floor(sorted.length * 0.95)],
      long: frames.filter((one) => one > LONG_FRAME_MS).length,
    },
    lighthouse: { desk, phone },
  };
  writeFileSync(process.env["MEASURED"] ?? "measured.json", JSON.stringify(found, undefined, 2));
});
