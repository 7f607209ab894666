/**
 * The tests in a real browser against a real dock (`npm run e2e`), the pictures of every page (`npm run pictures`), and
 * what `python -m benchmarks.web` measures.
 * Where there is no browser they fail: what was not looked at is not known to work.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium, defineConfig } from "@playwright/test";

const pictures = process.env["PICTURES"] !== undefined;
const measures = process.env["MEASURED"] !== undefined;

/** The system's Chromium or Chrome; else the one that Playwright has installed. */
function browser(): string {
  const named = process.env["CHROMIUM"];
  for (const name of named
    ? [named]
    : ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"]) {
    try {
      // Ubuntu has a command of this name that only tells to install a snap.
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return execFileSync("/bin/sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" }).trim();
    } catch {
      continue;
    }
  }
  if (!named && existsSync(chromium.executablePath())) return chromium.executablePath();
  throw new Error(
    named
      ? `CHROMIUM names ${named}, which is no browser that can be started.`
      : "No browser was found. Install Chromium or Chrome, or run: npx playwright install --with-deps chromium",
  );
}

export default defineConfig({
  testDir: "e2e",
  testMatch: pictures ? "pictures.ts" : measures ? "measure.ts" : "*.spec.ts",
  outputDir: "test-results",
  globalSetup: "./e2e/setup.ts",
  // One dock, with a worker of its own, on two cores.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: pictures || measures ? 900_000 : 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    colorScheme: "light",
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    screenshot: "only-on-failure",
    trace: process.env["TRACE"] ? "retain-on-failure" : "off",
    launchOptions: {
      executablePath: browser(),
      // Containers seldom allow what Chromium's own sandbox needs; the pages are the dock's own.
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    },
  },
});
