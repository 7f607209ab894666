/** Every page in both themes: nothing that keeps people with disabilities out. */
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { signIn } from "./dock";
import { expect, test } from "./fixtures";
import { PAGES, settled } from "./pages";

test.use({ contextOptions: { reducedMotion: "reduce" } });

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
  });
}
