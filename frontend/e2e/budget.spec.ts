/** What the first load takes. */
import { gzipSync } from "node:zlib";
import { expect, test } from "./fixtures";
import { settled } from "./pages";

const SCRIPT_BYTES = 250_000;

test("the first load has no more script than it may", async ({ page }) => {
  const scripts = new Map<string, Promise<number>>();
  page.on("response", (response) => {
    const url = new URL(response.url());
    if (!url.pathname.endsWith(".js")) return;
    scripts.set(
      url.pathname,
      response.body().then((body) => gzipSync(body, { level: 9 }).length),
    );
  });
  await page.goto("/");
  await settled(page);
  await page.waitForLoadState("networkidle");
  const sizes = await Promise.all(scripts.values());
  const total = sizes.reduce((sum, size) => sum + size, 0);
  test.info().annotations.push({ type: "script", description: `${String(total)} bytes (gzip)` });
  expect(sizes.length).toBeGreaterThan(1);
  expect(total, [...scripts.keys()].join("\n")).toBeLessThanOrEqual(SCRIPT_BYTES);
});
