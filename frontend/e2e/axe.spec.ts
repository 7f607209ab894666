/** Every page: nothing that keeps people with disabilities out, in both themes, and no screen is too narrow for it. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { signIn } from "./dock";
import { expect, test } from "./fixtures";
import { inChinese, PAGES, settled } from "./pages";

test.use({ contextOptions: { reducedMotion: "reduce" } });

const WIDTHS = [320, 768, 1280];

/** By how many pixels the page is wider than screens of all widths. */
async function tooWide(page: Page): Promise<Record<string, number>> {
  const over: Record<string, number> = {};
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    over[width] = await page.evaluate(async () => {
      for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
      return document.documentElement.scrollWidth - document.documentElement.clientWidth;
    });
  }
  return over;
}

/** What axe finds that is serious or critical, in words. */
async function found(page: Page, rule?: string): Promise<string[]> {
  // No page has frames: none has to be looked at by a page of its own.
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations } = await (rule ? axe.withRules(rule) : axe).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 200)}\n${node.failureSummary ?? ""}`),
    );
}

for (const shown of PAGES) {
  test(`axe: ${shown.name}`, async ({ page, watch }) => {
    if (shown.refused) watch.expect(shown.refused.status, shown.refused.path);
    if (shown.who) await signIn(page, shown.who);
    await page.goto(shown.path);
    await shown.then?.(page);
    await settled(page);
    expect(await found(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await settled(page);
    // Colours are all that differs.
    expect(await found(page, "color-contrast"), "in the dark").toEqual([]);

    const fits = Object.fromEntries(WIDTHS.map((width) => [width, 0]));
    expect(await tooWide(page)).toEqual(fits);
    await inChinese(page);
    expect(await tooWide(page), "in Chinese").toEqual(fits);
  });
}
